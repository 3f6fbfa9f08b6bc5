"""The ledger's state in memory: the rows a turn touches, and how to undo the event at hand.

A row that was never looked up is not the same as a row that does not exist: reading one raises
Unloaded, and whoever runs the fold loads it and folds the event again. So the fold needs no
database, and forgetting to load something costs time, never points.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from central.ledger.rows import (
    Account,
    Arm,
    Head,
    Identity,
    Judgement,
    Lease,
    Member,
    Pending,
    Review,
    Sale,
    Voucher,
)
from loyalty.earning import Reason
from loyalty.lots import Lot
from loyalty.rulebook import RuleBook

K = TypeVar("K")
V = TypeVar("V")


class Unloaded(LookupError):
    """A row is needed that was not looked up yet."""

    def __init__(self, table: str, key: object) -> None:
        super().__init__(f"{table} {key!r}")
        self.table = table
        self.key = key


class Table(Generic[K, V]):
    """Rows by key. What an event puts can be taken back until the state keeps it."""

    def __init__(self, name: str, undo: "list[Undo]", *, complete: bool) -> None:
        self.name = name
        self.complete = complete  # what was not loaded does not exist
        self.before: dict[K, V | None] = {}  # as loaded
        self.touched: dict[K, None] = {}  # what was put since, in order
        self._rows: dict[K, V | None] = {}
        self._undo = undo

    def get(self, key: K) -> V | None:
        """Return a row, None if there is none. Raises Unloaded if nobody has looked."""
        row = self._rows.get(key)
        if row is None and not self.complete and key not in self._rows:
            raise Unloaded(self.name, key)
        return row

    def put(self, key: K, row: V | None) -> None:
        """Write a row; None takes it away."""
        self._undo.append((self, key, self._rows.get(key, _ABSENT), key in self.touched))
        self._rows[key] = row
        self.touched[key] = None

    def load(self, rows: Mapping[K, V | None]) -> None:
        """Take rows as the database has them."""
        self.before.update(rows)
        self._rows.update(rows)

    def missing(self, keys: Iterable[K]) -> list[K]:
        """Return which of `keys` nobody has looked up."""
        return [] if self.complete else [key for key in keys if key not in self._rows]

    def take_back(self, key: K, row: object, touched: bool) -> None:  # noqa: FBT001
        """Undo one `put`."""
        if row is _ABSENT:
            del self._rows[key]
        else:
            self._rows[key] = row  # type: ignore[assignment]  # what stood there
        if not touched:
            del self.touched[key]

    def changed(self) -> dict[K, V | None]:
        """Return the rows that were written since they were loaded."""
        return {key: self._rows[key] for key in self.touched}

    def rows(self) -> dict[K, V]:
        """Return every row that exists."""
        return {key: row for key, row in self._rows.items() if row is not None}


#: A table, a key in it, the row that stood there, and whether it was touched before.
Undo = tuple[Table[Any, Any], Any, object, bool]
_ABSENT = object()


class State:
    """Everything a judgement can depend on. `complete`: what was not loaded does not exist."""

    def __init__(self, zone: ZoneInfo, *, complete: bool = False) -> None:
        self.zone = zone
        undo = self._undo = list[Undo]()
        self.accounts: Table[bytes, Account] = Table("accounts", undo, complete=complete)
        self.lots: Table[bytes, tuple[Lot, ...]] = Table("lots", undo, complete=complete)
        self.receipts: Table[bytes, Identity] = Table("receipts", undo, complete=complete)
        self.sales: Table[bytes, Sale] = Table("sales", undo, complete=complete)
        self.claims: Table[bytes, bytes] = Table("claims", undo, complete=complete)
        self.numbers: Table[tuple[str, str], tuple[bytes, ...]] = Table(
            "numbers", undo, complete=complete
        )
        self.leases: Table[str, Lease] = Table("leases", undo, complete=complete)
        self.requests: Table[tuple[bytes, str], str] = Table("requests", undo, complete=complete)
        self.refusals: Table[tuple[bytes, str], Reason] = Table("refusals", undo, complete=complete)
        self.arms: Table[tuple[bytes, int], Arm] = Table("arms", undo, complete=complete)
        self.reviews: Table[str, Review] = Table("reviews", undo, complete=complete)
        self.vouchers: Table[str, Voucher] = Table("vouchers", undo, complete=complete)
        self.members: Table[str, Member] = Table("members", undo, complete=complete)
        self.cards: Table[str, str] = Table("cards", undo, complete=complete)
        self.waiting: Table[bytes, tuple[Identity, ...]] = Table("waiting", undo, complete=complete)
        self.pending: Table[Identity, Pending] = Table("pending", undo, complete=complete)
        self.verdicts: Table[Identity, Judgement] = Table("verdicts", undo, complete=True)
        self.books: Table[str, RuleBook] = Table("books", undo, complete=complete)
        #: For which shop a device was enrolled, which never changes.
        self.shops: Table[bytes, str] = Table("shops", undo, complete=complete)
        #: The hashes of what is in the inbox, and where events of earlier epochs went.
        self.seen: Table[Identity, bytes] = Table("seen", undo, complete=complete)
        self.rehomed: Table[tuple[bytes, int, bytes], Identity] = Table(
            "rehomed", undo, complete=complete
        )
        self.heads: Table[tuple[bytes, int], Head] = Table("heads", undo, complete=complete)
        self.tables: dict[str, Table[object, object]] = {
            name: value for name, value in vars(self).items() if isinstance(value, Table)
        }

    def keep(self) -> None:
        """Make what the event at hand did part of the state."""
        self._undo.clear()

    def drop(self) -> None:
        """Take back what the event at hand did."""
        while self._undo:
            table, key, row, touched = self._undo.pop()
            table.take_back(key, row, touched)

    def put_sale(self, sale: Sale) -> None:
        """Write a sale and what it is found by."""
        self.sales.put(sale.fingerprint, sale)
        if sale.claim_hash is not None:
            self.claims.put(sale.claim_hash, sale.fingerprint)
        if sale.number is not None:
            place = (sale.shop_id, sale.number)
            known = self.numbers.get(place) or ()
            if sale.fingerprint not in known:
                self.numbers.put(place, tuple(sorted((*known, sale.fingerprint))))

    def put_lease(self, lease: Lease) -> None:
        """Write a lease and what it is found by."""
        self.leases.put(lease.lease_id, lease)
        self.requests.put((lease.device_id, lease.request_id), lease.lease_id)

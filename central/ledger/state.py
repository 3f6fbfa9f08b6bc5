"""The ledger's state in memory: the rows a turn touches, and an overlay for the event at hand.

A row that was never looked up is not the same as a row that does not exist: reading one raises
Unloaded, and whoever runs the fold loads it and folds the event again. So the fold needs no
database, and forgetting to load something costs time, never points.
"""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from central.ledger.rows import (
    Account,
    Head,
    Identity,
    Judgement,
    Lease,
    Member,
    Pending,
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
    """Rows by key. `put` writes to the overlay, which is then kept or dropped as a whole."""

    def __init__(self, name: str, *, complete: bool) -> None:
        self.name = name
        self.before: dict[K, V | None] = {}  # as loaded
        self.touched: dict[K, None] = {}  # what was kept since, in order
        self._rows: dict[K, V | None] = {}
        self.trial: dict[K, V | None] = {}  # the overlay
        self._complete = complete

    def get(self, key: K) -> V | None:
        """Return a row, None if there is none. Raises Unloaded if nobody has looked."""
        if key in self.trial:
            return self.trial[key]
        if key in self._rows:
            return self._rows[key]
        if self._complete:
            return None
        raise Unloaded(self.name, key)

    def put(self, key: K, row: V | None) -> None:
        """Write a row in the overlay; None takes it away."""
        self.trial[key] = row

    def load(self, rows: Mapping[K, V | None]) -> None:
        """Take rows as the database has them."""
        self.before.update(rows)
        self._rows.update(rows)

    def missing(self, keys: Iterable[K]) -> list[K]:
        """Return which of `keys` nobody has looked up."""
        return [key for key in keys if key not in self._rows]

    def keep(self) -> None:
        """Make the overlay part of the rows."""
        self._rows.update(self.trial)
        self.touched.update(dict.fromkeys(self.trial))
        self.trial.clear()

    def drop(self) -> None:
        """Forget the overlay."""
        self.trial.clear()

    def changed(self) -> dict[K, V | None]:
        """Return the rows that were written since they were loaded."""
        return {key: self._rows[key] for key in self.touched}

    def rows(self) -> dict[K, V]:
        """Return every row that exists."""
        return {key: row for key, row in self._rows.items() if row is not None}


class State:
    """Everything a judgement can depend on. `complete`: what was not loaded does not exist."""

    def __init__(self, zone: ZoneInfo, *, complete: bool = False) -> None:
        self.zone = zone
        self.accounts: Table[bytes, Account] = Table("accounts", complete=complete)
        self.lots: Table[bytes, tuple[Lot, ...]] = Table("lots", complete=complete)
        self.receipts: Table[bytes, Identity] = Table("receipts", complete=complete)
        self.sales: Table[bytes, Sale] = Table("sales", complete=complete)
        self.claims: Table[bytes, bytes] = Table("claims", complete=complete)
        self.numbers: Table[tuple[str, str], tuple[bytes, ...]] = Table(
            "numbers", complete=complete
        )
        self.leases: Table[str, Lease] = Table("leases", complete=complete)
        self.requests: Table[tuple[bytes, str], str] = Table("requests", complete=complete)
        self.refusals: Table[tuple[bytes, str], Reason] = Table("refusals", complete=complete)
        self.vouchers: Table[str, Voucher] = Table("vouchers", complete=complete)
        self.members: Table[str, Member] = Table("members", complete=complete)
        self.cards: Table[str, str] = Table("cards", complete=complete)
        self.waiting: Table[bytes, tuple[Identity, ...]] = Table("waiting", complete=complete)
        self.pending: Table[Identity, Pending] = Table("pending", complete=complete)
        self.verdicts: Table[Identity, Judgement] = Table("verdicts", complete=True)
        self.books: Table[str, RuleBook] = Table("books", complete=complete)
        #: The hashes of what is in the inbox, and where events of earlier epochs went.
        self.seen: Table[Identity, bytes] = Table("seen", complete=complete)
        self.rehomed: Table[tuple[bytes, int, bytes], Identity] = Table(
            "rehomed", complete=complete
        )
        self.heads: Table[tuple[bytes, int], Head] = Table("heads", complete=complete)
        self.tables: dict[str, Table[object, object]] = {
            name: value for name, value in vars(self).items() if isinstance(value, Table)
        }
        self._tables = tuple(self.tables.values())

    def keep(self) -> None:
        """Make what the event at hand did part of the state."""
        for table in self._tables:
            if table.trial:
                table.keep()

    def drop(self) -> None:
        """Forget what the event at hand did."""
        for table in self._tables:
            table.drop()

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

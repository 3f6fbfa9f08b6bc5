"""The ledger's state in memory: the rows a turn touches, and how to undo the event at hand.

A row that was never looked up is not the same as a row that does not exist: reading one raises
Unloaded, and whoever runs the fold loads it and folds the event again. So the fold needs no
database, and forgetting to load something costs time, never points.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from central.ledger.judging.activity_rows import Batch, Doing
from central.ledger.judging.copy_rows import Copy
from central.ledger.judging.member_rows import Owner, Profile, TierChange
from central.ledger.judging.redemption_rows import PaidBill, Redemption, Reservations
from central.ledger.judging.references import Print
from central.ledger.judging.refund_rows import NumberRefunds
from central.ledger.judging.rows import (
    Account,
    Arm,
    Facts,
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
from loyalty.catalogue import Terms
from loyalty.rules.earning import Reason
from loyalty.rules.lots import Lot, PendingLot
from loyalty.rules.rulebook import RuleBook

K = TypeVar("K")
V = TypeVar("V")


#: Where an event stands in the log: its turn, and its place within it.
Place = tuple[int, int]
#: Before every event.
FIRST: Place = (-1, -1)


class Unloaded(LookupError):
    """A row is needed that was not looked up yet."""

    def __init__(self, table: str, key: object) -> None:
        super().__init__(f"{table} {key!r}")
        self.table = table
        self.key = key


class Table(Generic[K, V]):
    """Rows by key, and over them what was written since they were loaded.

    What an event puts can be taken back until the state keeps it.
    """

    def __init__(self, name: str, undo: "list[Undo]", *, complete: bool) -> None:
        self.name = name
        self.complete = complete  # what was not loaded does not exist
        self.loaded: dict[K, V | None] = {}
        self._written: dict[K, V | None] = {}
        self._undo = undo

    def get(self, key: K) -> V | None:
        """Return a row, None if there is none. Raises Unloaded if nobody has looked."""
        row = self._written.get(key, _ABSENT)
        if row is _ABSENT:
            row = self.loaded.get(key, _ABSENT)
            if row is _ABSENT:
                if self.complete:
                    return None
                raise Unloaded(self.name, key)
        return row

    def put(self, key: K, row: V | None) -> None:
        """Write a row; None takes it away."""
        written = self._written
        self._undo.append((written, key, written.get(key, _ABSENT)))
        written[key] = row

    def load(self, rows: Mapping[K, V | None]) -> None:
        """Take rows as the database has them."""
        self.loaded.update(rows)

    def missing(self, keys: Iterable[K]) -> list[K]:
        """Return which of `keys` nobody has looked up or written."""
        if self.complete:
            return []
        loaded, written = self.loaded, self._written
        return [key for key in keys if key not in loaded and key not in written]

    @property
    def empty(self) -> bool:
        """Whether there is certainly no row."""
        return self.complete and not self.loaded and not self._written

    def changed(self) -> Mapping[K, V | None]:
        """Return the rows that were written since they were loaded, in the order of writing."""
        return self._written

    def rows(self) -> dict[K, V]:
        """Return every row that exists."""
        every = {**self.loaded, **self._written}
        return {key: row for key, row in every.items() if row is not None}


class Numbers(Table[tuple[str, str], tuple[bytes, ...]]):
    """Sales by shop and number. A sale is added unseen; who asks sees what was loaded too."""

    def get(self, key: tuple[str, str]) -> tuple[bytes, ...] | None:
        """Return the sales under a number in order. Raises Unloaded if nobody has looked."""
        stored = self.loaded.get(key)
        if stored is None and not self.complete and key not in self.loaded:
            raise Unloaded(self.name, key)
        added = self._written.get(key) or ()
        return tuple(sorted({*(stored or ()), *added})) or None

    def add(self, key: tuple[str, str], fingerprint: bytes) -> None:
        """Note that a sale has this number."""
        known = self._written.get(key) or ()
        if fingerprint not in known:
            self.put(key, (*known, fingerprint))

    def missing(self, keys: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return which of `keys` nobody has looked up."""
        return [] if self.complete else [key for key in keys if key not in self.loaded]


class Waiting(Table[bytes, tuple[Identity, ...]]):
    """Who waits for what. Who comes or goes is noted unseen; who asks sees what was loaded too.

    Of too many, those were loaded that came `behind` a place in the log; `cut` says of these behind
    which, and whether there are more.
    """

    def __init__(self, name: str, undo: "list[Undo]", *, complete: bool) -> None:
        super().__init__(name, undo, complete=complete)
        self.behind: dict[bytes, Place] = {}
        self.cut: dict[bytes, tuple[Place, bool]] = {}
        self._added: dict[bytes, int] = {}
        self._moved: dict[bytes, dict[Identity, bool]] = {}

    def get(self, key: bytes) -> tuple[Identity, ...] | None:
        """Return who waits for a reference. Raises Unloaded if nobody has looked."""
        stored = self.loaded.get(key)
        if stored is None and not self.complete and key not in self.loaded:
            raise Unloaded(self.name, key)
        moved = self._moved.get(key, {})
        every = dict.fromkeys((*(stored or ()), *moved))
        return tuple(one for one in every if moved.get(one, True)) or None

    def add(self, reference: bytes, identity: Identity) -> None:
        """Note that an event waits."""
        self._added[reference] = self.added(reference) + 1
        self._note(reference, identity, waits=True)

    def added(self, reference: bytes) -> int:
        """Return how often an event was noted as waiting for this, or more."""
        return self._added.get(reference, 0)

    def remove(self, reference: bytes, identity: Identity) -> None:
        """Note that an event waits no longer."""
        self._note(reference, identity, waits=False)

    def missing(self, keys: Iterable[bytes]) -> list[bytes]:
        """Return which of `keys` nobody has looked up."""
        return [] if self.complete else [key for key in keys if key not in self.loaded]

    @property
    def empty(self) -> bool:
        """Whether certainly nobody waits."""
        return self.complete and not self.loaded and not self._moved

    def _note(self, reference: bytes, identity: Identity, *, waits: bool) -> None:
        moved = self._moved.setdefault(reference, {})
        self._undo.append((moved, identity, moved.get(identity, _ABSENT)))
        moved[identity] = waits


#: What was written into a table, a key in it, and what stood there.
Undo = tuple[dict[Any, Any], Any, object]
_ABSENT: Any = object()


class State:
    """Everything a judgement can depend on. `complete`: what was not loaded does not exist."""

    def __init__(self, zone: ZoneInfo, *, complete: bool = False) -> None:
        self.zone = zone
        self.transfers = 0  # how many there are: the number of the last one
        undo = self._undo = list[Undo]()
        self.accounts: Table[bytes, Account] = Table("accounts", undo, complete=complete)
        self.lots: Table[bytes, tuple[Lot, ...]] = Table("lots", undo, complete=complete)
        self.pending_lots: Table[bytes, tuple[PendingLot, ...]] = Table(
            "pending_lots", undo, complete=complete
        )
        self.receipts: Table[Print, Identity] = Table("receipts", undo, complete=complete)
        #: What became of a device's sale that did not count as it came, by device and fingerprint.
        self.copies: Table[tuple[bytes, bytes], Copy] = Table("copies", undo, complete=complete)
        self.sales: Table[bytes, Sale] = Table("sales", undo, complete=complete)
        #: What stays refused, of events that come in this very turn; never kept in the database.
        self.refused: Table[Identity, str] = Table("refused", undo, complete=True)
        self.claims: Table[bytes, bytes] = Table("claims", undo, complete=complete)
        self.numbers = Numbers("numbers", undo, complete=complete)
        #: Refunds by number alone, by the reference to that number.
        self.number_refunds: Table[bytes, NumberRefunds] = Table(
            "number_refunds", undo, complete=complete
        )
        #: When papers of sales say that they were printed; out of the log, where it stays.
        self.printed: Table[Identity, str] = Table("printed", undo, complete=complete)
        self.leases: Table[str, Lease] = Table("leases", undo, complete=complete)
        self.requests: Table[tuple[bytes, str], str] = Table("requests", undo, complete=complete)
        self.refusals: Table[tuple[bytes, str], Reason] = Table("refusals", undo, complete=complete)
        self.arms: Table[tuple[bytes, int], Arm] = Table("arms", undo, complete=complete)
        self.reviews: Table[str, Review] = Table("reviews", undo, complete=complete)
        self.redemptions: Table[str, Redemption] = Table("redemptions", undo, complete=complete)
        #: What points and coupons paid of a bill, by its fingerprint.
        self.bills: Table[bytes, PaidBill] = Table("bills", undo, complete=complete)
        self.reserved: Table[str, Reservations] = Table("reserved", undo, complete=complete)
        self.vouchers: Table[str, Voucher] = Table("vouchers", undo, complete=complete)
        self.members: Table[str, Member] = Table("members", undo, complete=complete)
        self.cards: Table[str, str] = Table("cards", undo, complete=complete)
        #: Everybody who ever had a card, in the order of time.
        self.owners: Table[str, tuple[Owner, ...]] = Table("owners", undo, complete=complete)
        self.waiting = Waiting("waiting", undo, complete=complete)
        self.pending: Table[Identity, Pending] = Table("pending", undo, complete=complete)
        self.verdicts: Table[Identity, Judgement] = Table("verdicts", undo, complete=True)
        self.books: Table[str, RuleBook] = Table("books", undo, complete=complete)
        #: What each reward cost and who could have it, in the order of time; nothing writes it.
        self.terms: Table[str, tuple[Terms, ...]] = Table("terms", undo, complete=complete)
        #: What awards were worked out with, counters they share, and what rules ask of members.
        self.facts: Table[bytes, Facts] = Table("facts", undo, complete=complete)
        self.uses: Table[str, int] = Table("uses", undo, complete=complete)
        self.batches: Table[str, Batch] = Table("batches", undo, complete=complete)
        self.doings: Table[tuple[str, str], Doing] = Table("doings", undo, complete=complete)
        self.profiles: Table[str, Profile] = Table("profiles", undo, complete=complete)
        #: By member and by the number of the event in central's chain; nothing asks for them.
        self.tier_changes: Table[tuple[str, int], TierChange] = Table(
            "tier_changes", undo, complete=complete
        )
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
            written, key, row = self._undo.pop()
            if row is _ABSENT:
                del written[key]
            else:
                written[key] = row

    def put_sale(self, sale: Sale) -> None:
        """Write a sale and what it is found by."""
        self.sales.put(sale.fingerprint, sale)
        if sale.claim_hash is not None:
            self.claims.put(sale.claim_hash, sale.fingerprint)
        if sale.number is not None:
            self.numbers.add((sale.shop_id, sale.number), sale.fingerprint)

    def put_lease(self, lease: Lease) -> None:
        """Write a lease and what it is found by."""
        self.leases.put(lease.lease_id, lease)
        self.requests.put((lease.device_id, lease.request_id), lease.lease_id)

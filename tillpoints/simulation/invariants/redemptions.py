"""What of the ledger is about spent points, held against what people really took and gave back.

I8 redemption bound; C1 points come back once, C2 with their lots and pieces, C3 never together
with the goods; K1 no piece is promised twice; P1 a shop is owed what was paid there.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date

import msgspec

from central.ledger.judging.accounts import AccountKind, Code, holder_of, settlement_id
from central.ledger.judging.redemption_rows import Redemption, Reservations
from central.ledger.judging.rows import VoucherState
from central.ledger.settlement import Payment, dues
from central.ledger.writing.lots import unpacked
from tillpoints.simulation.invariants.facts import Facts, Taken, Told
from tillpoints.simulation.people.cards import member_of
from tillpoints.simulation.programme.wares import SUPPLIED
from tillpoints.simulation.world import World

_SPENT_TO = {AccountKind.REDEMPTION, AccountKind.SETTLEMENT}
_GIVEN_BACK = {Code.CANCELLED, Code.VOUCHER_EXPIRED}
_BACK = {*_GIVEN_BACK, Code.PAID_BACK}
_RETURNED = {VoucherState.CANCELLED, VoucherState.EXPIRED}


class Redemptions:
    """The redemptions of one run, transfer by transfer."""

    def __init__(self, world: World, facts: Facts) -> None:
        self._world = world
        self._facts = facts
        self._credited: dict[str, int] = defaultdict(int)
        #: What the house paid for members' redemptions, by member and by lease.
        self._lost: dict[str, int] = defaultdict(int)
        self._ours: set[str] = set()
        #: What every lease has brought to whom it was spent, what of it its member has again, and
        #: how often a person or its last day gave it back.
        self._stands: dict[str, int] = defaultdict(int)
        self._back: dict[str, int] = defaultdict(int)
        self._returned: Counter[str] = Counter()
        self._days: dict[tuple[bytes, bytes], date] = {}

    def clear(self) -> None:
        """Forget every transfer: they are taken in again."""
        for known in (self._credited, self._lost, self._stands, self._back, self._returned):
            known.clear()
        self._ours.clear()

    def start_over(self) -> None:
        """Forget everything: central came back from a backup, and judges anew what is sent."""
        self.clear()
        self._days.clear()

    def moved(
        self, db: sqlite3.Connection, debit: bytes, credit: bytes, amount: int, code: int, of: str
    ) -> None:
        """Take one transfer in."""
        if credit[0] == AccountKind.WALLET:
            holder = holder_of(credit)
            if code in _BACK:
                self._back[of] += amount
            elif holder is not None:
                self._credited[holder.key] += amount
        if code == Code.OFFLINE_LOSS:
            wallet = db.execute("SELECT account_id FROM lease WHERE lease_id = ?", (of,))
            payer = holder_of(wallet.fetchone()[0])
            self._lost[member_of(payer) if payer else ""] += amount
            self._ours.add(of)
            known = payer and db.execute("SELECT 1 FROM member_tier WHERE member = ?", (payer.key,))
            unknown = not known or known.fetchone() is None
            # A slip that was taken though its points had come back is the house's loss at once.
            early = unknown and not self._back[of]
            self._world.hold("I8 the house pays for known members", early and (of, payer))
        if code == Code.LOSS_BACK:
            wallet = db.execute("SELECT account_id FROM lease WHERE lease_id = ?", (of,))
            payer = holder_of(wallet.fetchone()[0])
            self._lost[member_of(payer) if payer else ""] -= amount
        if credit[0] in _SPENT_TO:
            self._stands[of] += amount
        if debit[0] in _SPENT_TO:
            self._stands[of] -= amount
            self._returned[of] += code in _GIVEN_BACK
            # The house gets back what it paid, as often as it did; the member only once.
            again = credit[0] == AccountKind.WALLET and self._returned[of] > 1
            twice = again or self._stands[of] < 0
            self._world.hold("C1 points come back once", twice and of)

    def hold(self, db: sqlite3.Connection, now_ms: int, waits: Callable[[Told], bool]) -> None:
        """Hold what must hold after every turn."""
        taken: dict[str, int] = defaultdict(int)
        everything: list[Taken] = [*self._facts.handed, *self._facts.paid]
        for one in everything:
            if one.told.hash not in self._facts.lost and not waits(one.told):
                taken[one.member] += one.points - self._back[one.lease_id]
        for member, points in taken.items():
            credited = self._credited[member] + self._lost[member]
            over = points > credited
            self._world.hold("I8 redemption bound", over and (member, points, credited))
        self._goods()
        self._pieces(db, now_ms)

    def stands(self, lease_id: str) -> int:
        """Return what a lease has brought to whom it was spent, for good so far."""
        return self._stands[lease_id]

    def hold_all(self, db: sqlite3.Connection, of_coupons: Mapping[bytes, int]) -> None:
        """Hold what is held against whole tables; shops are also due points `of_coupons`."""
        due: dict[bytes, int] = defaultdict(int, of_coupons)
        counted: dict[str, int] = defaultdict(int)
        for lease_id, amount, is_open, voucher, kept in self._leases(db):
            stands = self._stands[lease_id]
            both = voucher in _RETURNED and stands and lease_id not in self._ours
            self._world.hold("C1 points of a voucher that came back", both and (lease_id, stands))
            for name, pieces in kept.counted.items():
                counted[name] += (is_open + stands // amount) * pieces
            if kept.tender:
                due[settlement_id(kept.tender.shop_id)] += stands
        uses = db.execute(
            "SELECT name, used FROM rule_use WHERE name LIKE 'stock/%' OR name LIKE 'had/%'"
        )
        found = {name: pieces for name, pieces in counted.items() if pieces}
        there = dict(uses)
        wrong = found != there and (found, there)
        self._world.hold("C2 pieces are counted while a redemption stands", wrong)
        kind = int(AccountKind.SETTLEMENT)
        owed = db.execute("SELECT account_id, posted FROM account WHERE kind = ?", (kind,))
        unlike = {key: sums for key, sums in due.items() if sums} != {k: v for k, v in owed if v}
        self._world.hold("P1 a shop is owed what was paid there", unlike and dict(due))
        self._homes(db)
        self._lots(db)

    def settled(self, payments: list[Payment], waits: Callable[[Told], bool]) -> None:
        """P1: hold the settlement against what was paid at the tills, once all is told."""
        points, owed_fen, states = Counter[str](), Counter[str](), dict[str, str]()
        for one in payments:
            points[one.lease_id] += one.points
            owed_fen[one.shop_id] += one.paid_fen
            states[one.lease_id] = one.state
        found = {one.shop_id: one.owed_fen for one in dues(payments)}
        self._world.hold("P1 dues add up", found != dict(owed_fen) and (found, owed_fen))
        self._told_back(waits)
        for paid in self._facts.paid:
            if paid.told.hash in self._facts.lost or waits(paid.told):
                continue
            settled = points[paid.lease_id]
            wrong = settled != self._stands[paid.lease_id]
            if paid.lease_id not in self._ours:
                wrong = wrong or settled != paid.points - self._back[paid.lease_id]
            self._world.hold("P1 what was paid is settled", wrong and (paid, settled))
            matched = any(
                one.hash not in self._facts.lost for one in self._facts.matched[paid.code]
            )
            open_ = matched and states[paid.lease_id] != "matched"
            self._world.hold("P1 what was matched is settled", open_ and paid)

    def _told_back(self, waits: Callable[[Told], bool]) -> None:
        """C1: hold what members were told to have back against what came back."""
        everything: list[Taken] = [*self._facts.handed, *self._facts.paid]
        for one in everything:
            by = self._facts.given_back.get(one.code)
            if by is None or one.told.hash in self._facts.lost or waits(one.told):
                continue
            forgotten = all(told.hash in self._facts.lost or waits(told) for told in by)
            # What the house paid for was never taken from the member.
            back = self._returned[one.lease_id] or one.lease_id in self._ours
            wrong = not back and not (by and forgotten)
            self._world.hold("C1 what was told comes back", wrong and one)

    def _goods(self) -> None:
        handed_of = {one.code: one for one in self._facts.handed} if self._facts.goods else {}
        for code, devices in self._facts.goods.items():
            # A home till that was copied or put back can forget what it took in.
            sure = not self._facts.unreliable & set(devices)
            twice = len(devices) > 1 and sure
            self._world.hold("I8 a voucher's goods leave once", twice and (code, devices))
            handed = handed_of[code]
            free = self._returned[handed.lease_id] and not self._stands[handed.lease_id]
            both = free and sure and not handed.home
            self._world.hold("C3 goods or points", both and (code, devices))

    def _pieces(self, db: sqlite3.Connection, now_ms: int) -> None:
        """K1: what is handed out and what is kept for somebody are not more than there ever was."""
        there: dict[str, int] = defaultdict(int)
        for name, used in db.execute(
            "SELECT name, used FROM rule_use WHERE shard_key = 1 AND name >= 'stock/'"
            " AND name < 'stock0'"
        ):
            self._world.hold("K1 no stock below nothing", used < 0 and (name, used))
            there[name] += used
        for name, content in db.execute("SELECT name, content FROM reserved"):
            by = msgspec.json.decode(content, type=Reservations).by
            there[name] += sum(one.pieces for one in by if one.until_ms > now_ms)
        for name, pieces in there.items():
            if pieces > SUPPLIED[name]:
                ours = sum(
                    kept.counted.get(name, 0)
                    for lease_id, *_, kept in self._leases(db)
                    if lease_id in self._ours
                )
                over = pieces > SUPPLIED[name] + ours
                self._world.hold("K1 no piece is promised twice", over and (name, pieces, ours))
                self._world.mark("a piece at the house's cost")

    def _leases(self, db: sqlite3.Connection) -> Iterator[tuple[str, int, bool, int, Redemption]]:
        """Yield every lease: its points, whether it waits for a spend, its voucher, its rest."""
        for lease_id, amount, is_open, voucher, content in db.execute(
            "SELECT lease_id, amount, lease.state = 0 AND spent = 0, voucher.state, content"
            " FROM lease JOIN voucher USING (lease_id) LEFT JOIN redemption USING (lease_id)"
        ).fetchall():
            kept = msgspec.json.decode(content, type=Redemption) if content else Redemption()
            yield lease_id, amount, bool(is_open), voucher, kept

    def _homes(self, db: sqlite3.Connection) -> None:
        """V1: what a till hands over by itself is handed over by that till alone."""
        query = "SELECT code FROM voucher WHERE home_device IS NULL"
        anywhere = {row[0] for row in db.execute(query)}
        lost = [one for one in self._facts.handed if one.home and one.code in anywhere]
        self._world.hold("V1 a voucher keeps its home till", lost)

    def _lots(self, db: sqlite3.Connection) -> None:
        """C2: a lot keeps its last day, wherever its points have been meanwhile."""
        for account, lots in db.execute("SELECT account_id, lots FROM account WHERE lots NOT NULL"):
            for lot in unpacked(lots):
                was = self._days.setdefault((account, lot.lot_id), lot.expires_on)
                changed = was != lot.expires_on and (account, lot, was)
                self._world.hold("C2 a lot keeps its last day", changed)

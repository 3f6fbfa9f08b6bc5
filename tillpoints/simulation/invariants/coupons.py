"""What of the ledger is about coupons, held against what tills took off people's bills.

Q1 a coupon counts once at a time, and not for whom it was given back to; Q2 what uses it up is the
receipt that took it off, and nothing else; Q3 a shop is paid for the bills that it counts on, out
of what was spent for it; Q4 nobody's coupon is gone for nothing.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from central.ledger.judging.accounts import Code, settlement_id
from central.ledger.judging.redemption_rows import BillPart, PaidBill, Redemption
from central.ledger.judging.rows import VoucherState
from central.ledger.settlement import Payment
from loyalty.events import KINDS, VoucherUse, body_of
from loyalty.wire import Verdict
from tillpoints.simulation.invariants.facts import Facts, OnBill, Told
from tillpoints.simulation.invariants.redemptions import Redemptions
from tillpoints.simulation.machines.station import Station
from tillpoints.simulation.world import World

_USE = next(kind for kind, body in KINDS.items() if body is VoucherUse)
_STANDS = (Verdict.APPLIED, Verdict.APPLIED_ADJUSTED)


class Coupons:
    """The coupons of one run, and the bills that they were taken off."""

    def __init__(self, world: World, facts: Facts, redemptions: Redemptions) -> None:
        self._world = world
        self._facts = facts
        self._redemptions = redemptions
        #: The points that shops are due for each coupon, by its lease.
        self._in_shops: dict[str, int] = defaultdict(int)
        self._told = 0
        self._touched = False
        self._marked: set[tuple[str, str]] = set()
        #: The bills of each coupon that came back whole: a restored central forgets, people do not.
        self._came_back: dict[str, set[str]] = defaultdict(set)

    def clear(self) -> None:
        """Forget every transfer: they are taken in again."""
        self._in_shops.clear()
        self._touched = True

    def moved(self, amount: int, code: int, of: str) -> None:
        """Take one transfer in."""
        if code in (Code.COUPON_USED, Code.COUPON_BACK):
            lease_id = of.partition("/")[0]
            self._in_shops[lease_id] += amount if code == Code.COUPON_USED else -amount
            self._touched = True
            if code == Code.COUPON_BACK:
                self._mark("coupon good again", of)

    def hold(self, db: sqlite3.Connection) -> None:
        """Hold what must hold after every turn, where one of them was taken off or came back."""
        told = len(self._facts.on_bills)
        if not self._touched and told == self._told:
            return
        self._told, self._touched = told, False
        self.hold_all(db)

    def hold_all(self, db: sqlite3.Connection) -> None:
        """Hold every coupon's bills against each other, its voucher and its points."""
        parts = _parts(db)
        self._once(parts)
        left = _left(db)
        for lease_id, amount, spent, code, state, home, by, _, content in _coupons(db):
            kept = msgspec.json.decode(content, type=Redemption)
            counts = [paper for paper, part in parts[lease_id] if not part.back]
            sure = not self._facts.unreliable & {_device(home), _device(by)}
            in_shops, stands = self._in_shops[lease_id], self._redemptions.stands(lease_id)
            what = (code, counts, kept.used_on, VoucherState(state).name)
            # A refund that a restored central forgot may come behind what it made possible.
            stand = [paper for paper in counts if paper not in self._came_back[lease_id]]
            self._world.hold("Q1 a coupon counts on one bill", len(stand) > 1 and sure and what)
            used = VoucherState(state) is VoucherState.USED
            wrong = counts and sure and not (used and kept.used_on in counts)
            self._world.hold("Q1 a coupon on a bill is used up", wrong and what)
            lonely = kept.used_on is not UNSET and kept.used_on not in counts
            self._world.hold("Q2 a used coupon names its bill", lonely and what)
            due = amount * len(counts) if spent else 0
            self._world.hold(
                "Q3 shops are due what counts", in_shops != due and (*what, in_shops, due)
            )
            over = in_shops > stands
            self._world.hold("Q3 no more than was spent", over and (*what, in_shops, stands))
            part_of = [one for one in parts[lease_id] if one[1].back and one[0] in left]
            self._world.hold("Q1 it comes back with its whole bill", part_of and (*what, part_of))
            if len(counts) > 1 and not sure:
                self._mark("coupon on two bills of a copied till", lease_id)

    def due(self, db: sqlite3.Connection) -> dict[bytes, int]:
        """Return the points that each shop's account holds for coupons."""
        due: dict[bytes, int] = defaultdict(int)
        spent = {row[0]: row[1] for row in db.execute("SELECT lease_id, spent FROM lease")}
        for lease_id, found in _parts(db).items():
            for _, part in found:
                if not part.back and spent[lease_id]:
                    due[settlement_id(part.shop_id)] += spent[lease_id]
        return due

    def settled(
        self,
        db: sqlite3.Connection,
        payments: Sequence[Payment],
        judged: Callable[[Told], Verdict | None],
    ) -> None:
        """Q2, Q3: hold the settlement against the bills that coupons were taken off."""
        parts = _parts(db)
        spent = {row[0]: row[1] for row in db.execute("SELECT lease_id, spent FROM lease")}
        owed: dict[str, int] = defaultdict(int)
        for lease_id, found in parts.items():
            for _, part in found:
                owed[part.shop_id] += part.paid_fen if spent[lease_id] and not part.back else 0
        told: dict[str, int] = defaultdict(int)
        for one in payments:
            told[one.shop_id] += one.paid_fen if one.kind == "coupon" else 0
        wrong = {k: v for k, v in owed.items() if v} != {k: v for k, v in told.items() if v}
        self._world.hold("Q3 what counted is settled", wrong and (dict(owed), dict(told)))
        for bill in self._facts.on_bills:
            if bill.told.hash in self._facts.lost or judged(bill.told) not in _STANDS:
                continue
            mine = [
                part for paper, part in parts[bill.handed.lease_id] if paper == bill.fingerprint
            ]
            said = [(part.shop_id, part.paid_fen) for part in mine]
            # Given back and taken again for the same paper, as a person may say, makes another.
            other = set(said) != {(bill.shop, bill.bill.paid_fen)}
            self._world.hold("Q2 a bill has its coupon", other and (bill, mine))
        self._written(db, parts)

    def held(self, db: sqlite3.Connection, stations: Sequence[Station]) -> None:
        """Q4: a coupon that central used up for no bill yet is one that its till can give back."""
        for *_, code, state, _, by, request_id, content in _coupons(db):
            kept = msgspec.json.decode(content, type=Redemption)
            device = _device(by)
            gone = VoucherState(state) is VoucherState.USED and kept.used_on is UNSET
            if not gone or device in self._facts.unreliable:
                continue
            here = [one for one in stations if one.identity().device_id == device]
            knows = any(request_id in _asked_under(one, code) for one in here)
            self._world.hold("Q4 a coupon is gone for nothing", not knows and (code, by))

    def _mark(self, name: str, of: str) -> None:
        """Count a rare thing once, however often it is looked at."""
        if (name, of) not in self._marked:
            self._marked.add((name, of))
            self._world.mark(name)

    def _once(self, parts: dict[str, list[tuple[str, BillPart]]]) -> None:
        """Q1: hold the bills that people really got it off against each other."""
        real: dict[str, list[OnBill]] = defaultdict(list)
        for one in self._facts.on_bills:
            if one.told.hash not in self._facts.lost:
                real[one.handed.lease_id].append(one)
        for lease_id, found in parts.items():
            self._came_back[lease_id] |= {paper for paper, part in found if part.back}
        for lease_id, bills in real.items():
            if len(bills) < 2:
                continue
            back = self._came_back[lease_id]
            counts = {
                one.fingerprint
                for one in bills
                if one.fingerprint not in back
                if self._facts.returned_fen[one.fingerprint] < one.owed_fen
            }
            if back & {one.fingerprint for one in bills}:
                self._mark("coupon on another bill after its first came back", lease_id)
            sure = not self._facts.unreliable & {one.told.key[0] for one in bills}
            twice = len(counts) > 1 and sure and (lease_id, bills)
            self._world.hold("Q1 a coupon is taken off once", twice)

    def _written(
        self, db: sqlite3.Connection, parts: dict[str, list[tuple[str, BillPart]]]
    ) -> None:
        """Q2: every bill that has a coupon is one that a till wrote down."""
        codes = dict(db.execute("SELECT lease_id, voucher_code FROM lease"))
        written = {
            (body.voucher_code, body.fingerprint)
            for some in self._facts.written.values()
            for frame in some.values()
            if frame.kind == _USE and isinstance(body := body_of(frame), VoucherUse)
        }
        for lease_id, found in parts.items():
            for paper, part in found:
                nobody = (codes[lease_id], paper) not in written
                self._world.hold("Q2 no bill without its receipt", nobody and (paper, part))


def _parts(db: sqlite3.Connection) -> dict[str, list[tuple[str, BillPart]]]:
    """Return the parts of bills that coupons paid, by lease, with the bill's fingerprint."""
    found: dict[str, list[tuple[str, BillPart]]] = defaultdict(list)
    for key, content in db.execute("SELECT fingerprint, content FROM paid_bill"):
        for part in msgspec.json.decode(content, type=PaidBill).parts:
            if part.coupon:
                found[part.lease_id].append((key.hex(), part))
    return found


def _left(db: sqlite3.Connection) -> set[str]:
    """Return the receipts of which something is left that a refund has not returned."""
    found = db.execute(
        "SELECT fingerprint, content, owed_fen FROM paid_bill JOIN sale USING (fingerprint)"
    )
    return {
        key.hex()
        for key, content, owed_fen in found
        if msgspec.json.decode(content, type=PaidBill).returned_fen < owed_fen
    }


def _coupons(db: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """Yield every coupon: lease, amount, spent, code, state, home till, user, request, the rest."""
    yield from db.execute(
        "SELECT lease_id, amount, spent, code, voucher.state, home_device, used_by,"
        " voucher.request_id, content"
        " FROM voucher JOIN lease USING (lease_id) JOIN redemption USING (lease_id)"
        " WHERE voucher.reward_id IN ('off', 'ten')"
    ).fetchall()


def _asked_under(station: Station, code: str) -> set[str]:
    """Return under which requests a till can use a coupon yet, or give it back."""
    kept = station.journal.coupon(code)
    under_way = station.journal.voucher_request(code)
    return {under_way} if kept is None else {under_way, kept.request_id}


def _device(name: str | None) -> bytes:
    return bytes.fromhex(name) if name else b""

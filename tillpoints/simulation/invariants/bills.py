"""B1: once a bill came back whole, so did every coupon and all the points that had paid for it.

At the end, when everything is told and judged, whatever order it came in. The refunds are those
that devices wrote and central counts, by what is printed on them, whatever central made of them.
Points come back to their member with the bill that took them, never with one the house paid for.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from central.ledger.judging.accounts import OFFLINE_LOSS, Code
from central.ledger.judging.fold import KNOWN_BEFORE
from central.ledger.judging.redemption_rows import PaidBill
from central.ledger.judging.returning import VOUCHER_USED
from loyalty.chain import Frame
from loyalty.events import CENTRAL_KINDS_FROM, Refund, TenderChecked, body_of
from loyalty.receipt import fingerprint, normalise_number
from loyalty.wire import Verdict
from tillpoints.simulation.invariants.facts import Facts
from tillpoints.simulation.world import World


def hold(world: World, facts: Facts, db: sqlite3.Connection) -> None:
    """Hold what paid for bills against what refunds returned of them."""
    returned = _returned_fen(facts, db)
    spent = dict(db.execute("SELECT lease_id, spent FROM lease"))
    bills = db.execute(
        "SELECT fingerprint, owed_fen, content FROM paid_bill JOIN sale USING (fingerprint)"
    )
    for key, owed_fen, content in bills:
        bill = msgspec.json.decode(content, type=PaidBill)
        if not bill.parts or returned[key] < owed_fen:
            continue
        world.mark("paid bill back")
        for part in bill.parts:
            stays = part.back < (1 if part.coupon else spent[part.lease_id])
            world.hold("B1 what paid comes back with its bill", stays and (key.hex(), part))
    for lease_id, came, due in _back_to_members(db):
        wrong = came > due and (lease_id, came, due)
        world.hold("B1 points come back with the bill that took them", wrong)


def _back_to_members(db: sqlite3.Connection) -> Iterator[tuple[str, int, int]]:
    """Yield leases, how many points refunds gave to their members, and how many they were to.

    A bill with which the points were said to be used before is the house's, told again or not.
    """
    matches = "SELECT kind, kind_version, body, reason FROM inbox WHERE kind < ? AND verdict IN"
    matches += " (?, ?) AND reason != ?"
    stands = (int(Verdict.APPLIED), int(Verdict.APPLIED_ADJUSTED), KNOWN_BEFORE)
    took, ours = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for *frame, reason in db.execute(matches, (CENTRAL_KINDS_FROM, *stands)):
        body = body_of(Frame(*frame))
        if isinstance(body, TenderChecked) and body.outcome == "matched":
            paid = ours if reason == VOUCHER_USED else took
            paid[body.voucher_code].add(body.fingerprint)
    back = dict[tuple[str, str], int]()
    for key, content in db.execute("SELECT fingerprint, content FROM paid_bill"):
        for part in msgspec.json.decode(content, type=PaidBill).parts:
            back[key.hex(), part.lease_id] = part.back
    moved = (
        "SELECT lease_id, voucher_code, sum(transfer.amount) FROM transfer"
        " JOIN lease ON lease_id = subject"
        " WHERE code = ? AND credit_id != ? GROUP BY lease_id, voucher_code"
    )
    for lease_id, code, came in db.execute(moved, (int(Code.PAID_BACK), OFFLINE_LOSS)):
        yield lease_id, came, sum(back.get((one, lease_id), 0) for one in took[code] - ours[code])


def _returned_fen(facts: Facts, db: sqlite3.Connection) -> dict[bytes, int]:
    """Return what came back of each sale, by its fingerprint."""
    named = defaultdict[tuple[str, str], list[bytes]](list)
    for key, shop_id, number in db.execute("SELECT fingerprint, shop_id, number FROM sale"):
        named[shop_id, number or ""].append(key)
    found = defaultdict[bytes, int](int)
    for refund in _refunds(facts, db):
        receipt = refund.receipt
        if refund.original is not None:
            found[bytes.fromhex(refund.original)] += -receipt.owed_fen
            continue
        number = normalise_number(receipt.original_number or "")
        of = named[receipt.shop_id, number]
        if len(of) == 1:  # of several, as POSes start their numbers again, it may be any
            found[of[0]] += -receipt.owed_fen
    return found


def _refunds(facts: Facts, db: sqlite3.Connection) -> Iterator[Refund]:
    """Yield every refund that counts, each paper once."""
    query = "SELECT hash FROM inbox WHERE verdict IN (?, ?) AND reason != ?"
    stands = (int(Verdict.APPLIED), int(Verdict.APPLIED_ADJUSTED), KNOWN_BEFORE)
    counted = {row[0] for row in db.execute(query, stands)}
    papers = set[bytes]()
    for some in facts.written.values():
        for hash_, frame in some.items():
            body = body_of(frame) if hash_ in counted else None
            if isinstance(body, Refund) and (paper := fingerprint(body.receipt)) not in papers:
                papers.add(paper)
                yield body

"""Which receipt is that of a bill which points paid a part of, and what is wrong with it. Pure."""

from collections.abc import Sequence

from msgspec import Struct, structs

from loyalty.events import Bill
from loyalty.receipt import Kind, Tender
from loyalty.rules.tender import TENDER_KIND
from loyalty.tender_events import Outcome
from receipts.reading import Reading


class Match(Struct, frozen=True):
    """The reading at `place` of a job is the receipt of a bill, or shows that something is not."""

    place: int
    outcome: Outcome


def match(readings: Sequence[Reading], bill: Bill) -> Match | None:
    """Return the receipt of a bill among those of a job; None if it is not among them.

    A payment line is known by its name or its amount. A receipt of another amount due is another
    customer's unless a line of it says points.
    """
    for place, reading in enumerate(readings):
        if not _is_new_sale(reading):
            continue
        named = [one for one in reading.tenders if one.kind == TENDER_KIND]
        line = _line(reading, bill) is not None
        if reading.owed_fen == bill.due_fen:
            outcome: Outcome = "matched" if line else "other_amount" if named else "no_line"
            return Match(place, outcome)
        if named and line:
            return Match(place, "other_bill")
    return None


def as_paid(readings: tuple[Reading, ...], found: Match, bill: Bill) -> tuple[Reading, ...]:
    """Return the readings with the matched payment line as points, so that it earns nothing."""
    reading = readings[found.place]
    line = _line(reading, bill)
    if found.outcome != "matched" or line is None or line.kind == TENDER_KIND:
        return readings
    at = reading.tenders.index(line)
    named = structs.replace(line, kind=TENDER_KIND)
    tenders = (*reading.tenders[:at], named, *reading.tenders[at + 1 :])
    paid = structs.replace(reading, tenders=tenders)
    return (*readings[: found.place], paid, *readings[found.place + 1 :])


def _is_new_sale(reading: Reading) -> bool:
    if reading.copy or reading.reprint or reading.decision == "ignore":
        return False
    read = reading.owed_fen is not None and reading.currency is not None
    return read and reading.kind in (Kind.SALE, Kind.EXCHANGE)


def _line(reading: Reading, bill: Bill) -> Tender | None:
    """Return the line that the points paid: one that says so before one of the amount alone."""
    fitting = [one for one in reading.tenders if abs(one.amount_fen) == bill.paid_fen]
    return min(fitting, key=lambda one: one.kind != TENDER_KIND, default=None)

"""After the storm: every receipt, slip, balance and transfer against what was really sold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tillpoints.demo.ledger import Books, SaleBooked
from tillpoints.demo.sheet import Sheet
from tillpoints.demo.storm.cashier import Cashier, Sold
from tillpoints.demo.sums import kept_points, points_for
from tillpoints.demo.world import Person

AWARD, CLAIM = "积分凭条", "积分认领凭条"


def sale_differences(
    cashier: Cashier, booked: list[SaleBooked], claimer: Person, people: dict[str, Person]
) -> Iterator[str]:
    """Name each sale of a till that did not earn exactly once, for who it was, what it had to."""
    found: dict[str, list[SaleBooked]] = {}
    for sale in booked:
        found.setdefault(sale.number, []).append(sale)
    used: set[int] = set()
    for number, sold in cashier.sales.items():
        match found.pop(number, []):
            case [sale]:
                yield from _holder(sold, sale, claimer, cashier.scans, used)
                yield from _sums(sold, sale, people)
            case several:
                yield f"{number}: {len(several)} sales at central"
    yield from (f"{number}: at central, and never sold" for number in found)


def _holder(
    sold: Sold, sale: SaleBooked, claimer: Person, scans: list[Person], used: set[int]
) -> Iterator[str]:
    """Name a sale that is neither claimed nor of a scan made for it; a scan counts once."""
    if sale.holder == claimer.number:
        return
    for scan in sold.scans:
        if scan not in used and scans[scan].number == sale.holder:
            used.add(scan)
            return
    made = [f"{scans[scan].number} (scan {scan}{', used' * (scan in used)})" for scan in sold.scans]
    yield f"{sale.number}: belongs to {sale.holder!r}, neither claimed nor scanned: {made}"


def _sums(sold: Sold, sale: SaleBooked, people: dict[str, Person]) -> Iterator[str]:
    if sale.holder not in people:
        yield f"{sale.number}: belongs to {sale.holder!r}, whom nobody knows"
        return
    points = points_for(sold.printed.owed_fen, people[sale.holder].tier)
    if (sale.owed_fen, sale.points) != (sold.printed.owed_fen, points):
        yield f"{sale.number}: {sale.points} points for {sale.owed_fen} fen, not {points}"
    back = points - kept_points(points, sold.printed.owed_fen, sold.back_fen)
    if sale.taken_back != back:
        yield f"{sale.number}: {sale.taken_back} points taken back, not {back}"


def owned(
    cashiers: list[Cashier], booked: dict[str, list[SaleBooked]], people: dict[str, Person]
) -> Counter[str]:
    """Return what each member must own, summed from what was sold and who holds it."""
    sums: Counter[str] = Counter()
    for cashier in cashiers:
        holders = {sale.number: sale.holder for sale in booked[cashier.station.name]}
        for number, sold in cashier.sales.items():
            holder = holders.get(number)
            if holder in people:
                owed = sold.printed.owed_fen
                points = points_for(owed, people[holder].tier)
                sums[holder] += kept_points(points, owed, sold.back_fen)
    return sums


def book_differences(books: Books, expected: Counter[str]) -> Iterator[str]:
    """Name what is wrong with the sums: each member's, central's own, and all of them together."""
    if books.sum_of_all:
        yield f"the sum of all transfers is {books.sum_of_all}"
    if any(books.cards.values()):
        yield f"points on cards of nobody: {books.cards}"
    for number, balance in books.balances.items():
        if balance != expected[number]:
            yield f"****{number[-4:]}: transfers give {balance}, sales {expected[number]}"
        if books.stored.get(number, 0) != balance:
            yield f"****{number[-4:]}: central stores {books.stored.get(number, 0)}, not {balance}"


def slip_differences(cashier: Cashier, slips: list[Sheet]) -> Iterator[str]:
    """Name each sale that has not exactly one slip: its award, or the claim that led to it."""
    counts: Counter[str] = Counter()
    for slip in slips:
        if slip.says(AWARD) or slip.says(CLAIM):
            counts.update(number for number in cashier.sales if slip.says(number))
    for number in cashier.sales:
        if counts[number] != 1:
            yield f"{number}: {counts[number]} slips"

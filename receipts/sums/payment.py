"""What was paid: the tenders and the change, and whether they pay an amount exactly."""

from msgspec import structs

from receipts.sums.sheet import SUMS, Sheet
from receipts.text.amount_words import Role
from receipts.text.rows import Figure

TENDERS_MAX = 8


def change_of(sheet: Sheet) -> int:
    """Return the change that was given back, 0 when none is printed."""
    printed = sheet.of(Role.CHANGE)
    return abs(printed[-1].fen) if printed else 0


def tenders_of(sheet: Sheet) -> list[Figure]:
    """Return the ways of payment; without one the cash that was received."""
    tenders = sheet.of(Role.TENDER)[:TENDERS_MAX]
    if not tenders:
        tenders = [
            structs.replace(figure, role=Role.TENDER, kind="cash")
            for figure in sheet.of(Role.RECEIVED)[-1:]
        ]
    return [figure for figure in tenders if figure.fen]


def paid_by(sheet: Sheet, owed: int, tenders: list[Figure]) -> list[Figure] | None:
    """Return the tenders that, less the change, pay exactly what was owed."""
    change = change_of(sheet)
    if tenders:
        unique = list({(each.kind, abs(each.fen)): each for each in tenders}.values())
        for group in (tenders, unique):
            total = sum(abs(each.fen) for each in group)
            if total and total - change in (abs(owed), *_rounded(sheet, owed)):
                return group
        for each in unique:
            if abs(each.fen) - change == abs(owed) and each.fen:
                return [each]
    agreed = _received_as_owed(sheet, owed) if not tenders else None
    if agreed is not None:
        return [agreed]
    received = sheet.of(Role.RECEIVED, Role.PAID)
    for each in received:
        if each.fen and abs(each.fen) - change == abs(owed) and (change or tenders == []):
            if each.role is Role.PAID and not change:
                continue
            kind = tenders[0].kind if tenders else "cash"
            return [Figure(Role.TENDER, kind, each.fen, each.row, each.label)]
    return None


def pays_after_rounding(sheet: Sheet, owed: int, paid: list[Figure]) -> bool:
    """Return whether what was paid is the amount only after a rounding."""
    total = sum(abs(each.fen) for each in paid) - change_of(sheet)
    return total != abs(owed) and total in _rounded(sheet, owed)


def _received_as_owed(sheet: Sheet, owed: int) -> Figure | None:
    """Return the payment of a paper that prints owed and paid apart, and names how it was paid."""
    if sheet.named_tender is None or owed not in {f.fen for f in sheet.of(Role.OWED)}:
        return None
    paid = [f for f in sheet.of(Role.PAID) if f.fen == owed and f.exact]
    return structs.replace(paid[-1], role=Role.TENDER, kind=sheet.named_tender) if paid else None


def _rounded(sheet: Sheet, owed: int) -> list[int]:
    """Return what is paid in coins when the rounding stands on the paper but not the new total."""
    rounding = [figure for figure in sheet.of(Role.ROUNDING) if figure.fen][-1:]
    sums = sheet.of(*SUMS)
    paid = [abs(owed) + sign * abs(each.fen) for each in rounding for sign in (1, -1)]
    if {abs(figure.fen) for figure in sums} & set(paid):
        return []
    # A sum below the rounding, or another below the amount, is the new total misread.
    totals = sheet.of(Role.OWED, Role.TOTAL, Role.PAID)
    own_row = min((f.row for f in sums if f.fen == owed), default=0)
    lowest = max((f.row for f in rounding), default=0)
    new = any(f.row > lowest or (f.fen != owed and f.row > own_row) for f in totals)
    return [] if new else paid

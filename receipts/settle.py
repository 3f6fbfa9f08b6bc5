"""What was owed, settled by arithmetic: of all totals on the paper, the one that the sums support.

Word order does not decide: 实收 is net revenue in one shop and cash handed over in the next. A
candidate earns trust from checks that agree (tenders less change, subtotal plus what was added and
taken off, the sum of the goods, the amount in words); it is never invented.
"""

from itertools import product

from msgspec import Struct, structs

from loyalty.receipt import Kind, Tender
from receipts.amount_words import Role
from receipts.items import Goods
from receipts.rows import Figure

ADJUSTMENTS_MAX = 12
TENDERS_MAX = 8
ROUNDING_MAX_FEN = 100
ROUNDING_BELOW_ROWS = 3
#: The kind of an amount that is not on the paper, only the payment less the change.
UNPRINTED = "unprinted"

_CANDIDATES = {Role.OWED, Role.TOTAL, Role.PAID, Role.SUBTOTAL, Role.REFUND, Role.BARE}
_ADJUSTING = {Role.DISCOUNT, Role.CHARGE, Role.TAX, Role.ROUNDING, Role.DEPOSIT_USED}


class Chain(Struct, frozen=True):
    """An earlier sum and what was added to it and taken off until it is the amount."""

    base_fen: int
    steps_fen: tuple[int, ...]
    deposit_fen: int
    weight: int


class Settlement(Struct, frozen=True):
    """The amount owed and what speaks for it. `checks` are stable names; `score` weighs them."""

    owed_fen: int
    checks: tuple[str, ...]
    score: int
    row: int
    label: str
    tenders: tuple[Tender, ...] = ()
    deposit_used_fen: int = 0
    rival_fen: int | None = None
    unpaid_gap: bool = False
    handed_over: bool = False
    unfinished: bool = False  # more is printed below that this amount leaves out
    chain: Chain | None = None
    change_fen: int = 0


class Sheet(Struct, frozen=True):
    """All that arithmetic needs of a document."""

    figures: tuple[Figure, ...]
    goods: Goods
    words_fen: int | None = None
    named_tender: str | None = None  # a way of payment printed without an amount
    bare_labels: int = 0  # labels of sums whose amount is missing

    def of(self, *roles: Role) -> list[Figure]:
        """Return the figures with one of the roles, in printed order."""
        return [figure for figure in self.figures if figure.role in roles]


def settle(sheet: Sheet, kind: Kind) -> Settlement | None:
    """Return the owed amount with the best support, None when nothing on the paper is a total."""
    sheet = _rounded_totals(sheet)
    if kind in (Kind.REFUND, Kind.VOID) and not sheet.of(Role.TENDER):
        sheet = _cash_back(sheet)
    candidates = _candidates(sheet, kind)
    if not candidates:
        return None
    tenders = _tenders(sheet)
    judged = [_judge(sheet, figure, tenders) for figure in candidates]
    judged.sort(key=lambda each: (each.score, each.row), reverse=True)
    best = judged[0]
    rival = next(
        (
            each
            for each in judged[1:]
            if each.owed_fen != best.owed_fen and each.score >= best.score - 1 and each.score >= 3
        ),
        None,
    )
    rival_fen = rival.owed_fen if rival is not None else _later_total(sheet, best)
    return structs.replace(best, rival_fen=rival_fen, unfinished=_unfinished(sheet, best))


def _unfinished(sheet: Sheet, best: Settlement) -> bool:
    """Return whether, with no payment to settle it, the sums seem to go on below the amount.

    So it is when its only labels are a subtotal's or none (the total's may be lost), or when a
    charge, a discount or a deposit stands below it and no later sum takes it in.
    """
    if "tender" in best.checks or "words" in best.checks:
        return False
    labels = {f.role for f in sheet.of(*_CANDIDATES) if f.fen == best.owed_fen}
    if labels and labels <= {Role.SUBTOTAL, Role.BARE}:
        return True
    changing = (Role.DISCOUNT, Role.CHARGE, Role.DEPOSIT_USED)
    return any(f.fen and f.exact and f.row > best.row for f in sheet.of(*changing))


def _later_total(sheet: Sheet, best: Settlement) -> int | None:
    """Return a different total printed further down when no payment settles which one counts."""
    if "tender" in best.checks:
        return None
    later = [f.fen for f in sheet.of(Role.OWED, Role.TOTAL) if f.exact and f.row > best.row]
    return next((fen for fen in later if fen != best.owed_fen), None)


def _cash_back(sheet: Sheet) -> Sheet:
    """On a refund the cash handed back is the payment and no change."""
    figures = (
        structs.replace(f, role=Role.TENDER, kind="cash") if f.role is Role.CHANGE else f
        for f in sheet.figures
    )
    return structs.replace(sheet, figures=tuple(figures))


def _rounded_totals(sheet: Sheet) -> Sheet:
    """`ROUNDING 72.75` under a total of 72.74 is the rounded total, not what was rounded off."""
    figures = []
    total: Figure | None = None
    for figure in sheet.figures:
        near = total is not None and abs(figure.fen - total.fen) <= ROUNDING_MAX_FEN
        if figure.role is Role.ROUNDING and near and figure.fen > ROUNDING_MAX_FEN:
            figures.append(structs.replace(figure, role=Role.OWED))
            continue
        if figure.role in (Role.TOTAL, Role.OWED, Role.SUBTOTAL):
            total = figure
        figures.append(figure)
    return structs.replace(sheet, figures=tuple(figures))


def _candidates(sheet: Sheet, kind: Kind) -> list[Figure]:
    figures = [
        figure
        for figure in sheet.of(*_CANDIDATES)
        if figure.exact and (figure.fen or figure.role is not Role.BARE)
    ]
    figures = figures or sheet.of(*_CANDIDATES)
    special = {Kind.DEPOSIT: Role.DEPOSIT, Kind.TOPUP: Role.TOPUP}.get(kind)
    if special is not None and sheet.of(special):
        return sheet.of(special)
    figures = [
        figure for figure in figures if figure.role is not Role.REFUND or kind is not Kind.SALE
    ]
    if not figures:
        tenders = sheet.of(Role.TENDER)
        if tenders and all(figure.exact for figure in tenders):
            total = sum(abs(figure.fen) for figure in tenders) - _change(sheet)
            last = tenders[-1]
            # Not printed: what was paid proves nothing alone, only together with the goods.
            figures = [Figure(Role.PAID, UNPRINTED, total, last.row, last.label)]
    return figures


def _change(sheet: Sheet) -> int:
    printed = sheet.of(Role.CHANGE)
    return abs(printed[-1].fen) if printed else 0


def _tenders(sheet: Sheet) -> list[Figure]:
    tenders = sheet.of(Role.TENDER)[:TENDERS_MAX]
    if not tenders:
        tenders = [
            Figure(Role.TENDER, "cash", figure.fen, figure.row, figure.label, figure.exact)
            for figure in sheet.of(Role.RECEIVED)[-1:]
        ]
    return [figure for figure in tenders if figure.fen]


def _judge(sheet: Sheet, figure: Figure, tenders: list[Figure]) -> Settlement:
    owed = figure.fen
    checks: list[str] = []
    score = {Role.OWED: 2, Role.TOTAL: 1}.get(figure.role, 0)
    paid = _paid(sheet, owed, tenders)
    goods = bool(sheet.goods.items) and _goods_explain(sheet, owed)
    chained = _chain(sheet, figure)
    # An amount made of the payment, or paid by one tender of several, needs another witness.
    partial = paid is not None and len({f.fen for f in paid}) < len({f.fen for f in tenders})
    witnessed = goods or (partial and chained is not None)
    alone = not partial and figure.kind != UNPRINTED
    if paid is not None and (alone or witnessed):
        checks.append("tender")
        score += 4 if _change(sheet) else 3
    if chained is not None:
        checks.append("sum")
        score += 3 if chained.weight > 1 else 2
    if goods:
        checks.append("goods")
        score += 2 if len(sheet.goods.items) > 1 else 1
    if sheet.words_fen is not None:
        same = sheet.words_fen == abs(owed)
        checks += ["words"] if same else []
        score += 3 if same else -3
    repeated = {f.row for f in sheet.of(Role.OWED, Role.TOTAL, Role.PAID) if f.fen == owed}
    if len(repeated) > 1:
        checks.append("repeated")
        score += 1
    if _superseded(sheet, figure):
        score -= 3
    deposit = chained.deposit_fen if chained else 0
    used = paid if paid is not None else ([] if owed == 0 else tenders)
    if not used and sheet.named_tender and figure.role in (Role.PAID, Role.OWED) and owed:
        used = [structs.replace(figure, role=Role.TENDER, kind=sheet.named_tender)]
    return Settlement(
        owed, tuple(checks), score, figure.row, figure.label,
        tuple(Tender(each.kind, _signed(each.fen, owed)) for each in used),
        deposit, None, bool(tenders) and paid is None and owed != 0,
        bool(sheet.of(Role.CHANGE, Role.RECEIVED)), chain=chained, change_fen=_change(sheet),
    )  # fmt: skip


def _signed(fen: int, owed: int) -> int:
    return -abs(fen) if owed < 0 else abs(fen)


def _paid(sheet: Sheet, owed: int, tenders: list[Figure]) -> list[Figure] | None:
    """Return the tenders that, less the change, pay exactly what was owed."""
    change = _change(sheet)
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


def _received_as_owed(sheet: Sheet, owed: int) -> Figure | None:
    """Return the payment of a paper that prints owed and paid apart, and names how it was paid."""
    if sheet.named_tender is None or owed not in {f.fen for f in sheet.of(Role.OWED)}:
        return None
    paid = [f for f in sheet.of(Role.PAID) if f.fen == owed and f.exact]
    return structs.replace(paid[-1], role=Role.TENDER, kind=sheet.named_tender) if paid else None


def _rounded(sheet: Sheet, owed: int) -> list[int]:
    """Return what is paid in coins when the rounding stands on the paper but not the new total."""
    rounding = [figure for figure in sheet.of(Role.ROUNDING) if figure.fen][-1:]
    sums = sheet.of(*_CANDIDATES)
    paid = [abs(owed) + sign * abs(each.fen) for each in rounding for sign in (1, -1)]
    if {abs(figure.fen) for figure in sums} & set(paid):
        return []
    # A sum below the rounding, or another below the amount, is the new total misread.
    totals = sheet.of(Role.OWED, Role.TOTAL, Role.PAID)
    own_row = min((f.row for f in sums if f.fen == owed), default=0)
    lowest = max((f.row for f in rounding), default=0)
    new = any(f.row > lowest or (f.fen != owed and f.row > own_row) for f in totals)
    return [] if new else paid


def _chain(sheet: Sheet, figure: Figure) -> Chain | None:
    """Return how an earlier sum plus what stands between gives `figure`, by the most steps."""
    bases = [
        (base.row, base.fen, 1)
        for base in sheet.of(Role.SUBTOTAL, Role.TOTAL, Role.NET, Role.OWED)
        if base.row < figure.row
    ]
    if sheet.goods.items and sheet.goods.end_row <= figure.row:
        bases.append((sheet.goods.end_row - 1, sheet.goods.sum_fen, len(sheet.goods.items)))
    best: Chain | None = None
    for row, base, count in bases:
        between = _between(sheet, row, figure.row)
        steps = _add_up(base, between, figure.fen)
        if steps is not None and (steps or base != figure.fen or count > 1):
            weight = len(steps) + min(count, 2)
            if best is None or weight > best.weight:
                used = (f for f in between if f.role is Role.DEPOSIT_USED)
                best = Chain(base, steps, sum(abs(f.fen) for f in used), weight)
    return best


def _between(sheet: Sheet, row: int, end_row: int) -> list[Figure]:
    """Return what changes the sum between two rows; a rounding may also stand just below."""
    figures = [
        f
        for f in sheet.of(*_ADJUSTING)
        if f.fen and row < f.row < end_row + (ROUNDING_BELOW_ROWS if f.role is Role.ROUNDING else 0)
    ]
    return figures[:ADJUSTMENTS_MAX]


def _add_up(base: int, between: list[Figure], target: int) -> tuple[int, ...] | None:
    """Return what must be added to the base to get the target, tax in or out; None if nothing."""
    tax = tuple(f.fen for f in between if f.role is Role.TAX)
    rest = [f for f in between if f.role is not Role.TAX]
    rounding = [f.fen for f in rest if f.role is Role.ROUNDING]
    fixed = tuple(_effect(f, base) for f in rest if f.role is not Role.ROUNDING)
    signs = (1, -1, 0) if rounding else (0,)
    for with_tax, sign in product((1, 0) if tax else (0,), signs):
        steps = (*fixed, *(tax if with_tax else ()), *((sign * rounding[-1],) if sign else ()))
        if base + sum(steps) == target:
            return steps
    return None


def _effect(figure: Figure, base: int) -> int:
    """Discounts and deposits take off, whatever sign is printed; on refunds they add."""
    if figure.role in (Role.DISCOUNT, Role.DEPOSIT_USED):
        return -abs(figure.fen) if base >= 0 else abs(figure.fen)
    return figure.fen


def _goods_explain(sheet: Sheet, owed: int) -> bool:
    goods = sheet.goods.sum_fen
    among = sheet.goods.among
    discounts = sum(_effect(f, goods) for f in among if f.role is Role.DISCOUNT)
    charges = sum(f.fen for f in among if f.role is Role.CHARGE)
    sums = {goods, goods + discounts, goods + charges, goods + discounts + charges}
    later = [f for f in sheet.of(*_ADJUSTING) if f.row >= sheet.goods.end_row and f.fen]
    later += [f for f in sheet.goods.among if f.role is Role.TAX and f.fen]
    return any(
        base == owed or _add_up(base, later[:ADJUSTMENTS_MAX], owed) is not None for base in sums
    )


def _superseded(sheet: Sheet, figure: Figure) -> bool:
    """A later total that follows from this one by what stands between them takes its place."""
    later = [
        f
        for f in sheet.of(Role.OWED, Role.TOTAL, Role.PAID)
        if f.row > figure.row and f.fen != figure.fen
    ]
    for after in later:
        between = _between(sheet, figure.row, after.row)
        if between and _add_up(figure.fen, between, after.fen) is not None:
            return True
    return False

"""What was owed, settled by arithmetic: of all totals on the paper, the one that the sums support.

Word order does not decide: 实收 is net revenue in one shop and cash handed over in the next. A
candidate earns trust from checks that agree (tenders less change, subtotal plus what was added and
taken off, the sum of the goods, the amount in words); it is never invented.
"""

import re

from msgspec import Struct, structs

from loyalty.receipt import Kind, Tender
from receipts.sums.leftover import Settled, left_over
from receipts.sums.payment import change_of, paid_by, pays_after_rounding, tenders_of
from receipts.sums.rounding import rounded
from receipts.sums.sheet import SUMS, Sheet, add_up, between, goods_explain
from receipts.sums.taxes import Tax
from receipts.text.amount_words import Role
from receipts.text.paper_words import TOPUP_ITEM
from receipts.text.rows import Figure

_PAYMENTS = {Role.CHANGE, Role.TENDER, Role.RECEIVED}
_VOUCHERS = {"mall_voucher", "mall_points", "platform_voucher"}
_BACK = re.compile("退|REFUND")
#: The kind of an amount that is not on the paper, only the payment less the change.
UNPRINTED = "unprinted"


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
    decimals: int = 2  # as they are printed
    rounded: bool = False  # paid but for a rounding whose total is not printed
    tax: Tax | None = None
    left_over: Figure | None = None  # a printed sum or payment that follows from nothing


def settle(sheet: Sheet, kind: Kind) -> Settlement | None:
    """Return the owed amount with the best support, None when nothing on the paper is a total."""
    sheet = _vouchers_taken_off(rounded(sheet))
    if kind in (Kind.REFUND, Kind.VOID):
        sheet = _cash_back(sheet)
    candidates = _candidates(sheet, kind)
    if not candidates:
        return None
    tenders = tenders_of(sheet)
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
    best = structs.replace(best, rival_fen=rival_fen)
    return _examined(sheet, best, tuple(paid_by(sheet, best.owed_fen, tenders) or ()))


def _examined(sheet: Sheet, best: Settlement, paid: tuple[Figure, ...]) -> Settlement:
    """Return the settlement with all that the paper's other figures say about it."""
    owed = best.owed_fen
    printed = [f for f in sheet.of(*SUMS) if f.fen == owed] or paid
    best = structs.replace(
        best,
        decimals=max((f.decimals for f in printed), default=2),
        rounded=bool(paid) and pays_after_rounding(sheet, owed, list(paid)),
        left_over=left_over(sheet, Settled(owed, best.row, paid, best.deposit_used_fen)),
    )
    return structs.replace(best, unfinished=_unfinished(sheet, best))


def _unfinished(sheet: Sheet, best: Settlement) -> bool:
    """Return whether, with no payment to settle it, the sums seem to go on below the amount.

    So it is when it was paid but for a rounding, when its only labels are a subtotal's or none
    (the total's may be lost), or when a charge, a discount, a deposit or a rounding stands below
    it and no later sum takes it in.
    """
    if best.rounded:
        return True
    if "tender" in best.checks or "words" in best.checks:
        return False
    bare = (f.row for f in sheet.of(Role.BARE) if f.fen != best.owed_fen)
    if any(row > best.row for row in (*sheet.unlabelled, *bare)):
        return True
    labels = {f.role for f in sheet.of(*SUMS) if f.fen == best.owed_fen}
    if labels and labels <= {Role.SUBTOTAL, Role.BARE}:
        return True
    changing = (Role.DISCOUNT, Role.CHARGE, Role.DEPOSIT_USED, Role.ROUNDING)
    steps = {abs(step) for step in best.chain.steps_fen} if best.chain else set()
    below = [f for f in sheet.of(*changing) if f.fen and f.exact and f.row > best.row]
    return any(f.role is not Role.ROUNDING or abs(f.fen) not in steps for f in below)


def _later_total(sheet: Sheet, best: Settlement) -> int | None:
    """Return a different total printed further down when no payment settles which one counts."""
    if "tender" in best.checks:
        return None
    later = [f.fen for f in sheet.of(Role.OWED, Role.TOTAL) if f.exact and f.row > best.row]
    return next((fen for fen in later if fen != best.owed_fen), None)


def _cash_back(sheet: Sheet) -> Sheet:
    """On a refund the cash handed back is the payment and no change.

    Where it is named so (退现金), other payments on the paper are those of the sale taken back.
    """
    if sheet.goods.sum_fen < 0 and not any(f.fen < 0 for f in sheet.of(*SUMS)):
        sheet = structs.replace(
            sheet, goods=structs.replace(sheet.goods, sum_fen=-sheet.goods.sum_fen)
        )
    back = {f for f in sheet.of(Role.CHANGE, Role.TENDER) if _BACK.search(f.label)}
    if not back and sheet.of(Role.TENDER):
        return sheet
    figures = []
    for figure in sheet.figures:
        if figure.role is Role.CHANGE and (figure in back or not back):
            figures.append(structs.replace(figure, role=Role.TENDER, kind="cash"))
        elif not back or figure in back or figure.role not in _PAYMENTS:
            figures.append(figure)
    return structs.replace(sheet, figures=tuple(figures))


def _vouchers_taken_off(sheet: Sheet) -> Sheet:
    """A voucher above the amount owed that makes the total the amount is a discount."""
    vouchers = [f for f in sheet.of(Role.TENDER) if f.kind in _VOUCHERS]
    for owed in sheet.of(Role.OWED, Role.TOTAL) if vouchers else ():
        above = [f for f in vouchers if f.row < owed.row]
        off = sum(abs(f.fen) for f in above)
        totals = sheet.of(Role.TOTAL, Role.SUBTOTAL)
        if off and any(f.row < above[0].row and f.fen - off == owed.fen for f in totals):
            figures = (
                structs.replace(f, role=Role.DISCOUNT, kind="") if f in above else f
                for f in sheet.figures
            )
            return structs.replace(sheet, figures=tuple(figures))
    return sheet


def _candidates(sheet: Sheet, kind: Kind) -> list[Figure]:
    figures = [
        figure
        for figure in sheet.of(*SUMS)
        if figure.exact and (figure.fen or figure.role is not Role.BARE)
    ]
    figures = figures or sheet.of(*SUMS)
    special = {Kind.DEPOSIT: Role.DEPOSIT, Kind.TOPUP: Role.TOPUP}.get(kind)
    if special is not None:
        taken = sheet.of(special) or _taken_in_advance(sheet, special)
        if taken:
            return taken
    figures = [
        figure for figure in figures if figure.role is not Role.REFUND or kind is not Kind.SALE
    ]
    if not figures:
        tenders = sheet.of(Role.TENDER)
        if tenders and all(figure.exact for figure in tenders):
            total = sum(abs(figure.fen) for figure in tenders) - change_of(sheet)
            last = tenders[-1]
            # Not printed: what was paid proves nothing alone, only together with the goods.
            figures = [Figure(Role.PAID, UNPRINTED, total, last.row, last.label)]
    return figures


def _taken_in_advance(sheet: Sheet, role: Role) -> list[Figure]:
    """Return the deposits or the stored value that stand among the goods."""
    sold = [item for item in sheet.goods.items if item.topup]
    row = sheet.goods.last_row
    taken = [Figure(role, "", item.amount_fen, row, item.name.upper()) for item in sold]
    return taken or [f for f in sheet.of(Role.RECEIVED) if TOPUP_ITEM.search(f.label)]


def _judge(sheet: Sheet, figure: Figure, tenders: list[Figure]) -> Settlement:
    owed = figure.fen
    checks: list[str] = []
    score = {Role.OWED: 2, Role.TOTAL: 1}.get(figure.role, int(owed < 0))
    paid = paid_by(sheet, owed, tenders)
    goods = bool(sheet.goods.items) and goods_explain(sheet, owed)
    chained = _chain(sheet, figure)
    # An amount made of the payment, or paid by one tender of several, needs another witness.
    partial = paid is not None and len({f.fen for f in paid}) < len({f.fen for f in tenders})
    witnessed = goods or (partial and chained is not None)
    alone = not partial and figure.kind != UNPRINTED
    if figure.kind == UNPRINTED:  # only goods of which none may be a sum or come after the payment
        witnessed = goods and not sheet.goods.holds_a_sum and sheet.goods.last_row < figure.row
        goods = witnessed
    if paid is not None and (alone or witnessed):
        checks.append("tender")
        score += 4 if change_of(sheet) else 3
    if chained is not None:
        checks.append("sum")
        score += 3 if chained.weight > 1 else 2
    if goods:
        checks.append("goods")
        score += 2 if len(sheet.goods.items) > 1 or sheet.goods.sum_fen != owed else 1
    if figure.role is Role.PAID and sheet.named_tender is not None and (goods or chained):
        score += 2  # how it was paid is named beside what was paid
    tax = next((each for each in sheet.taxes if each.agrees(abs(owed))), None)
    if tax is not None:
        checks.append("tax")
        score += 3
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
    paying = bool(tenders) or (owed > 0 and change_of(sheet) > 0)  # change is of a payment
    used = paid if paid is not None else ([] if owed == 0 else tenders)
    told = figure.role in (Role.PAID, Role.OWED) or sheet.payment_named
    if not used and sheet.named_tender and told and owed:
        used = [structs.replace(figure, role=Role.TENDER, kind=sheet.named_tender)]
    return Settlement(
        owed, tuple(checks), score, figure.row, figure.label,
        tuple(Tender(each.kind, _signed(each.fen, owed)) for each in used),
        deposit, None, paying and paid is None and owed != 0,
        bool(sheet.of(Role.CHANGE, Role.RECEIVED)), chain=chained, change_fen=change_of(sheet),
        tax=tax,
    )  # fmt: skip


def _signed(fen: int, owed: int) -> int:
    return -abs(fen) if owed < 0 else abs(fen)


def _chain(sheet: Sheet, figure: Figure) -> Chain | None:
    """Return how an earlier sum plus what stands between gives `figure`, by the most steps."""
    bases = [
        (base.place, base.fen, 1)
        for base in sheet.of(Role.SUBTOTAL, Role.TOTAL, Role.NET, Role.OWED)
        if base.place < figure.place
    ]
    if sheet.goods.items and sheet.goods.end_row <= figure.row:
        bases.append(((sheet.goods.end_row, -1), sheet.goods.sum_fen, len(sheet.goods.items)))
    best: Chain | None = None
    for place, base, count in bases:
        changes = between(sheet, place, figure.place)
        steps = add_up(base, changes, figure.fen)
        if steps is not None and (steps or base != figure.fen or count > 1):
            weight = len(steps) + min(count, 2)
            if best is None or weight > best.weight:
                used = (f for f in changes if f.role is Role.DEPOSIT_USED)
                best = Chain(base, steps, sum(abs(f.fen) for f in used), weight)
    return best


def _superseded(sheet: Sheet, figure: Figure) -> bool:
    """A later total that follows from this one by what stands between them takes its place."""
    later = [
        f
        for f in sheet.of(Role.OWED, Role.TOTAL, Role.PAID)
        if f.place > figure.place and f.fen != figure.fen
    ]
    for after in later:
        changes = between(sheet, figure.place, after.place)
        if changes and add_up(figure.fen, changes, after.fen) is not None:
            return True
    return False

"""The sums behind a settled amount, spelled out so that a person can add them up again."""

from msgspec import Struct

from loyalty.receipt import Item
from receipts.sums.settle import Settlement
from receipts.text.money import decimal

#: More goods than this are told by their number and their sum.
GOODS_SPELLED_MAX = 8


class Proof(Struct, frozen=True):
    """A check that holds, by the name it has among the reasons, and its sum in figures."""

    check: str
    sum: str


def proofs_of(settled: Settlement, items: tuple[Item, ...]) -> tuple[Proof, ...]:
    """Return the checks that spell a sum, in the order in which they were made."""
    owed = decimal(settled.owed_fen)
    sums = {
        "tender": _payment(settled),
        "sum": _chain(settled),
        "goods": _goods(items, settled.owed_fen),
        "tax": settled.tax.spelled(settled.owed_fen) if settled.tax else "",
        "words": f"大写 in words = {owed}",
        "repeated": f"{owed} = {owed}",
    }
    return tuple(Proof(check, sums[check]) for check in settled.checks if sums[check])


def _payment(settled: Settlement) -> str:
    paid = [abs(tender.amount_fen) for tender in settled.tenders]
    steps = [*paid[1:], -settled.change_fen] if settled.change_fen else paid[1:]
    rest = abs(settled.owed_fen) - sum(paid[:1]) - sum(steps)
    return _spelled(paid[0], [*steps, rest] if rest else steps) if paid else ""


def _chain(settled: Settlement) -> str:
    chain = settled.chain
    return _spelled(chain.base_fen, list(chain.steps_fen)) if chain and chain.steps_fen else ""


def _goods(items: tuple[Item, ...], owed_fen: int) -> str:
    amounts = [item.amount_fen for item in items]
    if not amounts:
        return ""
    if len(amounts) > GOODS_SPELLED_MAX:
        spelled = f"{len(amounts)} 项 items = {decimal(sum(amounts))}"
    else:
        spelled = _spelled(amounts[0], amounts[1:])
    rest = owed_fen - sum(amounts)
    return f"{spelled}; {_spelled(sum(amounts), [rest])}" if rest else spelled


def _spelled(first_fen: int, steps_fen: list[int]) -> str:
    signs = ("-" if step < 0 else "+" for step in steps_fen)
    parts = [f"{sign} {decimal(abs(step))}" for sign, step in zip(signs, steps_fen, strict=True)]
    return " ".join([decimal(first_fen), *parts, "=", decimal(first_fen + sum(steps_fen))])

"""A reading told to a person: each fact with its line, each check with its sum, the decision."""

from collections.abc import Iterable

from paper.width import columns
from receipts.reading import Reading
from receipts.reasons import reason
from receipts.text.money import decimal

_VALUE_COLUMNS = 28
_DECISIONS = {
    "award": "积分 award",
    "review": "请人核对 review",
    "ignore": "不积分 ignore",
}


def explained(name: str, readings: Iterable[Reading]) -> str:
    """Return the view of `tillpoints read --explain` for one file."""
    parts = [name]
    for number, reading in enumerate(readings, 1):
        parts += ["", _head(number, reading), *_facts(reading), *_proofs(reading)]
        parts += [*_decision(reading), *_paper(reading)]
    return "\n".join(parts)


def _head(number: int, reading: Reading) -> str:
    return f"{number}. {reading.kind.value} -> {reading.decision}"


def _facts(reading: Reading) -> list[str]:
    money = reading.currency or ""
    owed = None if reading.owed_fen is None else f"{decimal(reading.owed_fen)} {money}"
    tenders = [f"{tender.kind} {decimal(tender.amount_fen)}" for tender in reading.tenders]
    facts = (
        ("merchant", "商户 shop", reading.merchant),
        ("number", "单号 number", reading.number),
        ("original", "原单号 original", reading.original_number),
        ("time", "时间 time", reading.printed_at),
        ("total", "应付 owed", owed),
        ("tenders", "付款 paid by", ", ".join(tenders) or None),
    )
    lines = {source.field: source.line for source in reading.sources}
    return [
        _fact(label, value, reading.lines, lines.get(field))
        for field, label, value in facts
        if value is not None
    ]


def _fact(label: str, value: str, lines: tuple[str, ...], at: int | None) -> str:
    told = f"   {_padded(label, 16)}{value}"
    if at is None or at >= len(lines):
        return told
    return f"{_padded(told, 19 + _VALUE_COLUMNS)}  <- {at + 1:>3} | {lines[at].strip()}"


def _proofs(reading: Reading) -> list[str]:
    return [
        f"   {_padded('核对 check', 16)}{proof.sum}   {_both(proof.check)}"
        for proof in reading.proofs
    ]


def _decision(reading: Reading) -> list[str]:
    eligible = ""
    if reading.decision == "award" and reading.eligible_fen is not None:
        eligible = f": {decimal(reading.eligible_fen)} {reading.currency or ''}"
    sure = f"{round(reading.confidence * 100)}%"
    head = f"   {_padded('结论 decision', 16)}{_DECISIONS[reading.decision]}{eligible} ({sure})"
    return [head, *(f"   {' ' * 16}{why.zh} · {why.en}" for why in reading.why)]


def _paper(reading: Reading) -> list[str]:
    return [f"   {at:>4} | {line}".rstrip() for at, line in enumerate(reading.lines, 1)]


def _both(check: str) -> str:
    words = reason(check)
    return f"{words.zh} · {words.en}"


def _padded(text: str, width: int) -> str:
    return text + " " * max(1, width - columns(text))

"""Whether a receipt may be one that was recorded under other facts: a number or a time was torn.

Pure. It only raises a question for a person: two sales with numbers of their own are two sales.
"""

from collections.abc import Iterable

from loyalty.receipt import Receipt, normalise_number

_MINUTE = len("2026-11-08T13:16")
_DAY = len("2026-11-08")
_NO_CLOCK = "T00:00:00"


def may_be_recorded(receipt: Receipt, recorded: Iterable[Receipt]) -> bool:
    """Tell whether one of the receipts has this amount, and nothing printed tells them apart."""
    return any(_alike(receipt, other) for other in recorded)


def _alike(one: Receipt, other: Receipt) -> bool:
    if (one.owed_fen, one.currency, one.shop_id) != (other.owed_fen, other.currency, other.shop_id):
        return False
    times = one.printed_at or "", other.printed_at or ""
    numbers = [normalise_number(each.number) if each.number else "" for each in (one, other)]
    if numbers[0] == numbers[1]:
        return bool(numbers[0]) and (not times[0]) != (not times[1])
    return _one_is_torn(*numbers) and _same_minute(*times)


def _one_is_torn(one: str, other: str) -> bool:
    """A number that is missing, or has lost its beginning or its end."""
    short, whole = sorted((one, other), key=len)
    return whole.startswith(short) or whole.endswith(short)


def _same_minute(one: str, other: str) -> bool:
    """Where the time or only its clock is missing on one side, the rest must agree."""
    if not one or not other:
        return one != other
    if one.endswith(_NO_CLOCK) != other.endswith(_NO_CLOCK):
        return one[:_DAY] == other[:_DAY]
    return one[:_MINUTE] == other[:_MINUTE]

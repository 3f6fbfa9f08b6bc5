"""An amount of money as a cashier types it. Pure."""

_CENT = 2


def fen_of(amount: str) -> int | None:
    """Return an amount as a cashier types it, 214 or 214.50, in fen; None if it is none."""
    whole, point, part = amount.strip().replace("¥", "").partition(".")
    if not whole.isdecimal() or not whole.isascii() or len(whole) > 8:
        return None
    if point and not (part.isdecimal() and part.isascii() and len(part) <= _CENT):
        return None
    return int(whole) * 100 + int(part.ljust(_CENT, "0") or 0)

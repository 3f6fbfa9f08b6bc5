"""What a reward is beyond its price, and whether a member may have it. Pure.

Both sides ask the same questions: a kiosk so that it offers only what can be had, central because
it decides. Local times and days are the mall's, as ISO text, so that they compare as they stand.
"""

from typing import Literal

from msgspec import Struct

from loyalty.coupons import Coupon
from loyalty.rules.earning import Reason

Kind = Literal["goods", "gift_card", "parking", "service", "coupon", "bundle"]
KINDS: tuple[Kind, ...] = ("goods", "gift_card", "parking", "service", "coupon", "bundle")
Per = Literal["", "day", "month"]
#: How the counters of stock begin.
STOCK = "stock/"


class Part(Struct, frozen=True):
    """So many pieces of another reward, as part of a bundle."""

    reward_id: str
    pieces: int


class Details(Struct, frozen=True, omit_defaults=True):
    """What a reward is and for whom. Days are ISO dates, both included; empty: no such limit.

    `pieces_max` of it may be had at once, counted in `unit_zh` and `unit_en`. A coupon takes
    `off_fen` or `off_percent` off a receipt of `from_fen` or more, at most `off_most_fen`. From
    `price_from` to `price_until` it costs `price_points` a piece. `tiers` alone may have it;
    `early_tiers` may from `early_from` on. A member may have `limit` pieces: ever, or in a day or
    a month.
    """

    about_zh: str = ""
    about_en: str = ""
    picture: str = ""
    pieces_max: int = 1
    unit_zh: str = ""
    unit_en: str = ""
    off_fen: int = 0
    off_percent: int = 0
    off_most_fen: int = 0
    from_fen: int = 0
    parts: tuple[Part, ...] = ()
    price_points: int = 0
    price_from: str = ""
    price_until: str = ""
    offered_from: str = ""
    offered_until: str = ""
    tiers: tuple[str, ...] = ()
    early_tiers: tuple[str, ...] = ()
    early_from: str = ""
    limit: int = 0
    limit_per: Per = ""


def coupon_of(details: Details) -> Coupon | None:
    """Return what a reward takes off a bill; None if it is no coupon."""
    terms = Coupon(details.off_fen, details.off_percent, details.off_most_fen, details.from_fen)
    return terms if terms.is_one else None


class Terms(Struct, frozen=True, omit_defaults=True):
    """What a reward cost and who could have it from a moment (ms UTC, by central's clock) on."""

    from_ms: int
    points: int
    offered: bool = True
    details: Details = Details()


class Asking(Struct, frozen=True):
    """Who asks for how much of a reward, and when: what `why_not` goes by.

    `day` is the mall's, empty while it is not known. `had` pieces count towards the limit; `left`
    are in stock, None where that is not counted or not known.
    """

    pieces: int
    day: str
    tier_id: str
    had: int = 0
    left: int | None = None


def price(points: int, details: Details, day: str) -> int:
    """Return what a piece costs on a day of the mall; without a day, the ordinary price."""
    if details.price_points and day and _within(day, details.price_from, details.price_until):
        return details.price_points
    return points


def why_not(details: Details, asking: Asking) -> Reason | None:
    """Return why a member may not have a reward, None if nothing of it stands against that."""
    return _when(details, asking) or _how_many(details, asking)


def why_not_ahead(details: Details) -> Reason | None:
    """Return why a reward can be had from central alone, whoever asks; None if it need not be."""
    if details.limit:
        return Reason("offline_limit")
    if coupon_of(details) is not None:
        return Reason("offline_coupon")
    if details.parts:
        return Reason("offline_bundle")
    return None


def why_not_inside(details: Details, asking: Asking) -> Reason | None:
    """Return why a member may not have a reward as part of a bundle, None if they may.

    How many are had at once is the bundle's affair; tiers, days and limits are the part's own.
    """
    return _when(details, asking) or _limit(details, asking)


def had_name(reward_id: str, member: str, details: Details, day: str) -> str | None:
    """Return the counter of the pieces a member had that count towards its limit, if it has one."""
    if not details.limit:
        return None
    span = {"": "ever", "day": day, "month": day[:7]}[details.limit_per]
    return f"had/{reward_id}/{member}/{span}"


def stock_name(reward_id: str, place: str) -> str:
    """Return the counter of the pieces of a reward that a place has handed out or set aside."""
    return f"{STOCK}{reward_id}/{place}"


def _when(details: Details, asking: Asking) -> Reason | None:
    if details.tiers and asking.tier_id not in details.tiers:
        return Reason("reward_tier")
    if not asking.day:
        return None  # central knows the day; here nothing may depend on a guess
    if details.offered_until and asking.day > details.offered_until:
        return Reason("reward_over", {"day": details.offered_until})
    begins = details.offered_from
    if details.early_tiers and asking.tier_id in details.early_tiers:
        begins = details.early_from
    if begins and asking.day < begins:
        return Reason("reward_not_yet", {"day": begins})
    return None


def _how_many(details: Details, asking: Asking) -> Reason | None:
    if not 1 <= asking.pieces <= details.pieces_max:
        return Reason("reward_pieces", {"most": str(details.pieces_max)})
    limited = _limit(details, asking)
    if limited is not None:
        return limited
    if asking.left is not None and asking.pieces > asking.left:
        if asking.left <= 0:
            return Reason("reward_gone")
        return Reason("reward_left", {"left": str(asking.left)})
    return None


def _limit(details: Details, asking: Asking) -> Reason | None:
    if details.limit and asking.had + asking.pieces > details.limit:
        code = {"": "reward_limit", "day": "reward_limit_day", "month": "reward_limit_month"}
        return Reason(code[details.limit_per], {"limit": str(details.limit)})
    return None


def _within(day: str, first: str, last: str) -> bool:
    return (not first or first <= day) and (not last or day <= last)

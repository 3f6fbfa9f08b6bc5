"""Until when points count: months from earning, or to the end of a month or year, by the rules.

Days are the mall's; a day ends at the mall's next midnight, whatever its clocks do in between.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from loyalty.rules.book_types import RuleBook
from loyalty.rules.lots import expires_on

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=4_096)  # every award of a day asks the same
def last_day(earned_on: date, book: RuleBook, tier_id: str = "", own_months: int = 0) -> date:
    """Return the last day on which points count that a member of a tier earned on a day.

    `own_months` is what the campaign that gave them says; then the tier has its say, then the
    book. The book's end of month or year is for all of them.
    """
    months = own_months or book.tier(tier_id).expiry_months or book.expiry_months
    day = expires_on(earned_on, months)
    if book.expiry_to == "month_end":
        return day.replace(day=monthrange(day.year, day.month)[1])
    if book.expiry_to == "year_end":
        return date(day.year, 12, 31)
    return day


@lru_cache(maxsize=1_024)
def counts_from(earned_on: date, book: RuleBook) -> date:
    """Return the first day on which points earned on a day can be spent."""
    return earned_on + timedelta(days=book.pending_days)


def day_of(moment_ms: int, zone: ZoneInfo) -> date:
    """Return the mall's day of a moment, ms since 1970 UTC."""
    return (_EPOCH + timedelta(milliseconds=moment_ms)).astimezone(zone).date()


def end_of_day_ms(day: date, zone: ZoneInfo) -> int:
    """Return the first ms since 1970 UTC that is no longer of the mall's `day`."""
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return round((midnight.astimezone(UTC) - _EPOCH) / timedelta(milliseconds=1))

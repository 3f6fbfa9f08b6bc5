"""Calendar conditions of the mall: days, weekdays, hours, asked of a moment or of a span.

Central knows of an event only between which two moments it happened (SYNC 2.7). A condition holds
if it held at any moment of the span: what straddles an edge is decided for the member. All times
here are the mall's local times without a zone; whoever asks has turned them from UTC.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from msgspec import Struct

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: A span is looked through day by day up to here; a till that was away longer knows no better.
SPAN_DAYS_MAX = 400
_DAY_MINUTES = 24 * 60


class Span(Struct, frozen=True, gc=False):
    """Between which two local moments something happened; the same moment twice if it is known."""

    first: datetime
    last: datetime

    def months(self) -> frozenset[int]:
        """Return the calendar months (1 to 12) that the span touches."""
        return frozenset(day.month for day in self.days())

    def days(self) -> Iterator[date]:
        """Yield every day of the span, at most SPAN_DAYS_MAX of them."""
        day, last = self.first.date(), self.last.date()
        for _ in range(SPAN_DAYS_MAX):
            yield day
            if day >= last:
                return
            day += timedelta(days=1)


class Hours(Struct, frozen=True, gc=False):
    """From one minute of the day up to, not including, another; across midnight if it is less."""

    start: int
    end: int

    def touches(self, first: int, last: int) -> bool:
        """Tell whether any minute from `first` to `last` of one day, both included, is inside."""
        if self.start < self.end:
            return first < self.end and last >= self.start
        return last >= self.start or first < self.end


def at(moment: datetime) -> Span:
    """Return the span of a moment that is known exactly."""
    return Span(moment, moment)


@lru_cache(maxsize=512)
def hours_of(text: str) -> Hours:
    """Return the hours that `10:00-14:00` names; 24:00 is the end of a day. Raises ValueError."""
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is no span of hours like 10:00-14:00")
    hours = Hours(_minute(start, text), _minute(end, text))
    if hours.start in (hours.end, _DAY_MINUTES):
        raise ValueError(f"{text!r} holds no time")
    return hours


def holds(
    span: Span,
    from_day: date | None,
    until_day: date | None,
    weekdays: tuple[Weekday, ...],
    hours: tuple[str, ...],
) -> bool:
    """Tell whether at some moment of the span all of these held; empty ones always hold.

    Days are both included. The part of a night behind midnight belongs to the new day.
    """
    for day in span.days():
        if from_day is not None and day < from_day:
            continue
        if until_day is not None and day > until_day:
            return False
        if weekdays and WEEKDAYS[day.weekday()] not in weekdays:
            continue
        if not hours or _touched(span, day, hours):
            return True
    return False


def _touched(span: Span, day: date, hours: tuple[str, ...]) -> bool:
    first = _minute_of(span.first.time()) if span.first.date() == day else 0
    last = _minute_of(span.last.time()) if span.last.date() == day else _DAY_MINUTES - 1
    return any(hours_of(text).touches(first, last) for text in hours)


def _minute_of(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _minute(text: str, whole: str) -> int:
    hour, colon, minute = text.strip().partition(":")
    digits = (hour + minute).isascii() and hour.isdigit() and minute.isdigit()
    if not (colon and digits and len(minute) == 2):
        raise ValueError(f"{whole!r} is no span of hours like 10:00-14:00")
    total = int(hour) * 60 + int(minute)
    if int(minute) > 59 or total > _DAY_MINUTES:
        raise ValueError(f"{whole!r}: there is no {text.strip()} in a day")
    return total

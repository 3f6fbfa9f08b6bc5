"""Dates and times as printed: local, without a zone, as `YYYY-MM-DDTHH:MM:SS`.

Owns the spellings of DOMAIN's list (year first, day first, month names, 12-hour clock in English
and Chinese, time on another line). Which of several times is the receipt's own is decided by the
words in front of them, in `reader`.
"""

import re
from datetime import datetime
from typing import NamedTuple

_MONTHS = {name: number for number, name in enumerate(
    ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), 1
)}  # fmt: skip

_S = r"\s?"
_MONTH = "(?P<mon>JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]*"
_PLAIN_DATES = [
    re.compile(r"(?<![\dA-Za-z-])(?P<y>20\d\d)(?P<m>[01]\d)(?P<d>[0-3]\d)"
        r"(?:\s?(?P<rest>[0-2]\d[0-5]\d[0-5]\d))?(?![\d-])"),
    re.compile(
        rf"(?<!\d)(?P<y>20\d\d){_S}[-/.年]{_S}(?P<m>\d{{1,2}}){_S}[-/.月]{_S}(?P<d>\d{{1,2}})日?"
        r"(?!\d(?!\d?:))"
    ),
    re.compile(
        rf"(?<![\d/.-])(?P<a>\d{{1,2}}){_S}(?P<sep>[-/.]){_S}(?P<b>\d{{1,2}}){_S}"
        rf"(?:[-/.]{_S}(?P<c>20\d\d)|(?P=sep){_S}(?P<c2>\d\d))(?!\d?[\d/.-]\d)"
    ),
    re.compile(  # years of the Republic in Taiwan: 114/11/08
        r"(?<![\d/.-])(?P<roc>1[0-3]\d)\s?(?P<sep>[-/.年])\s?(?P<m>\d{1,2})\s?(?:(?P=sep)|月)\s?"
        r"(?P<d>\d{1,2})日?(?![\d月]|[-/.]\d)"
    ),
    re.compile(r"(?<!\d)(?P<a>[0-3]\d)(?P<b>[01]\d)(?P<c>20\d\d)(?=\s+[0-2]\d:[0-5]\d)"),
]  # fmt: skip
_DATES_WITH_NAMES = [
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:ST|ND|RD|TH)?{_S}(?:OF|[-/. ])?{_S}{_MONTH}\.?{_S}[-/., ]?{_S}"
        r"(?P<y>20\d\d|\d\d(?!\d|:))",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<![A-Z]){_MONTH}\.?\s?(?P<d>\d{{1,2}})(?:ST|ND|RD|TH)?,?\s?(?P<y>20\d\d)",
        re.IGNORECASE,
    ),
    *_PLAIN_DATES,
]
_TIME = re.compile(
    r"(?P<half>上午|下午|晚上|中午|凌晨|早上)?\s?(?<![\d.])(?<!\d:)"
    r"(?P<h>[0-2]?\d)\s?[:：时時]\s?(?P<m>[0-5]\d)"
    r"(?:\s?[:：.分]\s?(?P<s>[0-5]\d))?(?![\d:])\s?(?P<ap>[AP]\.?\s?M\b)?",
    re.IGNORECASE,
)
_CLOCK_MARK = re.compile("[:时時]")
_MONTH_NAME = re.compile("JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC")
#: What a date or a time in digits has and an amount has not. Most lines are told apart by this.
_HINT = re.compile(r"\d\s?(?:[-/:年]|\.\s?\d{1,2}\s?\.)\s?\d|20\d{6}")
_DIGIT = re.compile(r"\d")
_YEARS = range(2000, 2100)


class Stamp(NamedTuple):
    """A date, a time or both, and where they stand on their line."""

    date: str | None
    time: str | None
    start: int
    end: int


def stamps(line: str, order: str) -> list[Stamp]:
    """Return what looks like a date or time on a folded line. `order` is ymd, dmy or mdy."""
    if not _DIGIT.search(line):
        return []
    named = _MONTH_NAME.search(line.upper()) is not None
    if not named and not _HINT.search(line):
        return []
    found: list[Stamp] = []
    times = (
        [(match, _clock(match)) for match in _TIME.finditer(line)]
        if _CLOCK_MARK.search(line)
        else []
    )
    used: set[int] = set()
    for start, date_end, date, packed in _dates(line, order, named=named):
        time, end = packed, date_end
        if time is None:
            near = [
                (match, clock)
                for match, clock in times
                if clock
                and match.start() not in used
                and match.start() >= end - 1
                and match.start() - end <= 12
            ]
            if near:
                match, time = near[0]
                used.add(match.start())
                end = match.end()
        found.append(Stamp(date, time, start, end))
    found += [
        Stamp(None, clock, match.start(), match.end())
        for match, clock in times
        if clock
        and match.start() not in used
        and not any(stamp.start <= match.start() < stamp.end for stamp in found)
    ]
    return found


def _dates(line: str, order: str, *, named: bool) -> list[tuple[int, int, str, str | None]]:
    out: list[tuple[int, int, str, str | None]] = []
    for pattern in _DATES_WITH_NAMES if named else _PLAIN_DATES:
        for match in pattern.finditer(line):
            if any(start < match.end() and match.start() < end for start, end, _, _ in out):
                continue
            date = _date(match.groupdict(), order)
            if date is not None:
                rest = match.groupdict().get("rest")
                clock = f"{rest[:2]}:{rest[2:4]}:{rest[4:]}" if rest else None
                out.append((match.start(), match.end(), date, clock))
    return sorted(out)


def _date(parts: dict[str, str | None], order: str) -> str | None:
    if parts.get("a") is not None:
        last = parts.get("c") or parts.get("c2") or ""
        tries = _orders(int(parts["a"] or 0), int(parts["b"] or 0), last, order)
    else:
        month = _MONTHS[str(parts["mon"])[:3].upper()] if parts.get("mon") else int(parts["m"] or 0)
        roc = parts.get("roc")
        tries = [(int(roc) + 1911 if roc else _year(parts["y"] or ""), month, int(parts["d"] or 0))]
    for year, month, day in tries:
        if year in _YEARS and _real(year, month, day):
            return f"{year:04d}-{month:02d}-{day:02d}"
    return None


def _orders(first: int, second: int, last: str, order: str) -> list[tuple[int, int, int]]:
    """Return the readings of a-b-c, the asked order first; four digits at the end are the year."""
    ymd = (2000 + first, second, int(last[-2:]))
    dmy = (_year(last), second, first)
    mdy = (_year(last), first, second)
    if len(last) == 4:
        return [mdy, dmy] if order == "mdy" else [dmy, mdy]
    return {"ymd": [ymd, dmy, mdy], "dmy": [dmy, mdy, ymd], "mdy": [mdy, dmy, ymd]}[order]


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _real(year: int, month: int, day: int) -> bool:
    try:
        datetime(year, month, day)  # noqa: DTZ001 - a printed date has no zone
    except ValueError:
        return False
    return True


def _clock(match: re.Match[str]) -> str | None:
    hour, minute, second = int(match["h"]), int(match["m"]), int(match["s"] or 0)
    mark = (match["ap"] or "").upper()[:1]
    half = match["half"] or ""
    if ((mark == "P" or half in ("下午", "晚上")) and hour < 12) or (half == "中午" and hour < 11):
        hour += 12
    elif (mark == "A" or half in ("上午", "凌晨")) and hour == 12:
        hour = 0
    return f"{hour:02d}:{minute:02d}:{second:02d}" if hour < 24 else None

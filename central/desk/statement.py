"""A member's statement as paper: what they had, each thing that changed it, what they have.

Pure layout and words. The sums are the ledger's; this module adds nothing up.
"""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from loyalty.rules.reasons import Reason
from loyalty.wording import say as worded
from paper.layout import Blank, Cut, Element, Pair, Rule, Slip, Table, Text
from paper.marker import HEADINGS, OWN_PRINT_MARK, Lang

_WORDS: dict[str, tuple[str, str]] = {
    "member": ("会员", "Member"),
    "tier": ("等级", "Tier"),
    "period": ("期间", "Period"),
    "opening": ("期初余额", "Opening balance"),
    "closing": ("期末余额", "Closing balance"),
    "day": ("日期", "Day"),
    "what": ("摘要", "What"),
    "points": ("积分", "Points"),
    "balance": ("余额", "Balance"),
    "nothing": ("本期没有积分变动", "Nothing changed in this period"),
    "expiring": ("{on} 到期", "Expire {on}"),
    "no expiry": ("目前没有即将到期的积分", "No points are about to expire"),
    "held": ("其中兑换占用", "Of which set aside"),
    "made": ("打印时间", "Printed"),
}


class Line(Struct, frozen=True):
    """One change: the mall's day, what it was, points (negative: taken) and the balance after.

    `points` and `balance` are None where a tier changed. `why` are the reasons beside it, as the
    slip told them, in zh and in en.
    """

    day: date
    what_zh: str
    what_en: str
    points: int | None
    balance: int | None
    why: tuple[tuple[str, str], ...] = ()


class Expiring(Struct, frozen=True):
    """Points that count until the end of the day `on`."""

    on: date
    points: int


class Statement(Struct, frozen=True):
    """A member's account between two days, both included; name and number are masked.

    `held`, `expiring` and `told` (what the member should hear of, in zh and en) are as of now.
    """

    programme: str
    number: str
    masked_name: str
    tier_zh: str
    tier_en: str
    first_day: date
    last_day: date
    opening: int
    lines: tuple[Line, ...]
    closing: int
    held: int
    expiring: tuple[Expiring, ...]
    made_at: str
    told: tuple[tuple[str, str], ...] = ()


def compose(statement: Statement, lang: Lang) -> Slip:
    """Return the statement as a layout document."""
    return tuple(_elements(statement, lang))


def say(key: str, lang: Lang, **facts: str) -> str:
    """Return the words for `key`."""
    zh, en = _WORDS[key]
    return (zh if lang == "zh" else en).format(**facts)


def _elements(statement: Statement, lang: Lang) -> Iterator[Element]:
    yield Text(OWN_PRINT_MARK, "centre")
    yield Text(HEADINGS["statement"][lang], "centre", bold=True, size=2)
    yield Text(statement.programme, "centre")
    yield Rule("=")
    yield Pair(say("member", lang), f"{statement.masked_name} {statement.number}")
    tier = statement.tier_zh if lang == "zh" else statement.tier_en
    yield Pair(say("tier", lang), tier)
    yield Pair(say("period", lang), f"{statement.first_day} ~ {statement.last_day}")
    yield Pair(say("opening", lang), f"{statement.opening:,}", bold=True)
    yield Rule()
    yield from _lines(statement, lang)
    yield Rule()
    yield Pair(say("closing", lang), f"{statement.closing:,}", bold=True)
    if statement.closing < 0:
        yield Text(worded(Reason("owed", {"points": f"{-statement.closing:,}"}), lang))
    if statement.held:
        yield Pair(say("held", lang), f"{statement.held:,}")
    for lot in statement.expiring:
        yield Pair(say("expiring", lang, on=lot.on.isoformat()), f"{lot.points:,}")
    if not statement.expiring:
        yield Text(say("no expiry", lang))
    yield from (Text(zh if lang == "zh" else en) for zh, en in statement.told)
    yield Blank()
    yield Pair(say("made", lang), statement.made_at)
    yield Cut()


def _lines(statement: Statement, lang: Lang) -> Iterator[Element]:
    if not statement.lines:
        yield Text(say("nothing", lang))
        return
    # The year is in the period above unless the statement crosses one.
    one_year = statement.first_day.year == statement.last_day.year
    rows = tuple(row for line in statement.lines for row in _rows(line, lang, one_year=one_year))
    heading = tuple(say(key, lang) for key in ("day", "what", "points", "balance"))
    yield Table(heading, rows, flexible=1)


def _rows(line: Line, lang: Lang, *, one_year: bool) -> Iterator[tuple[str, str, str, str]]:
    yield (
        line.day.strftime("%m-%d" if one_year else "%y-%m-%d"),
        line.what_zh if lang == "zh" else line.what_en,
        "" if line.points is None else f"{line.points:+,}",
        "" if line.balance is None else f"{line.balance:,}",
    )
    for zh, en in line.why:
        yield "", zh if lang == "zh" else en, "", ""

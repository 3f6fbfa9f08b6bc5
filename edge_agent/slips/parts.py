"""What several slips have in common: where they come from, a code to scan or type, a balance."""

from collections.abc import Iterator

from msgspec import Struct

from edge_agent.slips.words import say
from paper.layout import QR, Blank, Element, Pair, Text
from paper.marker import Lang


class Origin(Struct, frozen=True):
    """Where a slip comes from; `printed_at` is local time, `number` finds the slip again.

    No time is left off: a till that does not know it prints none, rather than a wrong one.
    """

    mall: str
    shop: str
    till: str
    printed_at: str
    number: str


def group_code(code: str) -> str:
    """Return a code in groups of four, two groups to a line, as people read it aloud."""
    groups = [code[start : start + 4] for start in range(0, len(code), 4)]
    return "\n".join(" ".join(groups[start : start + 2]) for start in range(0, len(groups), 2))


def code_of(label: str, code: str, qr: str) -> Iterator[Element]:
    """Yield a code for typing and its QR."""
    yield Text(label, "centre")
    yield Text(group_code(code), "centre", bold=True, size=2)
    # The blank lines are the quiet zone above and below, without which phones do not see the code.
    yield Blank()
    yield QR(qr)
    yield Blank()


def balance_of(balance: int | None, lang: Lang) -> Iterator[Element]:
    """Yield what a member has; nobody here knows it: None."""
    shown = say("syncing", lang) if balance is None else f"{balance:,}"
    yield Pair(say("balance", lang), shown)

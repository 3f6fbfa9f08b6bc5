"""What a document has printed so far, held until it ends and its encoding can be told.

Owns the bound on what is held and the choice of encoding per text state. Silent Chinese printers
get plain bytes, and only a whole document shows which encoding they are in.
"""

from receipts.stream.charset import Choice, TextState, choose
from receipts.stream.dialects import Dialect
from receipts.stream.elements import Doubt, Element, Picture
from receipts.stream.lines import (
    Block,
    CarriageReturn,
    Draft,
    Part,
    Text,
    compose,
    compose_block,
)

#: Beyond any of these the held part is decoded as if the document had ended.
ELEMENTS_MAX = 20_000
TEXT_MAX = 1 << 20
PICTURE_MAX = 16 << 20
#: More doubts than this in one document say nothing new.
DOUBTS_MAX = 200


class Held:
    """Elements and undecoded lines in printed order; `release` decodes and hands them out."""

    def __init__(self) -> None:
        self.out: list[Element] = []
        self.line_feeds = False
        self._items: list[Element | Draft | Block] = []
        self._count = self._text = self._picture = self._doubts = 0
        self._encoding: str | None = None  # what this connection used last

    def add(self, item: Element | Draft, dialect: Dialect) -> None:
        """Hold one more; beyond the bound everything held is let go."""
        if isinstance(item, Doubt):
            self._doubts += 1
            if self._doubts > DOUBTS_MAX:
                return
        elif isinstance(item, Draft):
            self._text += item.size
        elif isinstance(item, Picture):
            self._picture += len(item.sent)
        self._items.append(item)
        self._count += 1
        if self._count > ELEMENTS_MAX or self._text > TEXT_MAX or self._picture > PICTURE_MAX:
            self.release(dialect)

    def add_block(self, block: Block, dialect: Dialect) -> None:
        """Hold a block of lines, or its lines one by one where that would pass the bound."""
        self.line_feeds = True
        if self._count + block.count > ELEMENTS_MAX or self._text + block.size > TEXT_MAX:
            for draft in block.drafts():
                self.line_feeds = True
                self.add(draft, dialect)
            return
        self._count += block.count
        self._text += block.size
        self._items.append(block)

    def release(self, dialect: Dialect) -> None:
        """Decode what is held, now that its document is over, into `out`."""
        items, self._items = self._items, []
        if not self.line_feeds:
            items = _split_at_carriage_returns(items)
        self._count = self._text = self._picture = self._doubts = 0
        self.line_feeds = False
        choices = self._choices(items, dialect)
        for item in items:
            if isinstance(item, Block):
                self.out += compose_block(item, choices[item.state])
            else:
                self.out.append(compose(item, choices) if isinstance(item, Draft) else item)

    def taken(self) -> list[Element]:
        """Return what was released since the last call."""
        out, self.out = self.out, []
        return out

    def _choices(
        self, items: list[Element | Draft | Block], dialect: Dialect
    ) -> dict[TextState, Choice]:
        runs: dict[TextState, list[bytes | bytearray]] = {}
        for item in items:
            if isinstance(item, Block):
                runs.setdefault(item.state, []).append(item.data)
            elif isinstance(item, Draft):
                for part in item.parts:
                    if isinstance(part, Text):
                        runs.setdefault(part.state, []).append(part.data)
        choices = {}
        for state, data in runs.items():
            choice = choose(
                data, state, dialect.pages, chinese=dialect.chinese, last=self._encoding
            )
            if choice.encoding != choice.page:
                self._encoding = choice.encoding
            choices[state] = choice
        return choices


def _split_at_carriage_returns(
    items: list[Element | Draft | Block],
) -> list[Element | Draft | Block]:
    """Split drafts at CR: in a document without any LF, CR is what ends a line."""
    out: list[Element | Draft | Block] = []
    for item in items:
        if not isinstance(item, Draft):
            out.append(item)
            continue
        parts: list[Part] = []
        for part in item.parts:
            if isinstance(part, CarriageReturn):
                out.append(Draft(parts, item.align, item.offset, item.end))
                parts = []
            else:
                parts.append(part)
        if parts:
            out.append(Draft(parts, item.align, item.offset, item.end))
    return out

"""Where one paper ends and the next begins.

A document ends at a cut, at a form feed, at ESC @ after text that holds a total, and at a long
feed on printers without a cutter. Leftovers without text (a drawer pulse, a reset, blank paper)
are no document.
"""

from msgspec import Struct

from receipts.stream.elements import (
    Aborted,
    Cut,
    Doubt,
    Element,
    Feed,
    FormFeed,
    Line,
    Picture,
    Reset,
)

#: Feeding this many lines ends a document on printers that have no cutter.
FEED_LINES_END = 5
FEED_DOTS_END = 150
#: ESC @ ends a document only after this many printed lines: many tills reset inside one.
RESET_AFTER_LINES = 4


class Document(Struct, frozen=True):
    """One paper: its elements in order."""

    elements: tuple[Element, ...]

    @property
    def lines(self) -> list[Line]:
        """The printed lines in reading order; a sheet printed upside down is turned."""
        lines = [element for element in self.elements if isinstance(element, Line)]
        texts = [line for line in lines if line.runs]
        if texts and all(line.runs[0].style.upside_down for line in texts):
            lines.reverse()
        return lines

    @property
    def pictures(self) -> list[Picture]:
        """The rasters on the paper, in order."""
        return [element for element in self.elements if isinstance(element, Picture)]

    @property
    def doubts(self) -> list[Doubt]:
        """What the decoder was not sure of."""
        return [element for element in self.elements if isinstance(element, Doubt)]


def split(elements: list[Element]) -> list[Document]:
    """Return the documents of a job, in order."""
    documents: list[Document] = []
    current: list[Element] = []

    def finish() -> None:
        if any(
            (isinstance(each, Line) and each.runs) or isinstance(each, Picture | Doubt)
            for each in current
        ):
            documents.append(Document(tuple(current)))
        current.clear()

    ended = False
    for element in elements:
        if isinstance(element, Aborted):
            current.clear()
            continue
        if isinstance(element, Cut | FormFeed):
            current.append(element)
            finish()
            ended = False
            continue
        if isinstance(element, Reset) and _printed(current) >= RESET_AFTER_LINES:
            finish()
        if ended and isinstance(element, Line) and element.runs:
            finish()
        current.append(element)
        ended = _long_feed(element) if not isinstance(element, Line) or element.runs else ended
    finish()
    return documents


def _printed(elements: list[Element]) -> int:
    return sum(1 for element in elements if isinstance(element, Line) and element.runs)


def _long_feed(element: Element) -> bool:
    return isinstance(element, Feed) and (
        element.lines >= FEED_LINES_END or element.dots >= FEED_DOTS_END
    )

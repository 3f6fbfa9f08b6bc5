"""What came out of a virtual printer, as a person and a scanner read it: pieces of paper."""

from __future__ import annotations

from msgspec import Struct

from paper.marker import is_own_print
from receipts.stream.decoder import Decoder
from receipts.stream.elements import Code, Cut, FormFeed, Line


class Sheet(Struct, frozen=True):
    """One piece between cuts. `ours` tells our own slips from what a POS printed."""

    lines: tuple[str, ...]
    qr_codes: tuple[str, ...]
    ours: bool

    @property
    def text(self) -> str:
        """All lines, so that words on it can be looked for."""
        return "\n".join(self.lines)

    def says(self, *words: str) -> bool:
        """Tell whether every one of `words` stands on it."""
        return all(word in self.text for word in words)


def sheets(raw: bytes) -> list[Sheet]:
    """Return the pieces of paper that printer bytes put out, in order; blank ones are left out."""
    decoder = Decoder()
    found: list[Sheet] = []
    lines: list[str] = []
    codes: list[str] = []
    for element in [*decoder.feed(raw), *decoder.close(), Cut(partial=False)]:
        if isinstance(element, Cut | FormFeed):
            if lines or codes:
                found.append(Sheet(tuple(lines), tuple(codes), is_own_print(lines)))
            lines, codes = [], []
        elif isinstance(element, Line) and element.text.strip():
            lines.append(element.text)
        elif isinstance(element, Code) and element.symbology == "qr":
            codes.append(element.text)
    return found


def without_jobs(paper: bytes, jobs: list[bytes]) -> bytes:
    """Return what stands on `paper` between jobs, which must be there whole and in this order.

    Raises ValueError naming the first job that is not.
    """
    between, place = [], 0
    for number, job in enumerate(jobs, 1):
        found = paper.find(job, place)
        if found < 0:
            raise ValueError(f"job {number} of {len(jobs)} is not on the paper as it was sent")
        between.append(paper[place:found])
        place = found + len(job)
    return b"".join([*between, paper[place:]])

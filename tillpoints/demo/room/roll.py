"""The paper that came out of one printer, piece by piece, drawn as it looks."""

from __future__ import annotations

import time

from msgspec import Struct

from paper.marker import HEADINGS, is_own_print
from receipts.stream.decoder import Decoder
from receipts.stream.drawing import draw_elements
from receipts.stream.elements import Code, Cut, Element, Line

PIECES_MAX = 40
_HEADINGS = {words["zh"]: kind for kind, words in HEADINGS.items()}


class Piece(Struct, frozen=True):
    """One piece of paper. `kind` is that of our own slips, else "pos"; `qr` is for a scanner."""

    number: int
    svg: str
    kind: str
    qr: str
    cut: bool
    at_ms: int


class Roll:
    """Grows with its printer's bytes; only what came since the last cut is decoded again."""

    def __init__(self, columns: int) -> None:
        self.pieces: list[Piece] = []
        self._columns = columns
        self._done_bytes = 0
        self._seen_bytes = 0
        self._next = 1

    def grow(self, paper: bytes) -> bool:
        """Take in all that was ever printed; True if there is a new or longer piece."""
        if len(paper) == self._seen_bytes:
            return False
        self._seen_bytes = len(paper)
        fresh = paper[self._done_bytes :]
        decoder = Decoder()
        piece: list[Element] = []
        changed = self._drop_uncut()
        begun = self._done_bytes
        for element in [*decoder.feed(fresh), *decoder.close()]:
            piece.append(element)
            if isinstance(element, Cut):
                changed = self._add(piece) or changed
                self._done_bytes = begun + element.end
                piece = []
        changed = self._add(piece) or changed
        self.pieces = self.pieces[-PIECES_MAX:]
        return changed

    def newest(self, kind: str) -> Piece | None:
        """Return the newest piece of a kind."""
        return next((piece for piece in reversed(self.pieces) if piece.kind == kind), None)

    def piece(self, number: int) -> Piece | None:
        """Return a piece by its number."""
        return next((piece for piece in self.pieces if piece.number == number), None)

    def _drop_uncut(self) -> bool:
        """Take away the piece that still hangs in the printer: it is drawn anew, and longer."""
        if self.pieces and not self.pieces[-1].cut:
            self._next = self.pieces.pop().number
            return True
        return False

    def _add(self, elements: list[Element]) -> bool:
        drawings = draw_elements(elements, self._columns)
        if not drawings:
            return False
        lines = [element.text.strip() for element in elements if isinstance(element, Line)]
        codes = [e.text for e in elements if isinstance(e, Code) and e.symbology == "qr"]
        kinds = [_HEADINGS[line] for line in lines if line in _HEADINGS]
        kind = kinds[0] if kinds and is_own_print(lines) else "pos"
        cut = isinstance(elements[-1], Cut)
        qr = codes[0] if codes and kind != "pos" else ""
        piece = Piece(self._next, drawings[0], kind, qr, cut, round(time.time() * 1000))
        self._next += 1
        self.pieces.append(piece)
        return True

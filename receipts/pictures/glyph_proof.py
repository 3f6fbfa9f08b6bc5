"""Whether the sums on a paper, or those of confirmed receipts, prove what its digits are.

A dictionary that takes every 1 for a 7 reads 17.00 paid by 17.00 as 71.00 paid by 71.00: the sums
hold all the same. So digits read by shape are believed only when no other reading of the same
shapes would satisfy the paper and all the shop's examples. Nothing in a template is taken on trust.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from receipts.decision import PROOFS, amount_doubts
from receipts.facts.reader import facts_of
from receipts.pictures.glyphs import UNKNOWN, Cell, Glyphs, ReadLine
from receipts.stream.elements import Line, Run
from receipts.stream.segmenter import Document
from receipts.text.glued_words import parted

Example = tuple[tuple[str, ...], ...]
_DIGITS = "0123456789"
_UNKNOWN = Cell(UNKNOWN)


class Sums(NamedTuple):
    """The amounts that points depend on, the one owed first, and the sums that confirm them."""

    fen: tuple[int, ...]
    proofs: frozenset[str]

    @property
    def owed_fen(self) -> int:
        """The amount owed."""
        return self.fen[0]


def confirmed(lines: list[str]) -> Sums | None:
    """Return the amount owed that the sums on these lines confirm, None when they do not."""
    document = Document(tuple(Line((Run(text, 0),), text) for text in lines))
    facts = facts_of(document, "CNY", "ymd")
    settled = facts.settled
    if settled is None or amount_doubts(settled):
        return None
    parts = [each.amount_fen for each in settled.tenders] if len(settled.tenders) > 1 else []
    parts += [each.amount_fen for each in facts.items if each.topup]
    parts += [settled.deposit_used_fen] if settled.deposit_used_fen else []
    return Sums((settled.owed_fen, *parts), frozenset(PROOFS & set(settled.checks)))


def is_proved(lines: tuple[ReadLine, ...], known: Glyphs, examples: tuple[Example, ...]) -> bool:
    """Return whether no other digits for the shapes in its amounts would be as consistent.

    Another reading is as consistent when every sum that held still holds, on this paper and on
    each example.
    """
    here = confirmed([parted(line.text()) for line in lines])
    there = [_example(example, known.cells) for example in examples]
    if here is None or None in there:
        return False  # nothing is confirmed, or the dictionary contradicts confirmed receipts
    for changed in _changes(lines, set("".join(map(str, here.fen)))):
        other = confirmed([parted(line.text(changed)) for line in lines])
        if other is None or other.fen == here.fen or not here.proofs <= other.proofs:
            continue
        cells = {**known.cells, **{key: Cell(digit) for key, digit in changed.items()}}
        others = (_example(example, cells) for example in examples)
        if all(b and a and a.proofs <= b.proofs for a, b in zip(there, others, strict=True)):
            return False
    return True


def _example(example: Example, cells: Mapping[str, Cell]) -> Sums | None:
    """Return what an example confirms under a dictionary."""
    return confirmed(
        [
            "".join(
                cells.get(token, _UNKNOWN).text if at % 2 else token
                for at, token in enumerate(line)
            )
            for line in example
        ]
    )


def _changes(lines: tuple[ReadLine, ...], counted: set[str]) -> Iterator[dict[str, str]]:
    """Yield other readings: one shape taken for another digit, or two digits exchanged."""
    shapes = {
        glyph.key: glyph.text
        for line in lines
        for glyph in line.glyphs
        if len(glyph.text) == 1 and glyph.text in _DIGITS
    }
    for key, digit in shapes.items():
        if digit not in counted:
            continue
        for other in _DIGITS.replace(digit, ""):
            yield {key: other}
            swapped = {each: digit for each, text in shapes.items() if text == other}
            if swapped:
                same = {each: other for each, text in shapes.items() if text == digit}
                yield {**same, **swapped}

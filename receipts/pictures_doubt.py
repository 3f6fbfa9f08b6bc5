"""What speaks against a reading that came from a picture, beyond what speaks against any reading.

A machine that reads dots may read a figure wrong the same way everywhere, so one sum that agrees
is not enough: OCR needs two, and a dictionary's digits must be proved.
"""

from loyalty.receipt import Kind
from receipts.decision import PROOFS
from receipts.facts.reader import Facts
from receipts.pictures.as_text import Paper
from receipts.pictures.glyph_proof import is_proved
from receipts.reasons import Reason, reason
from receipts.templates import Template, is_other_layout
from receipts.text import lexicon
from receipts.text.fold import close_up, fold
from receipts.text.money import amounts

#: How far each reader of pictures is trusted beside the printer's own text.
TRUST = {"text": 1.0, "glyphs": 0.95, "ocr": 0.8, "nobody": 0.0}
_SUMS_MIN = 2


def doubts_about(paper: Paper, facts: Facts, template: Template | None) -> tuple[Reason, ...]:
    """Return why a person must look at this paper although its sums may hold."""
    doubts = list(paper.doubts)
    photo = paper.read_by == "ocr" and paper.page is None
    if photo and facts.kind is Kind.OTHER and not doubts:  # held upside down it reads as nothing
        doubts.append(reason("lost_text"))
    settled = facts.settled
    if paper.read_by == "ocr" and settled and len(PROOFS & set(settled.checks)) < _SUMS_MIN:
        doubts.append(reason("one_check"))
    if paper.read_by != "text" and facts.kind is Kind.SALE:
        doubts += [reason("contradiction", word=word) for word in _other_kinds(paper)[:1]]
    known = template.glyphs if template else None
    sums = paper.read_by == "glyphs" and settled is not None and not doubts
    if sums and template and known and not is_proved(paper.glyphs, known, template.examples):
        doubts.append(reason("unproved_digits"))
    if template is not None and is_other_layout(facts, paper.document, template):
        doubts.append(reason("other_layout"))
    return tuple(doubts)


def _other_kinds(paper: Paper) -> list[str]:
    """Return the words, wherever they stand, that make a paper something else than a sale.

    A picture's readers lose a heading's size, OCR also its stars and its place; the reader then
    takes `void` for any word of the text. Words beside an amount say what the amount is.
    """
    words: list[str] = []
    for line in paper.document.lines:
        upper = " ".join(close_up(fold(line.text)).upper().split())
        if not lexicon.FOOTERS.find(upper) and not any(each.exact for each in amounts(upper)):
            words += [term for term, _ in lexicon.HEADINGS.find(upper)]
            words += [term for term, what in lexicon.PRINTED_AGAIN.find(upper) if what == "reprint"]
    return words

"""What a shop's confirmed receipts teach its template.

Owns which papers teach (those whose amount arithmetic fully confirms) and what is taken from them.
Nothing that names a member, a card or a telephone is kept: examples hold only the lines of sums.
"""

import re

from msgspec import Struct, structs

from loyalty.receipt import Kind
from receipts.facts.reader import facts_of
from receipts.pictures import glyph_lessons, glyphs
from receipts.pictures.glyph_proof import confirmed
from receipts.pictures.page import Page
from receipts.reading import Reading
from receipts.stream.elements import Line, Run
from receipts.stream.segmenter import Document
from receipts.templates import Template, label_before
from receipts.text.fold import fold
from receipts.text.rows import rows_of

EXAMPLES_MAX = 8
DRAWINGS_MAX = 16
_LABELS_MAX = 6
_SUM = re.compile(r"\d\.\d\d(?!\d)")
_ITEM_HEADS = re.compile("品名|商品|名称|ITEM|QTY|数量", re.IGNORECASE)


class Lesson(Struct, frozen=True):
    """A paper and its reading; `page` holds its dots when it was printed as a picture."""

    reading: Reading
    page: Page | None = None


def teaches(reading: Reading) -> bool:
    """Return whether a paper was confirmed by its own arithmetic and is a shop's usual receipt."""
    return reading.decision == "award" and reading.kind is Kind.SALE


def taught(template: Template, lessons: list[Lesson], date_order: str) -> Template:
    """Return the template with what confirmed papers teach; other lessons are passed over."""
    for lesson in lessons:
        if not teaches(lesson.reading):
            continue
        template = _hints(template, lesson.reading, date_order)
        if lesson.page is not None:
            template = _glyphs(template, lesson.reading, lesson.page)
    return template


def _hints(template: Template, reading: Reading, date_order: str) -> Template:
    rows = rows_of([_line(text) for text in reading.lines], date_order)
    number_labels, time_labels, owed_labels = (
        template.number_labels, template.time_labels, template.owed_labels,
    )  # fmt: skip
    for row in rows:
        at = row.upper.find(reading.number.upper()) if reading.number else -1
        if at >= 0:
            number_labels = _added(number_labels, label_before(row.upper, at))
        for stamp in row.stamps:
            if reading.printed_at == f"{stamp.date}T{stamp.time}":
                time_labels = _added(time_labels, label_before(row.upper, stamp.start))
        for figure in row.figures:
            if figure.exact and figure.fen == reading.owed_fen and figure.role == "owed":
                owed_labels = _added(owed_labels, figure.label)
    return structs.replace(
        template,
        papers=template.papers + 1,
        header=_added(template.header, reading.merchant or ""),
        number_labels=number_labels,
        number_pattern=_pattern(template.number_pattern, reading.number),
        time_labels=time_labels,
        owed_labels=owed_labels,
        date_order=template.date_order or _order(reading, date_order),
        currency=template.currency or reading.currency,
        columns=max(template.columns or 0, *(len(line) for line in reading.lines)),
    )


def _added(known: tuple[str, ...], new: str) -> tuple[str, ...]:
    return known if not new or new in known or len(known) >= _LABELS_MAX else (*known, new)


def _pattern(known: str | None, number: str | None) -> str | None:
    """Return a pattern for the shop's numbers: digits may be any, letters are as they are."""
    if number is None:
        return known
    if known is not None and re.fullmatch(known, number):
        return known
    new = re.sub(r"\d+", r"\\d+", re.escape(number.upper()))
    return new if known is None else f"(?:{known}|{new})"


def _order(reading: Reading, used: str) -> str | None:
    """Return the order in use when the paper's date would be another one in another order."""
    document = Document(tuple(_line(text) for text in reading.lines))
    dates = {facts_of(document, "CNY", order).printed_at for order in ("ymd", "dmy", "mdy")}
    return used if len(dates) > 1 else None


def _line(text: str) -> Line:
    return Line((Run(text, 0),), text)


# -- glyphs -------------------------------------------------------------------------------------


def _glyphs(template: Template, reading: Reading, page: Page) -> Template:
    bands = glyphs.bands_of(page)
    if template.glyphs is not None:
        logos = template.glyphs.drawings
        bands = [band for band in bands if glyphs.drawing_key(band) not in logos]
    lines = [fold(line) for line in reading.lines]
    pairs = glyph_lessons.pair(bands, lines)
    if not pairs:
        return template
    known = glyph_lessons.learn(pairs, template.glyphs)
    drawn = {band.top for band, _ in pairs}
    example = _example([glyphs.read(band, known) for band in bands if band.top in drawn], reading)
    if example is None:
        return template  # read by its own lesson the paper says something else
    fresh = {glyphs.drawing_key(band) for band in bands if band.top not in drawn}
    drawings = tuple(sorted({*known.drawings, *fresh}))[:DRAWINGS_MAX]
    known = structs.replace(known, drawings=drawings)
    examples = template.examples
    if example not in examples:
        examples = (*examples, example)[-EXAMPLES_MAX:]
    return structs.replace(template, glyphs=known, examples=examples)


def _example(read: list[glyphs.ReadLine], reading: Reading) -> tuple[tuple[str, ...], ...] | None:
    """Return the paper's sums in glyphs, None when they do not confirm the amount alone."""
    kept = [line for line in read if _SUM.search(line.text()) or _ITEM_HEADS.search(line.text())]
    example = tuple(_tokens(line) for line in kept)
    sums = confirmed([line.text() for line in kept])
    return example if sums is not None and sums.owed_fen == reading.owed_fen else None


def _tokens(line: glyphs.ReadLine) -> tuple[str, ...]:
    tokens = [""]
    for glyph in line.glyphs:
        tokens[-1] += " " * glyph.blanks
        if any(char.isdigit() for char in glyph.text):
            tokens += [glyph.key, ""]
        else:
            tokens[-1] += glyph.text
    return tuple(tokens)

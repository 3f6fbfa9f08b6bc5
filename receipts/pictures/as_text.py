"""A paper that was printed as a picture, as the lines of text the reader works on.

Owns which of the two readers is asked (glyphs by a template's dictionary, then OCR) and what
remains unread. Whatever it could not read it names: a hidden word could be "refund".
"""

from collections.abc import Iterable

from msgspec import Struct

from receipts.pictures import ocr as pictures_ocr
from receipts.pictures.glyphs import UNKNOWN, Band, Glyphs, ReadLine, bands_of, drawing_key
from receipts.pictures.glyphs import read as read_line
from receipts.pictures.ocr import Ocr, OcrLine
from receipts.pictures.page import Page, is_picture, page_of
from receipts.reasons import Reason, reason
from receipts.stream.elements import Element, Line, Picture, Run
from receipts.stream.segmenter import Document
from receipts.text.glued_words import parted

#: OCR's centre may lie outside the ink of a line by so many dots.
_SLACK_DOTS = 6


class Paper(Struct, frozen=True):
    """A paper and who read it: the printer's own text, `glyphs`, `ocr` or `nobody`.

    `glyphs` are the lines read by the dictionary, `page` the dots they were read from; `doubts`
    is what the picture's readers left open.
    """

    document: Document
    read_by: str = "text"
    glyphs: tuple[ReadLine, ...] = ()
    doubts: tuple[Reason, ...] = ()
    page: Page | None = None


def paper_of(document: Document, known: Glyphs | None, ocr: Ocr | None) -> Paper:
    """Return a printed paper, its pictures read when they are the receipt itself."""
    if not is_picture(document):
        return Paper(document)
    page = page_of(document.elements)
    rest = [each for each in document.elements if not isinstance(each, Line | Picture)]
    return paper_of_page(page, known, ocr, rest)


def paper_of_page(
    page: Page, known: Glyphs | None, ocr: Ocr | None, rest: Iterable[Element] = ()
) -> Paper:
    """Return a page of dots as text, as far as dictionary and OCR read it."""
    bands = bands_of(page)
    if known:
        bands = [band for band in bands if drawing_key(band) not in known.drawings]
    read = [read_line(band, known) for band in bands] if known else []
    unknown = sum(line.text().count(UNKNOWN) for line in read)
    printed = [(float(y), line.text) for y, line in page.texts]
    if ocr is not None and (unknown or not read):
        found = pictures_ocr.read_page(page, ocr)
        document, doubts = _by_ocr(bands, read, found, printed, rest)
        return Paper(document, "ocr", (), doubts, page)
    if not read:
        return Paper(_document(printed, rest), "nobody", (), (reason("picture_only"),), page)
    doubts = (reason("unknown_glyphs", count=str(unknown)),) if unknown else ()
    document = _document([*map(_placed, read), *printed], rest)
    return Paper(document, "glyphs", tuple(read), doubts, page)


def paper_of_photo(image: bytes, ocr: Ocr | None) -> Paper:
    """Return a photograph as text; only OCR can read one."""
    if ocr is None:
        return Paper(Document(()), "nobody", doubts=(reason("picture_only"),))
    read = pictures_ocr.lines_of(ocr(image))
    lines = [(line.centre, line.text) for line in read]
    doubts = () if all(line.clear for line in read) else (reason("lost_text"),)
    return Paper(_document(lines, ()), "ocr", doubts=doubts)


def _by_ocr(
    bands: list[Band],
    read: list[ReadLine],
    ocr: list[OcrLine],
    printed: list[tuple[float, str]],
    rest: Iterable[Element],
) -> tuple[Document, tuple[Reason, ...]]:
    """Return OCR's lines, each replaced by the dictionary's where that knows every glyph of it."""
    sure = [each for each in read if UNKNOWN not in each.text()]
    others = [each for each in ocr if not any(_on(each.centre, line) for line in sure)]
    lines = [*map(_placed, sure), *((each.centre, each.text) for each in others)]
    known = {each.top for each in sure}
    unread = [
        band
        for band in bands
        if band.top not in known and not any(_on(each.centre, band) for each in ocr)
    ]
    doubts = []
    if unread:
        doubts.append(reason("unread_ink"))
    if not all(each.clear for each in others):
        doubts.append(reason("lost_text"))
    return _document([*lines, *printed], rest), tuple(doubts)


def _placed(line: ReadLine) -> tuple[float, str]:
    return (line.top + line.bottom) / 2, parted(line.text())


def _on(centre: float, line: Band | ReadLine) -> bool:
    return line.top - _SLACK_DOTS <= centre <= line.bottom + _SLACK_DOTS


def _document(lines: list[tuple[float, str]], rest: Iterable[Element]) -> Document:
    texts = [text for _, text in sorted(lines, key=lambda each: each[0])]
    return Document((*rest, *(Line((Run(text, 0),), text) for text in texts)))

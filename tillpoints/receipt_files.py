"""Files that hold papers: print jobs, decoded text, images; and the shop's template beside them.

Owns telling the three apart and reading them from disk. What a paper says is `receipts`' business.
"""

import re
from pathlib import Path

from msgspec import Struct

from receipts import lessons, templates
from receipts.pictures import ocr as pictures_ocr
from receipts.pictures.as_text import Paper
from receipts.pictures.files import is_image
from receipts.reading import (
    CUT_MARK,
    paper_of_picture,
    papers_of,
    read_papers,
    read_text,
)
from receipts.templates import Template

FILE_MAX = 16 << 20
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")


class ReadAs(Struct, frozen=True):
    """How files are read: what the command's options say, and what the template adds.

    `date_order` and `currency` are None where the caller named none.
    """

    text: bool = False
    currency: str | None = None
    date_order: str | None = None
    dialect: str | None = None
    template: Template | None = None

    def in_currency(self) -> str:
        """Return the currency where a paper names none."""
        return self.currency or (self.template and self.template.currency) or "CNY"

    def in_order(self) -> str:
        """Return how a date of three short numbers is read."""
        return self.date_order or (self.template and self.template.date_order) or "ymd"


def lessons_of(path: Path, options: ReadAs) -> list[lessons.Lesson]:
    """Return the papers of a file with their readings. Raises OSError, ValueError."""
    raw = _bytes(path)
    currency, order, template = options.in_currency(), options.in_order(), options.template
    if not is_image(raw) and (options.text or _is_text(raw)):
        text = raw.decode("utf-8-sig")
        readings = read_text(text, currency=currency, date_order=order, template=template)
        return [lessons.Lesson(reading) for reading in readings]
    papers = _papers(raw, options)
    readings = read_papers(papers, currency=currency, date_order=order, template=template)
    return [
        lessons.Lesson(reading, paper.page) for reading, paper in zip(readings, papers, strict=True)
    ]


def confirmed_lessons(path: Path, options: ReadAs) -> list[lessons.Lesson]:
    """Return the papers of a file with readings of the text that a person confirmed beside it.

    The text of `job.bin` stands in `job.bin.txt`; without it the readings are the file's own.
    Raises ValueError when it holds another number of papers than the file, OSError.
    """
    found = lessons_of(path, options)
    beside = path.with_name(path.name + ".txt")
    if not beside.exists():
        return found
    readings = read_text(
        beside.read_text("utf-8"), currency=options.in_currency(), date_order=options.in_order()
    )
    if len(readings) != len(found):
        raise ValueError(f"{beside} holds {len(readings)} papers, {path} {len(found)}")
    return [
        lessons.Lesson(reading, lesson.page)
        for reading, lesson in zip(readings, found, strict=True)
    ]


def known_template(folder: Path, shop: str) -> Template | None:
    """Return the shop's template, None when there is none yet. Raises ValueError, OSError."""
    return templates.load(folder, shop) if templates.path_of(folder, shop).exists() else None


def _papers(raw: bytes, options: ReadAs) -> list[Paper]:
    ocr = pictures_ocr.engine()
    template = options.template
    if is_image(raw):
        return [paper_of_picture(raw, template=template, ocr=ocr)]
    dialect = options.dialect or (template.dialect if template else None)
    return papers_of(raw, dialect=dialect, template=template, ocr=ocr)


def _bytes(path: Path) -> bytes:
    size = path.stat().st_size
    if size > FILE_MAX:
        raise ValueError(f"{size} bytes; a print job has at most {FILE_MAX}")
    return path.read_bytes()


def _is_text(raw: bytes) -> bool:
    """A file with `[[CUT]]` lines and no control bytes is decoded text, not a print job."""
    if _CONTROL.search(raw) or b"[[CUT]]" not in raw:
        return False
    try:
        return CUT_MARK.search(raw.decode("utf-8")) is not None
    except UnicodeDecodeError:
        return False

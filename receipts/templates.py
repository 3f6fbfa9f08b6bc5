"""What is known about the papers of one shop, as data: hints for the reader, never a verdict.

Owns the template's form, its file, and how its hints are used. A hint may say which of the numbers
and times on the paper are the receipt's own, how a date is ordered, how a heading is spelt and
which ink is which character. It never chooses between amounts that arithmetic supports, and never
turns a doubt into an award.
"""

import os
import re
import tempfile
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from loyalty.receipt import EARNING_KINDS
from receipts.decision import PROOFS
from receipts.facts.reader import Facts
from receipts.pictures.glyphs import Glyphs
from receipts.stream.segmenter import Document
from receipts.sums.settle import Settlement
from receipts.text.fold import fold
from receipts.text.rows import Row, rows_of

SHOP = re.compile(r"[\w][\w.-]{0,63}")
#: Headings are compared with room for a character that OCR misread.
_ALIKE = 0.75
_HEADER_ROWS = 6

#: A line of an example: text and the keys of glyphs by turns, text first.
ExampleLine = tuple[str, ...]


class Template(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One shop's papers. `papers` counts the confirmed receipts it was learnt from.

    Labels are what stands before a value on its line, folded and in capitals. `number_pattern` is
    a regular expression of the shop's numbers. `examples` are the sums of confirmed receipts in
    glyphs: they must come out right under any change of the dictionary that is believed.
    """

    shop: str
    papers: int = 0
    header: tuple[str, ...] = ()
    number_labels: tuple[str, ...] = ()
    number_pattern: str | None = None
    time_labels: tuple[str, ...] = ()
    owed_labels: tuple[str, ...] = ()
    date_order: str | None = None
    currency: str | None = None
    dialect: str | None = None
    columns: int | None = None
    glyphs: Glyphs | None = None
    examples: tuple[tuple[ExampleLine, ...], ...] = ()

    def __post_init__(self) -> None:
        if not SHOP.fullmatch(self.shop):
            raise ValueError(f"a shop's name of letters, digits, . - _ : {self.shop!r}")
        if self.date_order not in (None, "ymd", "dmy", "mdy"):
            raise ValueError(f"date_order is ymd, dmy or mdy, not {self.date_order!r}")
        if self.number_pattern is not None:
            try:
                re.compile(self.number_pattern)
            except re.error as error:
                raise ValueError(f"number_pattern {self.number_pattern!r}: {error}") from error


# -- files --------------------------------------------------------------------------------------


def path_of(folder: Path, shop: str) -> Path:
    """Return the file of a shop's template. Raises ValueError for a name that is no shop's."""
    if not SHOP.fullmatch(shop):
        raise ValueError(f"a shop's name of letters, digits, . - _ : {shop!r}")
    return folder / f"{shop}.json"


def load(folder: Path, shop: str) -> Template:
    """Return a shop's template. Raises OSError when it cannot be read, ValueError if it is none."""
    path = path_of(folder, shop)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Template)
    except msgspec.MsgspecError as error:
        raise ValueError(f"{path}: {error}") from error


def save(template: Template, folder: Path) -> Path:
    """Write a template so that a reader finds the old one or the new one, and return its file."""
    path = path_of(folder, template.shop)
    folder.mkdir(parents=True, exist_ok=True)
    data = msgspec.json.format(msgspec.json.encode(template, order="sorted"), indent=1)
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{template.shop}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data + b"\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def encoded(template: Template) -> bytes:
    """Return the canonical bytes of a template; their SHA-256 is its version."""
    return msgspec.json.encode(template, order="deterministic")


@lru_cache(maxsize=8)
def decoded(canonical: bytes) -> Template:
    """Return the template of its canonical bytes. Raises ValueError if they are none."""
    try:
        return msgspec.json.decode(canonical, type=Template)
    except msgspec.MsgspecError as error:
        raise ValueError(f"no template: {error}") from error


# -- hints --------------------------------------------------------------------------------------


def hinted(facts: Facts, document: Document, template: Template, date_order: str) -> Facts:
    """Return the facts as the shop's template tells its number, its time and its heading.

    The amount is only touched where no sum on the paper supports one; it is not awarded then.
    """
    rows = rows_of(document.lines, date_order)
    # Slips of a kind that has no number of its own get none; a sale whose label the reader does
    # not know gets the one that a person once pointed out.
    numbered = facts.number is not None or facts.kind in EARNING_KINDS
    return structs.replace(
        facts,
        merchant=_header(rows, template) or facts.merchant,
        number=(_number(rows, template) or facts.number) if numbered else None,
        printed_at=_time(rows, template) or facts.printed_at,
        settled=_suggested(facts, rows, template),
    )


def is_other_layout(facts: Facts, document: Document, template: Template) -> bool:
    """Return whether the paper does not carry the heading that all the shop's papers do."""
    rows = rows_of(document.lines, "ymd")
    return bool(template.header) and _header(rows, template) is None and facts.merchant is not None


def label_before(text: str, end: int) -> str:
    """Return the label that stands right before a value at `end` of a folded line."""
    before = re.split(r"\s{2,}", text[:end].rstrip(" :.#"))[-1]
    return re.sub(r"^.*\d", "", before).strip(" :.#|").upper()


def _header(rows: list[Row], template: Template) -> str | None:
    for row in rows[:_HEADER_ROWS]:
        for name in template.header:
            alike = SequenceMatcher(None, fold(row.text).strip().upper(), fold(name).upper())
            if alike.ratio() >= _ALIKE:
                return name
    return None


def _number(rows: list[Row], template: Template) -> str | None:
    if template.number_pattern is None:
        return None
    for label in template.number_labels:
        for row in rows:
            at = row.upper.find(label)
            value = row.upper[at + len(label) :].lstrip(" :.#") if at >= 0 else ""
            found = re.match(template.number_pattern + r"(?![\w])", value)
            if found and found[0]:
                return found[0]
    return None


def _time(rows: list[Row], template: Template) -> str | None:
    for label in template.time_labels:
        for row in rows:
            for stamp in row.stamps:
                if stamp.date and stamp.time and label_before(row.upper, stamp.start) == label:
                    return f"{stamp.date}T{stamp.time}"
    return None


def _suggested(facts: Facts, rows: list[Row], template: Template) -> Settlement | None:
    settled = facts.settled
    if settled is None or PROOFS & set(settled.checks):
        return settled
    for row in rows:
        for figure in row.figures:
            if figure.exact and figure.label in template.owed_labels:
                return structs.replace(
                    settled, owed_fen=figure.fen, row=figure.row, label=figure.label
                )
    return settled

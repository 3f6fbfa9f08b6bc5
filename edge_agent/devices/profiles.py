"""Device profiles: what is known about one model of scanner, reader or printer, and how well.

The files are data of the package firmware_configs, one TOML for each model. A profile sets
nothing by itself: `tillpoints devices suggest` writes its facts into lines for agent.toml, and
`tillpoints devices setup` sends its settings to a scanner.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from edge_agent.devices.hid.keyboard import AltCodes
from edge_agent.devices.hid.layouts import LayoutName
from edge_agent.devices.hid.pos_reports import Maker
from edge_agent.devices.hid.wedge import End
from edge_agent.devices.sources import PlugKind, Source, UsbId
from loyalty.settings import SettingsError, parse

#: How well a fact is known, the best first.
Reliability = Literal["seen", "several sources", "one source", "trade knowledge"]
Grammar = Literal["newland", "honeywell", "ssi", "datalogic"]
Answer = Literal["yes", "no", "unknown"]
Dialect = Literal[
    "epson", "clone80", "clone58", "sprt", "star_line", "star_raster", "star_escpos", "impact"
]
_Text = Annotated[str, Meta(min_length=1)]


class Fact(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the values of the keys `about` come from, and how far to trust them."""

    about: Annotated[tuple[_Text, ...], Meta(min_length=1)]
    source: _Text
    reliability: Reliability


class Plug(Struct, frozen=True, forbid_unknown_fields=True):
    """One way in which the model shows itself on USB. An empty key may be anything."""

    kind: PlugKind
    vid: UsbId = ""
    pid: UsbId = ""
    product: str = ""

    def shows(self, source: Source) -> bool:
        """Tell whether `source` is plugged in this way."""
        return self.kind == source.kind and all(
            not wanted or wanted == seen
            for wanted, seen in (
                (self.vid, source.vid),
                (self.pid, source.pid),
                (self.product, source.product),
            )
        )


class Setting(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to set up: the maker's name for it, its value, and what that does.

    `answer` is what a scanner says that has taken it, as the maker writes it, without the frame
    that every answer has. `barcode` is what the maker's set-up code for it says, where that is
    known; `manual` is what the code is called in the manual.
    """

    does_zh: _Text
    does_en: _Text
    name: _Text
    value: str
    answer: _Text
    barcode: str = ""
    manual: str = ""


class Setup(Struct, frozen=True, forbid_unknown_fields=True):
    """How a scanner is set up over its serial line, and what for.

    The first and the last bar code open and close set-up by codes, where that is wanted.
    """

    grammar: Grammar
    setting: Annotated[tuple[Setting, ...], Meta(min_length=1)]
    identity: str = ""
    baud: int = 9600
    first_barcode: str = ""
    last_barcode: str = ""


class ScannerProfile(Struct, frozen=True, forbid_unknown_fields=True):
    """One model of scanner or card reader, as it leaves the factory."""

    model: _Text
    plug: Annotated[tuple[Plug, ...], Meta(min_length=1)]
    fact: Annotated[tuple[Fact, ...], Meta(min_length=1)]
    layout: LayoutName = "us"
    end: End = "suffix"
    alt_codes: AltCodes = "gbk"
    reads: Literal["codes", "stripe", "hex", "8h10d", "6h8d", "2h4h"] = "codes"
    reports: Maker = "common"
    setup: Setup | None = None
    note: str = ""


class PrinterModel(Struct, frozen=True, forbid_unknown_fields=True):
    """One model of receipt printer.

    `columns` are those of its first font on its usual paper. `wakes_in_chinese`: bytes from 80 on
    are Chinese without FS & (and again after ESC @). `code_page` overrides the numbers of ESC t.
    """

    model: _Text
    dialect: Dialect
    columns: int
    dots: int
    fact: Annotated[tuple[Fact, ...], Meta(min_length=1)]
    dpi: int = 203
    paper_mm: Literal[58, 76, 80] = 80
    encoding: Literal["gb18030", "gbk", "utf-8"] | None = None
    wakes_in_chinese: Answer = "unknown"
    has_cutter: bool = True
    qr: Literal["native", "raster"] = "raster"
    answers_dle_eot: Answer = "unknown"
    answers_asb: Answer = "unknown"
    code_page: dict[str, str] = msgspec.field(default_factory=dict)
    plug: tuple[Plug, ...] = ()
    note: str = ""


T = TypeVar("T", ScannerProfile, PrinterModel)


class ProfileError(ValueError):
    """A profile is missing or wrong; the message names the file and the key."""


def scanners() -> dict[str, ScannerProfile]:
    """Return every scanner's profile by its name. Raises ProfileError."""
    return {name: _parsed(place, ScannerProfile) for name, place in _places("scanners")}


def printers() -> dict[str, PrinterModel]:
    """Return every printer's profile by its name. Raises ProfileError."""
    return {name: _parsed(place, PrinterModel) for name, place in _places("printers")}


def _places(folder: str) -> list[tuple[str, Traversable]]:
    found = files("firmware_configs").joinpath(folder).iterdir()
    names = [(place.name.removesuffix(".toml"), place) for place in found]
    return sorted((name, place) for name, place in names if place.name.endswith(".toml"))


def _parsed(place: Traversable, spec: type[T]) -> T:
    try:
        return parse(place.read_text(encoding="utf-8"), spec)
    except SettingsError as error:
        raise ProfileError(f"{place.name}: {error}") from error

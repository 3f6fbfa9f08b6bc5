"""The lines of agent.toml about our own slips: which printer, and what it wants to be sent.

`profile` names a model in firmware_configs/printers; a key that is given beside it wins over it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Annotated, Literal, TypeVar

from msgspec import Meta, Struct

from edge_agent.devices import profiles
from edge_agent.devices.inventory import usb_printers
from edge_agent.devices.printer_cups import CupsPrinter
from edge_agent.devices.printer_font import Pen, find_font
from edge_agent.devices.printer_wires import (
    FilePrinter,
    Flow,
    Manner,
    NetworkPrinter,
    SerialPrinter,
    SwappedError,
)
from edge_agent.devices.printers import SlipPrinter, TapPrinter
from edge_agent.devices.slip_folder import Slips
from edge_agent.devices.sources import Match, NotFoundError, UsbId, meant
from edge_agent.devices.tap.ends import bauds
from paper.encode import Encoded, Encoding, PrinterProfile, encode_slip
from paper.layout import Slip
from paper.picture import Raster

T = TypeVar("T")
Kind = Literal["tap", "network", "serial", "usb", "file", "cups"]
#: The dialects that print text as Epson's does; the others are sent pictures, or nothing.
_TEXT = {"epson", "clone80", "clone58", "sprt", "star_escpos"}
_STAR = {"star_line", "star_raster"}
# A name or a number, and a port.
_ADDRESS = re.compile(
    r"(?ai)(\[[0-9a-f:.]+\]|[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*):(?P<port>\d{1,5})"
)


class Printer(Struct, frozen=True, forbid_unknown_fields=True):
    """Where our own slips are printed: through the tap, or on a printer of our own."""

    kind: Kind = "tap"
    address: str = ""
    vid: UsbId = ""
    pid: UsbId = ""
    serial: str = ""
    port: str = ""
    profile: str = ""
    columns: Annotated[int, Meta(ge=24, le=64)] | None = None
    dots: Annotated[int, Meta(ge=288, le=832)] | None = None
    encoding: Encoding | None = None
    kanji_mode: bool | None = None
    raster: Raster | None = None
    qr: Literal["native", "raster"] | None = None
    has_cutter: bool | None = None
    answers: Manner | None = None
    feed_lines: Annotated[int, Meta(ge=0, le=20)] = 4
    font: str = ""
    baud: int = 9600
    flow: Flow = "none"
    timeout_s: Annotated[float, Meta(gt=0, le=120)] = 5.0

    @property
    def match(self) -> Match:
        """Which USB printer is meant."""
        return Match(self.vid, self.pid, self.serial, self.port)

    def encoder(self) -> PrinterProfile:
        """Return what the encoder must know about this printer. Raises ProfileError."""
        known = _of_model(self.profile)
        return PrinterProfile(
            columns=_first(self.columns, known.columns),
            dots=_first(self.dots, known.dots),
            encoding=_first(self.encoding, known.encoding),
            kanji_mode=_first(self.kanji_mode, known.kanji_mode),
            raster=_first(self.raster, known.raster),
            qr=_first(self.qr, known.qr),
            has_cutter=_first(self.has_cutter, known.has_cutter),
            feed_lines=self.feed_lines,
        )

    def encode(self) -> Callable[[Slip], Encoded]:
        """Return what turns a slip into bytes for it. It raises OSError while a font is missing."""
        wanted = self.encoder()
        if wanted.encoding != "picture":
            return partial(encode_slip, profile=wanted)

        # Looked for at each slip, so that the next one is printed when the font was installed.
        @cache
        def pen() -> Pen:
            return Pen(find_font(self.font), wanted.columns, wanted.dots)

        return lambda slip: encode_slip(slip, wanted, pen().draw)

    def manner(self) -> Manner:
        """Return what the printer answers; of a model that nobody knows, it is asked."""
        if self.answers is not None or not self.profile:
            return _first(self.answers, "dle_eot")
        model = _model(self.profile)
        if model.answers_dle_eot == "no":
            return "asb" if model.answers_asb == "yes" else "never"
        return "dle_eot"

    def mistakes(self) -> Iterator[str]:
        """Say what these values together cannot be."""
        if self.profile:
            known = profiles.printers()
            if self.profile not in known:
                yield f"printer.profile is none of {', '.join(known)}"
                return
            if known[self.profile].dialect == "impact":
                yield f"printer.profile {self.profile!r} prints no codes that a phone can read"
        if self.encoder().encoding == "picture" and self.kind == "tap":
            yield "printer: a picture is too long to go between the POS's jobs; use another kind"
        if self.kind == "usb" and self.match == Match():
            yield "printer.kind is 'usb': give vid and pid, serial or port"
        if self.kind not in {"tap", "usb"} and not self.address:
            yield f"printer.kind is {self.kind!r} but printer.address is empty"
        if self.kind == "serial" and self.baud not in bauds():
            yield f"printer.baud is none of {', '.join(map(str, bauds()))}"
        where = _ADDRESS.fullmatch(self.address)
        if self.kind == "network" and not (where and 0 < int(where["port"]) < 1 << 16):
            yield 'printer.address is no address and port, such as "192.168.1.50:9100"'

    def open(self, slips: Slips | None) -> SlipPrinter:
        """Return the driver; `slips` is the tap's folder, for a printer behind it."""
        match self.kind:
            case "tap":
                assert slips is not None, "checked when the configuration was read"
                return TapPrinter(slips)
            case "network":
                host, _, port = self.address.rpartition(":")
                host = host.removeprefix("[").removesuffix("]")
                return NetworkPrinter(host, int(port), self.timeout_s, self.manner())
            case "serial":
                return SerialPrinter(
                    self.address, self.baud, self.timeout_s, self.manner(), self.flow
                )
            case "cups":
                return CupsPrinter(self.address, self.timeout_s)
            case "usb" | "file":
                return FilePrinter(self._finder(), self.timeout_s, self.manner())

    def _finder(self) -> Callable[[], str]:
        if self.kind == "file":
            return lambda: self.address
        return self._find

    def _find(self) -> str:
        try:
            return meant(self.match, "printer", usb_printers()).node
        except NotFoundError as error:
            if error.is_another:
                raise SwappedError(str(error)) from error
            raise


def _first(given: T | None, known: T) -> T:
    return known if given is None else given


def _model(name: str) -> profiles.PrinterModel:
    try:
        return profiles.printers()[name]
    except KeyError:
        raise profiles.ProfileError(f"there is no printer profile {name!r}") from None


def _of_model(name: str) -> PrinterProfile:
    """Return what a model wants; of no model in particular, the common 80 mm printer's wants."""
    if not name:
        return PrinterProfile()
    model = _model(name)
    is_text = model.dialect in _TEXT and model.encoding is not None
    return PrinterProfile(
        columns=model.columns,
        dots=model.dots,
        encoding=model.encoding if is_text and model.encoding else "picture",
        kanji_mode=model.wakes_in_chinese != "yes",
        raster="star" if model.dialect in _STAR else "escpos",
        qr=model.qr,
        has_cutter=model.has_cutter,
    )

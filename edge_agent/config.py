"""agent.toml: what one agent is told about the machine it stands on.

Owns the file's keys, defaults and errors. What the device is (its name, shop and role) is not in
here: central says so at enrolment.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from edge_agent.devices.camera.config import Camera
from edge_agent.devices.cards.config import CardReader
from edge_agent.devices.hid.cards import Format
from edge_agent.devices.hid.keyboard import AltCodes
from edge_agent.devices.hid.layouts import LayoutName
from edge_agent.devices.hid.pos_reports import Maker
from edge_agent.devices.hid.sources import Kind
from edge_agent.devices.hid.wedge import End
from edge_agent.devices.printer_config import Printer
from edge_agent.devices.sources import Match, UsbId
from edge_agent.devices.tap.ends import bauds
from loyalty.settings import SettingsError, parse
from loyalty.wording import Language


class ConfigError(ValueError):
    """agent.toml is missing, unreadable or says something impossible; the message says where."""


class Central(Struct, frozen=True, forbid_unknown_fields=True):
    """Where central is, and how long a call may take.

    `ca_file` names the certificates (PEM) to trust instead of the system's; empty: the system's.
    """

    url: str
    ca_file: str = ""
    connect_timeout_s: float = 3.0
    read_timeout_s: float = 15.0
    sync_every_s: Annotated[float, Meta(gt=0)] = 15.0


class Web(Struct, frozen=True, forbid_unknown_fields=True):
    """The local screens. `embedded_by` names origins that may show them in a frame."""

    listen: str = "127.0.0.1:8710"
    threads: Annotated[int, Meta(ge=10)] = 32
    embedded_by: tuple[str, ...] = ()


class Scanner(Struct, frozen=True, forbid_unknown_fields=True):
    """One serial scanner; with ids, only the one that has them may be at its port."""

    port: str
    vid: UsbId = ""
    pid: UsbId = ""
    serial: str = ""
    baud: int = 9600
    name: str = "scanner"
    protocol: Literal["plain", "ssi"] = "plain"

    def match(self) -> Match:
        """Return what must be plugged in there."""
        return Match(self.vid, self.pid, self.serial)


PassedOn = Literal["nothing", "all", "others"]


class HidScanner(Struct, frozen=True, forbid_unknown_fields=True):
    """One scanner or card reader that is no serial line: a keyboard, or HID point-of-sale."""

    vid: UsbId = ""
    pid: UsbId = ""
    serial: str = ""
    port: str = ""
    product: str = ""
    name: str = "scanner"
    kind: Kind = "keyboard"
    layout: LayoutName = "us"
    end: End = "suffix"
    alt_codes: AltCodes = "gbk"
    reads: Literal["codes", "stripe"] | Format = "codes"
    kept_as: Literal[""] | Format = ""
    reversed: bool = False
    reports: Maker = "common"
    pass_on: PassedOn = "nothing"  # noqa: S105 a scanner's codes, and no password

    def match(self) -> Match:
        """Return which device is meant."""
        return Match(self.vid, self.pid, self.serial, self.port, self.product)


class Tap(Struct, frozen=True, forbid_unknown_fields=True):
    """The spool folder that a tap writes and this agent reads."""

    spool: str
    date_order: Literal["ymd", "dmy", "mdy"] = "ymd"
    dialect: str = ""

    @property
    def slips_path(self) -> Path:
        """The folder in which the tap takes our own slips."""
        return Path(self.spool) / "slips"


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """One agent. Paths are absolute once `load` has returned it."""

    state: str
    central: Central
    runtime: str = ""
    language: Language = "zh"
    spool_keep_days: Annotated[int, Meta(ge=1, le=7)] = 7
    web: Web = Web()
    printer: Printer = Printer()
    scanner: tuple[Scanner, ...] = ()
    hid_scanner: tuple[HidScanner, ...] = ()
    camera: tuple[Camera, ...] = ()
    card_reader: tuple[CardReader, ...] = ()
    tap: tuple[Tap, ...] = ()

    @property
    def state_path(self) -> Path:
        """The folder of the journal, the device's key and the enrolment."""
        return Path(self.state)

    @property
    def runtime_path(self) -> Path | None:
        """The folder in memory: the one named, else what the service manager gives, else none."""
        given = self.runtime or os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
        return Path(given) if given else None


def load(path: Path) -> Config:
    """Return the configuration in `path`, its relative paths resolved beside that file.

    Raises ConfigError naming the file and, for everything that is wrong, the key and why.
    """
    try:
        config = parse(path.read_text(encoding="utf-8"), Config)
    except (OSError, UnicodeDecodeError, SettingsError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if mistakes := tuple(_mistakes(config)):
        raise ConfigError("\n".join(f"{path}: {mistake}" for mistake in mistakes))
    base = path.absolute().parent
    ca_file = config.central.ca_file and str(base / config.central.ca_file)
    font = config.printer.font and str(base / config.printer.font)
    return structs.replace(
        config,
        state=str(base / config.state),
        runtime=config.runtime and str(base / config.runtime),
        central=structs.replace(config.central, ca_file=ca_file),
        printer=structs.replace(config.printer, font=font),
        camera=tuple(
            structs.replace(each, file=each.file and str(base / each.file))
            for each in config.camera
        ),
        tap=tuple(structs.replace(tap, spool=str(base / tap.spool)) for tap in config.tap),
    )


def _mistakes(config: Config) -> Iterator[str]:
    """Return what values that are right by themselves say together that cannot be."""
    if config.printer.kind == "tap" and not config.tap:
        yield "printer.kind is 'tap' but there is no [[tap]]"
    yield from config.printer.mistakes()
    for key, ones in (
        ("tap", [each.spool for each in config.tap]),
        ("scanner", [each.port for each in config.scanner]),
    ):
        for twice in sorted({one for one in ones if ones.count(one) > 1}):
            yield f"two [[{key}]] name {twice!r}"
    for place, line in enumerate(config.scanner):
        if line.baud not in bauds():
            yield f"scanner[{place}].baud is none of {', '.join(map(str, bauds()))}"
    for place, camera in enumerate(config.camera):
        if mistake := camera.mistake():
            yield f"camera[{place}] {mistake}"
    for place, scanner in enumerate(config.hid_scanner):
        if scanner.match() == Match():
            keys = "vid and pid, serial, port or product"
            yield f"hid_scanner[{place}] takes any keyboard: give {keys}"
        if scanner.reads in {"codes", "stripe"} and (scanner.kept_as or scanner.reversed):
            told = "kept_as and reversed are for numbers of contactless cards (reads)"
            yield f"hid_scanner[{place}]: {told}"
        if scanner.kind == "pos" and scanner.pass_on in {"all", "others"}:
            told = "pass_on is for keyboards; this scanner types nothing"
            yield f"hid_scanner[{place}]: {told}"

"""`tillpoints devices`: what is plugged in, lines for agent.toml, tests, scanner set-up."""

import json
import queue
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
from msgspec import structs

from edge_agent.config import Config, ConfigError, load
from edge_agent.devices.cards.pcsc import smart_cards
from edge_agent.devices.cards.reader import the_reader
from edge_agent.devices.inventory import inventory
from edge_agent.devices.ports import NotTaken, Shown
from edge_agent.devices.profiles import printers, scanners
from edge_agent.devices.rules import udev_rules
from edge_agent.devices.serial_lines import Line
from edge_agent.devices.sources import Match, NotFoundError, PlugKind, Source, meant
from edge_agent.devices.suggesting import profile_name, suggest
from edge_agent.phrases import own_words
from edge_agent.scanners import Scanners
from loyalty.codes import PaymentCode, classify
from tillpoints.commands.devices.setting_up import setup
from tillpoints.exits import ConfigurationFailure, DeviceFailure


@click.group()
def command() -> None:
    """What is plugged in, lines for agent.toml, tests, scanner set-up."""


command.add_command(setup)

_NOTHING = (
    "没有插入扫描枪、读卡器或打印机 /"
    " nothing is plugged in that could be a scanner, a reader or a printer"
)
_config = click.option(
    "--config", "config_path", type=click.Path(path_type=Path), help="This till's agent.toml."
)


@command.command(name="list")
@_config
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def list_(config_path: Path | None, as_json: bool) -> None:
    """Show every scanner, reader and printer that is plugged in.

    With --config also which of them each line of agent.toml means, and what is asked of a person
    where that is in doubt.
    """
    sources = inventory()
    found = [_told(source) for source in sources]
    lines = _meanings(_loaded(config_path), sources) if config_path else {}
    if as_json:
        click.echo(json.dumps({"devices": found, "configured": lines}, ensure_ascii=False))
        return
    for told in found:
        click.echo(_line(told))
    if not found:
        click.echo(_NOTHING)
    for name, meaning in lines.items():
        click.echo(f"{name}: {meaning}")


@command.command()
@_config
def rules(config_path: Path | None) -> None:
    """Print udev's rules for this till's scanners: who may read them, who must leave them alone."""
    wanted = _loaded(config_path).hid_scanner if config_path else ()
    matches = [(each.kind, each.match()) for each in wanted]
    types_on = any(each.pass_on in {"all", "others"} for each in wanted)
    click.echo(udev_rules(matches, scanners().values(), types_on=types_on), nl=False)


@command.command()
@click.option("--seconds", type=click.IntRange(min=1), help="Stop after so long.")
def watch(seconds: int | None) -> None:
    """Say what is plugged in and what goes, as it happens."""
    known: dict[str, dict[str, Any]] = {}
    for _ in _seconds(seconds):
        now = {source.node: _told(source) for source in inventory()}
        for node in known.keys() - now.keys():
            click.echo(f"- {_line(known[node])}")
        for node in now.keys() - known.keys():
            click.echo(f"+ {_line(now[node])}")
        known = now


@command.command(name="suggest")
def suggest_() -> None:
    """Print lines for agent.toml about what is plugged in, ready to paste."""
    lines = suggest(inventory(), scanners(), printers())
    click.echo(lines or f"# {_NOTHING}")


@command.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    required=True,
    help="This till's agent.toml.",
)
@click.option(
    "--seconds", type=click.IntRange(min=1), default=30, show_default=True, help="How long."
)
def test(config_path: Path, seconds: int) -> None:
    """Read this till's scanners and say what kind of code each scan was, never the code.

    The agent must be stopped meanwhile. Exits 4 if a scanner cannot be read.
    """
    missing = _listen(_loaded(config_path), seconds)
    if missing:
        raise DeviceFailure(
            f"{missing} 个扫码设备读不到，见上 /"
            f" {missing} of the scanners could not be read: see above"
        )


def _loaded(config_path: Path) -> Config:
    try:
        return load(config_path)
    except ConfigError as error:
        raise ConfigurationFailure(str(error)) from error


def _meanings(config: Config, sources: list[Source]) -> dict[str, str]:
    """Say of each line of agent.toml which device it means, or why none."""
    said: dict[str, str] = {}
    for name, look in _looks(config, sources):
        alike = sum(each == name or each.startswith(f"{name} #") for each in said)
        shown = f"{name} #{alike + 1}" if alike else name  # none of two with one name is left out
        try:
            said[shown] = look()
        except OSError as error:
            said[shown] = str(error)
    return said


def _looks(config: Config, sources: list[Source]) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield each line's name, and what finds its device or raises OSError."""
    for line in config.scanner:
        others = tuple(each.port for each in config.scanner if each is not line)
        yield line.name, partial(_the_line, Line(line.port, line.match(), others))
    for hid in config.hid_scanner:
        hids = [each.match() for each in config.hid_scanner if each is not hid]
        yield hid.name, partial(_the_node, hid.match(), hid.kind, sources, hids)
    for camera in config.camera:
        played = partial(str, f"played from {camera.file}")
        matches = [each.match() for each in config.camera if each is not camera and not each.file]
        found = partial(_the_node, camera.match(), "camera", sources, matches)
        yield camera.name, played if camera.file else found
    for reader in config.card_reader:
        yield reader.name, partial(_the_card_reader, reader.reader)


def _the_line(line: Line) -> str:
    line.check()
    if not Path(line.path).exists():
        raise NotFoundError(f"{line.path} 未插入 / is not plugged in")
    return line.path


def _the_node(match: Match, kind: PlugKind, sources: list[Source], others: list[Match]) -> str:
    return meant(match, kind, sources, others).node


def _the_card_reader(wanted: str) -> str:
    with smart_cards() as cards:
        return the_reader(wanted, cards.readers())


def _listen(config: Config, seconds: int) -> int:
    """Tell of every scan; return how many scanners never could be read."""
    inbox: queue.Queue[Shown] = queue.Queue(100)
    reading = Scanners(config, inbox)
    names = reading.names()
    seen = [False] * len(names)
    reading.start()
    try:
        for _ in _seconds(seconds):
            seen = [was or now for was, now in zip(seen, reading.connected(), strict=True)]
            while not inbox.empty():
                click.echo(_kind(inbox.get_nowait()))
    finally:
        reading.stop()
    for name, was_read in zip(names, seen, strict=True):
        click.echo(f"{name}: {'可读取 / can be read' if was_read else '读不到 / CANNOT BE READ'}")
    return seen.count(False)


def _kind(scan: Shown) -> str:
    if isinstance(scan, NotTaken):
        words = own_words(scan.why)
        return f"{scan.source}: {words.zh} / {words.en}"
    if "\N{REPLACEMENT CHARACTER}" in scan.text:
        return (
            f"{scan.source}: 乱码，请检查键盘布局、后缀和串口参数 /"
            " garbled: check its layout, suffix and line settings"
        )
    kind = classify(scan.text)
    said = kind.kind if isinstance(kind, PaymentCode) else f"{len(scan.text)} 字符 / characters"
    return f"{scan.source}: {type(kind).__name__} ({said})"


def _told(source: Source) -> dict[str, Any]:
    name = (
        profile_name(source, printers())
        if source.kind == "printer"
        else profile_name(source, scanners())
    )
    return {**structs.asdict(source), "profile": name}


def _line(told: dict[str, Any]) -> str:
    ids = f"{told['vid']}:{told['pid']}" if told["vid"] else "-"
    known = told["profile"] or "未知型号 / no known model"
    return f"{told['kind']:9}{told['node']:24}{ids:11}{told['product']} ({known})"


def _seconds(seconds: int | None) -> Iterator[None]:
    until_s = None if seconds is None else time.monotonic() + seconds
    while until_s is None or time.monotonic() < until_s:
        yield
        time.sleep(0.25)
    yield

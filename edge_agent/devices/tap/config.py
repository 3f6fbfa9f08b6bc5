"""The tap's configuration: one TOML file that may name several printers.

Every key is in `firmware_configs/tap.toml`. A tap stands between two addresses, before a printer at
a device file (its POS at another one, or on the network), or beside a folder that somebody else
prints from. Addresses are numbers, never names: printing must not wait for a name server.
"""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from edge_agent.devices.spool import key_file
from edge_agent.devices.tap.ends import Flow, Parity, SerialLine, bauds
from loyalty.settings import SettingsError, parse

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")


class ConfigError(Exception):
    """The configuration cannot be used; the message says which file, which key and why."""


class Address(msgspec.Struct, frozen=True):
    """A numeric IP address and a TCP port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `192.168.1.50:9100` or `[fd00::50]:9100`. Raises ValueError."""
        host, _, port = text.rpartition(":")
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        if not port.isascii() or not port.isdigit() or not 0 < int(port) < 1 << 16:
            raise ValueError(f"{port!r} is not a port from 1 to 65535")
        return cls(str(address), int(port))


class TapConfig(msgspec.Struct, frozen=True):
    """One printer's tap, checked. `spool` is absolute; without `accept_from` it listens at home."""

    name: str
    listen: Address
    printer: Address
    spool: Path
    accept_from: tuple[Network, ...]
    idle_ms: int


class LineConfig(msgspec.Struct, frozen=True):
    """The tap of a printer at a device file: where its POS is, and how a serial line is set.

    The POS is at a device file too, or comes over the network, as `accept_from` admits it.
    """

    name: str
    listen: str | Address
    printer: str
    spool: Path
    idle_ms: int
    line: SerialLine
    accept_from: tuple[Network, ...] = ()


class FolderConfig(msgspec.Struct, frozen=True):
    """A folder of print jobs that somebody else prints; `deletes` those that are kept."""

    name: str
    watch: Path
    spool: Path
    deletes: bool


AnyConfig = TapConfig | LineConfig | FolderConfig


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    listen: str = ""
    printer: str = ""
    spool: str
    watch: str = ""
    deletes: bool = False
    accept_from: tuple[str, ...] = ()
    idle_ms: Annotated[int, msgspec.Meta(ge=50, le=60_000)] = 700
    baud: int = 9600
    data_bits: Literal[7, 8] = 8
    parity: Parity = "none"
    stop_bits: Literal[1, 2] = 1
    flow: Flow = "none"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tap: Annotated[tuple[_Entry, ...], msgspec.Meta(min_length=1)]


def load(path: Path) -> list[AnyConfig]:
    """Read and check a tap configuration. Raises ConfigError."""
    try:
        file = parse(path.read_text(encoding="utf-8"), _File)
    except (OSError, UnicodeDecodeError, SettingsError) as error:
        raise ConfigError(f"{path}: {error}") from error
    taps = [_checked(path, entry, f"tap[{place}]") for place, entry in enumerate(file.tap)]
    for key in ("name", "listen", "watch", "spool"):
        values = [value for tap in taps if (value := getattr(tap, key, None))]
        if len(set(values)) < len(values):
            raise ConfigError(f"{path}: 两个 tap 的 {key} 相同 / two taps have the same {key}")
    for place, one in enumerate(taps):
        for other in taps:
            if told := _collision(one, other):
                raise ConfigError(f"{path}: tap[{place}].{told}")
    return taps


def _collision(one: AnyConfig, other: AnyConfig) -> str:
    """Say what of `one` would meet `other`, which may be itself, where it must not; or nothing."""
    if isinstance(one, FolderConfig):
        spool, watch = (Path(os.path.normpath(each)) for each in (other.spool, one.watch))
        # The tap would take its own files for print jobs, the till's key too, and delete them.
        if watch in {spool, key_file(spool).parent} or spool in watch.parents:
            return (
                f"watch 是 tap {other.name!r} 自己的文件夹，请换一个 /"
                f" watch is where the tap {other.name!r} keeps what it owns: name another folder"
            )
        return ""
    if not isinstance(other, FolderConfig) and _leads_to(one.printer, other.listen):
        return (
            f"printer 是 tap {other.name!r} 的监听地址，请写打印机本身 /"
            f" printer is where the tap {other.name!r} listens: name the printer itself"
        )
    return ""


def _leads_to(printer: str | Address, listen: str | Address) -> bool:
    if not (isinstance(printer, Address) and isinstance(listen, Address)):
        return printer == listen
    here, there = ipaddress.ip_address(listen.host), ipaddress.ip_address(printer.host)
    is_ours = here == there or (here.is_unspecified and there.is_loopback)
    return is_ours and listen.port == printer.port


def _checked(path: Path, entry: _Entry, where: str) -> AnyConfig:
    if not _NAME.fullmatch(entry.name):
        raise ConfigError(
            f"{path}: {where}.name {entry.name!r} 应为 1-40 个字符（A-Z a-z 0-9 _ . -） /"
            " is not 1-40 of A-Z a-z 0-9 _ . -"
        )
    spool = (path.parent / entry.spool).absolute()
    if entry.watch:
        if entry.listen or entry.printer:
            raise ConfigError(
                f"{path}: {where} 有 watch 就不能有 listen 和 printer /"
                " has watch, so it has no listen and no printer"
            )
        return FolderConfig(
            entry.name, (path.parent / entry.watch).absolute(), spool, entry.deletes
        )
    try:
        networks = tuple(ipaddress.ip_network(text) for text in entry.accept_from)
    except ValueError as error:
        raise ConfigError(
            f"{path}: {where}.accept_from 不是网络地址 / is no network: {error}"
        ) from error
    if entry.printer.startswith("/"):
        return _line(path, entry, where, spool, networks)
    if entry.listen.startswith("/"):
        raise ConfigError(
            f"{path}: {where}.printer 也要是设备文件，因为 listen 是 /"
            " is a device where listen is one"
        )
    return TapConfig(
        name=entry.name,
        listen=_door(path, f"{where}.listen", entry.listen, networks),
        printer=_address(path, f"{where}.printer", entry.printer),
        spool=spool,
        accept_from=networks,
        idle_ms=entry.idle_ms,
    )


def _line(
    path: Path, entry: _Entry, where: str, spool: Path, networks: tuple[Network, ...]
) -> LineConfig:
    if entry.baud not in bauds():
        known = ", ".join(map(str, bauds()))
        raise ConfigError(f"{path}: {where}.baud 只能是 / is none of {known}")
    listen: str | Address = entry.listen
    if not entry.listen.startswith("/"):
        listen = _door(path, f"{where}.listen", entry.listen, networks)
    elif networks:
        raise ConfigError(
            f"{path}: {where}.accept_from 只用于网络上的 POS / is for a POS on the network"
        )
    line = SerialLine(entry.baud, entry.data_bits, entry.parity, entry.stop_bits, entry.flow)
    return LineConfig(entry.name, listen, entry.printer, spool, entry.idle_ms, line, networks)


def _door(path: Path, where: str, text: str, networks: tuple[Network, ...]) -> Address:
    address = _address(path, where, text)
    if not networks and not ipaddress.ip_address(address.host).is_loopback:
        raise ConfigError(
            f"{path}: {where} {text!r} 对整个网络开放，请在 accept_from 写收银机的地址"
            '（["0.0.0.0/0"] 允许任何人打印） /'
            " is open to the whole network: name the till's address in "
            'accept_from (["0.0.0.0/0"] lets anybody print)'
        )
    return address


def _address(path: Path, where: str, text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        raise ConfigError(
            f"{path}: {where} {text!r} 应为地址和端口，如 192.168.1.50:9100"
            f"（不查域名：打印不能等域名服务器） / {error}; write an address and a port, such as "
            "192.168.1.50:9100 (names are not looked up: printing must not wait for a name server)"
        ) from error

"""How the makers' scanners are told a setting over a serial line, and how they answer.

Pure: settings to bytes, bytes to replies. A setting has a name and a value, both as the maker
writes them. Frames are sent one by one, each after the reply to the last. The sources are named
at each grammar.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from edge_agent.devices import ssi
from edge_agent.devices.profiles import Grammar

Verdict = Literal["ok", "unknown setting", "bad value"]

_VERDICTS: dict[int, Verdict] = {0x06: "ok", 0x05: "unknown setting", 0x15: "bad value"}


class Reply(Struct, frozen=True):
    """What a scanner answered: `said` is all of it without its frame.

    `verdict` is what that means, `value` what it tells about a setting or itself. An
    `acknowledgement` must be sent back, where the grammar wants one.
    """

    verdict: Verdict
    said: str
    value: str = ""
    acknowledgement: bytes = b""


class Language(Struct, frozen=True):
    """One maker's grammar.

    `put` sets a name to a value for good, `ask` and `identity` take a name. `reply` reads what was
    received about a name; None while it is not whole. `begin` opens a conversation, in which the
    line runs at `baud`; `end` closes it and keeps what was set, `leave` closes it and need not.
    They are empty where there is no such thing.
    """

    put: Callable[[str, str], bytes]
    ask: Callable[[str], bytes]
    identity: Callable[[str], bytes]
    reply: Callable[[bytes, str], Reply | None]
    begin: bytes = b""
    baud: int | None = None
    end: bytes = b""
    leave: bytes = b""


def _echo(said: bytes, name: str) -> Reply | None:
    """Read an echo: name, value, and the verdict as its last byte; None for another name's."""
    if not said or said[-1] not in _VERDICTS:
        return None
    _, found, value = said[:-1].decode("ascii", "replace").rpartition(name)
    return Reply(_VERDICTS[said[-1]], f"{name}{value}{chr(said[-1])}", value) if found else None


def _newland(name: str, value: str) -> bytes:
    return f"~\x010000@{name}{value};\x03".encode()


def _newland_reply(received: bytes, name: str) -> Reply | None:
    frames = re.finditer(rb"\x02\x010000@(.*?);\x03", received, re.DOTALL)
    return next(filter(None, (_echo(frame[1], name) for frame in frames)), None)


def _honeywell(name: str, value: str) -> bytes:
    return f"\x16M\r{name}{value}.".encode()


def _honeywell_reply(received: bytes, name: str) -> Reply | None:
    # A revision has full stops of its own: the end is the one after the verdict.
    frames = re.finditer(rb"(.*?[\x05\x06\x15])[.!]", received, re.DOTALL)
    return next(filter(None, (_echo(frame[1], name) for frame in frames)), None)


def _ssi_put(number: str, value: str) -> bytes:
    # 00 is the scanner's short beep; the status bit makes it stay after power-off.
    data = b"\0" + bytes.fromhex(number) + bytes.fromhex(value)
    return ssi.Packet(ssi.PARAM_SEND, data, ssi.PERMANENT).encode()


def _ssi_ask(number: str) -> bytes:
    return ssi.Packet(ssi.PARAM_REQUEST, bytes.fromhex(number)).encode()


def _ssi_reply(received: bytes, number: str) -> Reply | None:
    thanks = ssi.Packet(ssi.ACK).encode()
    for packet in ssi.Packets().feed(received):
        if not packet.sound or packet.source != ssi.DECODER:
            continue  # noise on the line, or our own words come back
        # Before a parameter stands the beep code that came with it.
        data = packet.data[1:] if packet.opcode == ssi.PARAM_SEND else packet.data
        said = f"{packet.opcode:02X}{data.hex().upper()}"
        if packet.opcode == ssi.ACK:
            return Reply("ok", said)
        if packet.opcode == ssi.NAK:
            denied = data[:1] == bytes([ssi.DENIED])
            return Reply("unknown setting" if denied else "bad value", said)
        if packet.opcode == ssi.REVISION_REPLY:
            return Reply("ok", said, data.decode("ascii", "replace").strip(), thanks)
        if packet.opcode == ssi.PARAM_SEND:
            value = data[len(bytes.fromhex(number)) :]
            return Reply("ok", said, value.hex().upper(), thanks)
    return None


def _datalogic_reply(received: bytes, name: str) -> Reply | None:
    del name  # its answers do not repeat it
    found = re.search(rb"\$([>%@])([^\r]*)\r", received)
    if not found:
        return None
    sign, value = found[1].decode(), found[2].decode("ascii", "replace").strip()
    return Reply("ok" if sign == ">" else "bad value", f"{sign}{value}", value)


GRAMMARS: dict[Grammar, Language] = {
    # HR and FM series user guides, "serial programming": 7E 01 30 30 30 30, @ for good, name and
    # value, 3B 03; the answer begins with 02 instead of 7E, and echoes with 06, 15 or 05 before
    # its punctuation. A * in the place of the value asks for it.
    "newland": Language(
        put=_newland,
        ask=lambda name: _newland(name, "*"),
        identity=lambda name: _newland(name, ""),
        reply=_newland_reply,
    ),
    # 1450g, 1900 and N3680 user guides, "serial programming": 16 4D 0D, name and value, and a full
    # stop for good; the answer is an echo with 06, 05 or 15 before it. A ? asks for the value.
    "honeywell": Language(
        put=_honeywell,
        ask=lambda name: _honeywell(name, "?"),
        identity=lambda name: _honeywell(name, ""),
        reply=_honeywell_reply,
    ),
    # Zebra's SSI guide; a name is the parameter's number in hex, a value is hex bytes.
    "ssi": Language(
        put=_ssi_put,
        ask=_ssi_ask,
        identity=lambda _: ssi.Packet(ssi.REVISION_REQUEST).encode(),
        reply=_ssi_reply,
    ),
    # Service mode of the hand-helds, at 115,200 baud: $S opens it, $C sets, $c asks, $Ar keeps
    # and restarts, $s leaves. Yes is $> and, where something was asked, its value; no is $%, and $@
    # in one program. Seen in public tests of Datalogic's hand-helds and in a public program that
    # sets up a Gryphon GFS4400 and compares what it says; speed, $s and $+$! only in the latter.
    "datalogic": Language(
        put=lambda name, value: f"$C{name}{value}\r".encode(),
        ask=lambda name: f"$c{name}\r".encode(),
        identity=lambda name: f"${name}\r".encode(),
        reply=_datalogic_reply,
        begin=b"$S\r",
        baud=115_200,
        end=b"$Ar\r",
        leave=b"$s\r",
    ),
}

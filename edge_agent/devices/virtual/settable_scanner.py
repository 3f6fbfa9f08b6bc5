"""A virtual serial scanner that can be set up, in the grammar of its maker.

    with SettableScanner(Path("/tmp/till-1/scanner"), "newland", {"SCNMOD": "0"}) as scanner:
        ...                              # tillpoints devices setup --port /tmp/till-1/scanner
        scanner.settings["SCNMOD"]

Fault switches: `refuses` names settings it takes no value for, `forgets` those that it says yes to
and keeps as they were, `deaf_after` so many frames it answers nothing (its cable moved),
`dribbles` sends its answers byte by byte, `noisy` sends a code and half an answer before each,
`held_after` so many frames it keeps its answer back until `goes_on` is set.
"""

from __future__ import annotations

import os
import re
import select
import termios
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from edge_agent.devices import ssi
from edge_agent.devices.profiles import Grammar
from edge_agent.devices.virtual.scanner import VirtualScanner

_FRAMES: dict[Grammar, bytes] = {
    "newland": rb"~\x010000@([A-Z0-9]{6})([^;]*);\x03",
    "honeywell": rb"\x16M\r([A-Z0-9]{6})([^.!]*)[.!]",
    "datalogic": rb"\$(S|s|C|c|Ar|\+\$!)([^\r]*)\r",
}
_IDENTITIES = {"QRYPDN", "REVINF"}
_SERVICE_BAUD = termios.B115200
_LOOK_EVERY_S = 0.05


class SettableScanner:
    """One scanner with its settings, plugged in while it is a context."""

    def __init__(
        self, link: Path, grammar: Grammar, settings: dict[str, str], identity: str = "VIRTUAL-1"
    ) -> None:
        self.settings = settings
        self.identity = identity
        self.refuses: set[str] = set()
        self.forgets: set[str] = set()
        self.deaf_after: int | None = None
        self.dribbles = False
        self.noisy = False
        self.held_after: int | None = None
        self.is_held = threading.Event()
        self.goes_on = threading.Event()
        self.frames = 0
        self._serving = False
        self._line = VirtualScanner(link)
        self._grammar = grammar
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="settable scanner", daemon=True)

    def __enter__(self) -> Self:
        self._line.plug()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self.goes_on.set()
        self._thread.join()
        self._line.unplug()

    def _run(self) -> None:
        received = b""
        packets = ssi.Packets()
        while not self._stopping.is_set():
            if not select.select([self._line.end], [], [], _LOOK_EVERY_S)[0]:
                continue
            try:
                data = os.read(self._line.end, 4096)
            except OSError:
                # A terminal that nobody has open: the computer has not come, or has gone.
                self._stopping.wait(_LOOK_EVERY_S)
                continue
            if self._grammar == "ssi":
                for packet in packets.feed(data):
                    self._say(self._packet(packet))
                continue
            received += data
            while found := re.search(_FRAMES[self._grammar], received):
                received = received[found.end() :]
                self._say(self._frame(found[1].decode(), found[2].decode()))

    def _say(self, answer: bytes) -> None:
        if not answer:
            return
        self.frames += 1
        if self.deaf_after is not None and self.frames > self.deaf_after:
            return
        if self.frames == self.held_after:
            self.is_held.set()
            self.goes_on.wait()
        if self.noisy:
            answer = b"6901234567892\r" + answer
        for part in (
            [answer[at : at + 1] for at in range(len(answer))] if self.dribbles else [answer]
        ):
            os.write(self._line.end, part)
            time.sleep(0.001 if self.dribbles else 0)

    def _frame(self, name: str, value: str) -> bytes:
        if self._grammar == "datalogic":
            return self._service(name, value)
        if name in _IDENTITIES:
            return self._echo(name, self.identity, 0x06)
        if name not in self.settings:
            return self._echo(name, value, 0x05)
        if value in {"*", "?"}:
            return self._echo(name, self.settings[name], 0x06)
        return self._echo(name, value, 0x06 if self._take(name, value) else 0x15)

    def _echo(self, name: str, value: str, verdict: int) -> bytes:
        said = f"{name}{value}".encode() + bytes([verdict])
        return b"\x02\x010000@" + said + b";\x03" if self._grammar == "newland" else said + b"."

    def _service(self, order: str, rest: str) -> bytes:
        name = next((each for each in self.settings if rest.startswith(each)), None)
        if self._serving and termios.tcgetattr(self._line.end)[4] != _SERVICE_BAUD:
            return b""  # at another speed it is noise
        match order:
            case "+$!":
                return f"$>{self.identity}\r".encode()
            case "S" | "s" | "Ar":
                self._serving = order == "S"
                return b"$>\r"
            case _ if not self._serving:
                return b""
            case "c" if name:
                return f"$>{self.settings[name]}\r".encode()
            case "C" if name and self._take(name, rest[len(name) :]):
                return b"$>\r"
        return b"$%\r"

    def _packet(self, packet: ssi.Packet) -> bytes:
        def said(opcode: int, data: bytes = b"") -> bytes:
            return ssi.Packet(opcode, data, source=ssi.DECODER).encode()

        if packet.opcode == ssi.ACK:
            return b""
        if packet.opcode == ssi.REVISION_REQUEST:
            return said(ssi.REVISION_REPLY, self.identity.encode())
        number = packet.data[0 if packet.opcode == ssi.PARAM_REQUEST else 1 :][:1].hex().upper()
        if number not in self.settings:
            return said(ssi.NAK, bytes([ssi.DENIED]))
        if packet.opcode == ssi.PARAM_REQUEST:
            value = bytes.fromhex(number + self.settings[number])
            return said(ssi.PARAM_SEND, b"\xff" + value)
        taken = self._take(number, packet.data[2:].hex().upper())
        return said(ssi.ACK) if taken else said(ssi.NAK, bytes([ssi.BAD_CONTEXT]))

    def _take(self, name: str, value: str) -> bool:
        if name in self.refuses:
            return False
        if name not in self.forgets:
            self.settings[name] = value
        return True

"""A profile's settings to a scanner over its line: each is sent, answered and read back.

Either all of them are set when this returns, or all are as they were and it is said which one was
refused, or before which somebody stopped it. Only when the scanner stops answering in the middle,
or is pulled out, is neither known, and that is said.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from edge_agent.devices.profiles import Setting, Setup
from edge_agent.devices.setup.grammars import GRAMMARS, Language, Reply

ANSWER_S = 3.0


class Port(Protocol):
    """A serial line; pyserial's ports are this."""

    baudrate: int

    def read(self, size: int = 1, /) -> bytes:
        """Return what came within the port's own time-out, at most `size` bytes."""

    def write(self, data: bytes, /) -> int | None:
        """Send `data`."""


class NoAnswerError(OSError):
    """The scanner did not answer; the message says to what."""


class Outcome(Struct, frozen=True):
    """How it went. `refused` names the setting that was not taken, and `why`.

    `undone` are the settings that were put back, `left` those that could not be. `stopped`: nothing
    was refused, but somebody wanted it to stop at that setting.
    """

    identity: str
    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    refused: str = ""
    why: str = ""
    undone: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    stopped: bool = False


class Conversation:
    """One scanner on one line, in its maker's grammar."""

    def __init__(self, port: Port, language: Language) -> None:
        self._port = port
        self._language = language

    def ask(self, name: str) -> Reply:
        """Return what the setting is now. Raises NoAnswerError."""
        return self._exchange(self._language.ask(name), name)

    def put(self, name: str, value: str) -> Reply:
        """Set it. Raises NoAnswerError."""
        return self._exchange(self._language.put(name, value), name)

    def identity(self, name: str) -> str:
        """Return who the scanner says it is. Raises NoAnswerError."""
        return self._exchange(self._language.identity(name), name).value

    def begin(self) -> None:
        """Open the conversation. Raises NoAnswerError."""
        if self._language.begin:
            self._exchange(self._language.begin, "")
        if self._language.baud:
            self._port.baudrate = self._language.baud

    def end(self) -> None:
        """Close it; what was set is kept. Raises NoAnswerError."""
        if self._language.end:
            self._exchange(self._language.end, "")

    def leave(self) -> None:
        """Close it; nothing needs to be kept. Raises NoAnswerError."""
        if self._language.leave:
            self._exchange(self._language.leave, "")

    def _exchange(self, frame: bytes, name: str) -> Reply:
        self._port.write(frame)
        received = b""
        until_s = time.monotonic() + ANSWER_S
        while time.monotonic() < until_s:
            received += self._port.read(1)
            if reply := self._language.reply(received, name):
                self._port.write(reply.acknowledgement)
                return reply
        shown = name or repr(frame.decode("ascii", "replace"))
        raise NoAnswerError(f"no answer to {shown} within {ANSWER_S:g} s")


def apply(port: Port, setup: Setup, stopped: Callable[[], bool] = lambda: False) -> Outcome:
    """Set the scanner up. Raises NoAnswerError if it does not answer at all, OSError.

    `stopped` is asked between the settings: once it is true, all is put back as after a refusal.
    """
    port.baudrate = setup.baud
    talk = Conversation(port, GRAMMARS[setup.grammar])
    identity = talk.identity(setup.identity) if setup.identity or setup.grammar == "ssi" else ""
    talk.begin()
    before: list[tuple[Setting, str]] = []
    kept: list[str] = []
    for setting in setup.setting:
        why = "" if stopped() else _made(talk, setting, before, kept)
        if why or stopped():
            undone, left = _undo(talk, before)
            return Outcome(
                identity, (), tuple(kept), setting.name, why, undone, left, stopped=not why
            )
    try:
        talk.end()
    except OSError as error:  # they were taken, and nobody knows whether they stay
        undone, left = _undo(talk, before)
        closing = GRAMMARS[setup.grammar].end.decode().strip()
        return Outcome(identity, (), tuple(kept), closing, str(error), undone, left)
    return Outcome(identity, tuple(setting.name for setting, _ in before), tuple(kept))


def _made(
    talk: Conversation, setting: Setting, before: list[tuple[Setting, str]], kept: list[str]
) -> str:
    """Make it so, and return why it was not; what it was is noted in `before`, or in `kept`."""
    try:
        old = talk.ask(setting.name)
        if old.verdict != "ok":
            return old.verdict
        if old.value == setting.value:
            kept.append(setting.name)
            return ""
        return _set(talk, setting, old.value, before)
    except OSError as error:  # no answer, or it was pulled out
        return str(error)


def _set(talk: Conversation, setting: Setting, old: str, before: list[tuple[Setting, str]]) -> str:
    """Set it and read it back; return why it was not taken.

    What may have been changed is noted in `before`, even when no answer came.
    """
    before.append((setting, old))
    reply = talk.put(setting.name, setting.value)
    if reply.verdict != "ok":
        before.pop()
        return reply.verdict
    if reply.said != setting.answer:
        return f"it answered {reply.said!r}, not {setting.answer!r}"
    now = talk.ask(setting.name).value
    return "" if now == setting.value else f"it said yes, but is {now!r}, not {setting.value!r}"


def _undo(
    talk: Conversation, before: list[tuple[Setting, str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    undone: list[str] = []
    left: list[str] = []
    for setting, old in reversed(before):
        try:
            talk.put(setting.name, old)
            is_back = talk.ask(setting.name).value == old
        except OSError:
            is_back = False
        (undone if is_back else left).append(setting.name)
    try:
        talk.leave()
    except OSError:
        left += [name for name in undone if name not in left]
        undone.clear()
    return tuple(undone), tuple(left)

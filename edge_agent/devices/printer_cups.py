"""A CUPS queue as slip printer: handed over with `lp`, watched until CUPS has let go of the job.

A job that CUPS completed was taken whole by the printer's side, which is all that a queue can say;
one still waiting when the time is up is cancelled, and counts as not printed only if no backend
had begun with it. What became of a job is asked in IPP, because `lpstat` shows a job that was
given up exactly as one that was printed. Sources: lp(1), cancel(1), lpstat(1); RFC 8010 (encoding),
RFC 8011 (Get-Job-Attributes, job-state); cups(1) for CUPS_SERVER.
"""

from __future__ import annotations

import http.client
import os
import re
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from edge_agent.devices.printers import Answer, Status
from edge_agent.devices.slip_folder import Outcome, Result

#: How the titles of our own jobs begin; a tap behind the queue knows them by it.
TITLE = "tillpoints slip"
_SOCKET = Path("/run/cups/cups.sock")
_COMMAND_S = 10.0
_LOOK_EVERY_S = 0.1
_GET_JOB_ATTRIBUTES = 0x0009
_OPERATION, _END = 0x01, 0x03
_CHARSET, _LANGUAGE, _URI, _NAME, _KEYWORD = 0x47, 0x48, 0x45, 0x42, 0x44
_INTEGER, _ENUM = 0x21, 0x23
_WAITING = {3, 4}  # pending, held
_COMPLETED = 9
_ENDED = {7, 8, _COMPLETED}  # canceled, aborted
# RFC 8011, printer-state-reasons; they may end in -report, -warning or -error.
_NO_PAPER = re.compile(r"\bmedia-(empty|needed)")
_COVER = re.compile(r"\b(cover|door|interlock)-open")
_OFFLINE = re.compile(r"\b(offline|connecting-to-device|shutdown)")


class _Job(Struct, frozen=True):
    """A job's state by RFC 8011, and whether a backend ever began with it."""

    state: int
    begun: bool


class CupsPrinter:
    """A queue of this machine's CUPS, or of the one that CUPS_SERVER names."""

    def __init__(self, queue: str, timeout_s: float = 15.0) -> None:
        self._queue = queue
        self._timeout_s = timeout_s

    def print_slip(self, slip_id: str, data: bytes) -> Outcome:
        """Print the slip and return what became of it."""
        command = ["lp", "-d", self._queue, "-o", "raw", "-t", f"{TITLE} {slip_id}"]
        try:
            ran = _run(command, data)
        except FileNotFoundError:
            return Outcome(Result.NOT_PRINTED, "there is no lp: install cups-client")
        except TimeoutError:
            return Outcome(Result.UNKNOWN, "CUPS did not say whether it took the slip")
        except OSError as error:
            return Outcome(Result.NOT_PRINTED, f"lp cannot be run: {error}")
        if ran.returncode:
            return Outcome(Result.NOT_PRINTED, f"CUPS refused it: {ran.stderr.strip()}")
        # Not by our queue's name: of an instance (counter/fast) the job names the queue alone.
        taken = re.search(r"-(\d+) \(", ran.stdout)
        if taken is None:
            return Outcome(Result.UNKNOWN, "CUPS took the slip and did not say as which job")
        try:
            return self._watched(int(taken[1]))
        except OSError as error:
            return Outcome(Result.UNKNOWN, f"CUPS stopped answering: {error}")

    def outcomes(self) -> dict[str, Outcome]:
        """Return nothing: `print_slip` told it all."""
        return {}

    def status(self) -> Status:
        """Return what CUPS says of the queue."""
        try:
            ran = _run(["lpstat", "-l", "-p", self._queue])
        except OSError:
            return Status()
        if ran.returncode:
            return Status(online=Answer.NO)
        first, alerts = ran.stdout.partition("\n")[0], ran.stdout
        return Status(
            online=Answer.NO if " disabled " in first or _OFFLINE.search(alerts) else Answer.YES,
            paper=Answer.NO if _NO_PAPER.search(alerts) else Answer.UNKNOWN,
            cover=Answer.NO if _COVER.search(alerts) else Answer.UNKNOWN,
        )

    def _watched(self, number: int) -> Outcome:
        until_s = time.monotonic() + self._timeout_s
        while (job := _ask(number)).state not in _ENDED and time.monotonic() < until_s:
            time.sleep(_LOOK_EVERY_S)
        if job.state not in _ENDED:
            _run(["cancel", str(number)])
            job = _ask(number)
        if job.state == _COMPLETED:
            return Outcome(Result.PRINTED, "")
        if not job.begun and job.state in _ENDED:
            return Outcome(Result.NOT_PRINTED, "the printer did not come to it in time")
        return Outcome(Result.UNKNOWN, "CUPS gave it up half-way: look at the paper")


def _run(command: list[str], data: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Run one of CUPS's commands. Raises OSError: TimeoutError if it did not end in time."""
    try:
        ran = subprocess.run(
            command,
            input=data,
            capture_output=True,
            timeout=_COMMAND_S,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{command[0]} did not end within {_COMMAND_S:g} s") from error
    stdout, stderr = (text.decode(errors="replace") for text in (ran.stdout, ran.stderr))
    return subprocess.CompletedProcess(command, ran.returncode, stdout, stderr)


class _Server(http.client.HTTPConnection):
    """A connection to CUPS: its socket on this machine, or the server that CUPS_SERVER names."""

    default_port = 631

    def __init__(self) -> None:
        """Name the server. Raises HTTPException if CUPS_SERVER names none."""
        named = os.environ.get("CUPS_SERVER", "")
        self._path = named if named.startswith("/") else "" if named else str(_SOCKET)
        super().__init__(named.partition("/")[0] or "localhost", timeout=_COMMAND_S)

    def connect(self) -> None:
        """Connect. Raises OSError."""
        if not self._path:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_COMMAND_S)
        self.sock.connect(self._path)


def _ask(number: int) -> _Job:
    """Return what CUPS knows of a job. Raises OSError."""
    request = struct.pack(">HHI", 0x0200, _GET_JOB_ATTRIBUTES, 1) + bytes([_OPERATION])
    request += _attribute(_CHARSET, "attributes-charset", "utf-8")
    request += _attribute(_LANGUAGE, "attributes-natural-language", "en")
    request += _attribute(_URI, "job-uri", f"ipp://localhost/jobs/{number}")
    request += _attribute(_NAME, "requesting-user-name", "tillpoints")
    request += _attribute(_KEYWORD, "requested-attributes", "job-state")
    request += _attribute(_KEYWORD, "", "time-at-processing") + bytes([_END])
    try:
        with closing(_Server()) as server:
            server.request("POST", "/jobs", request, {"Content-Type": "application/ipp"})
            answer = server.getresponse().read()
    except http.client.HTTPException as error:
        raise OSError(f"CUPS answered no IPP: {error!r}") from error
    said = {name: (tag, value) for tag, name, value in _attributes(answer)}
    tag, state = said.get("job-state", (0, b""))
    if tag != _ENUM or len(state) != 4:
        raise OSError(f"CUPS does not know its job {number}")
    begun = said.get("time-at-processing", (0, b""))[0] == _INTEGER  # else: no-value
    return _Job(int.from_bytes(state, "big"), begun)


def _attribute(tag: int, name: str, value: str) -> bytes:
    parts = (name.encode(), value.encode())
    return bytes([tag]) + b"".join(struct.pack(">H", len(part)) + part for part in parts)


def _attributes(answer: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Yield each attribute of an IPP answer as tag, name and value. Raises OSError."""
    at = 8  # version, status and request id
    try:
        while (tag := answer[at]) != _END:
            at += 1
            if tag < 0x10:
                continue  # a group begins
            name, at = _counted(answer, at)
            value, at = _counted(answer, at)
            yield tag, name.decode(), value
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise OSError("CUPS sent half an answer") from error


def _counted(answer: bytes, at: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from(">H", answer, at)
    end = at + 2 + length
    return answer[at + 2 : end], end

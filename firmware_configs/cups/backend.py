#!/usr/bin/python3 -I
"""CUPS backend `tillpoints`: passes each job on to the queue's real backend, and keeps a copy.

The queue's URI is tillpoints:FOLDER?REAL_URI. Installed as /usr/lib/cups/backend/tillpoints with
mode 0700, so that CUPS runs it as root; it needs Python's own library only, and neither tap nor
agent. Whatever happens to the copy, the job goes on: bytes are handed to the real backend first,
by a thread that never touches the folder, and its exit code is ours. A copy that could not be kept
is counted in memory, where the tap reads it. Our own slips are passed on without a copy.

Sources: backend(7) (arguments, exit codes, file descriptors 3 and 4), cups filter(7).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

OWN_TITLE = "tillpoints slip"
_FAILED, _RETRY = 1, {6, 7}
_CHUNK_BYTES = 1 << 16
_CHUNKS_MAX = 256  # a disk that hangs costs the copy, never the paper
_COPY_WAIT_S = 5.0
_GIVEN_UP = ".given-up"


class Copy(threading.Thread):
    """Writes the copy of one job, away from the thread that moves paper."""

    def __init__(self, folder: Path, job: str) -> None:
        super().__init__(daemon=True)
        self._folder = folder
        self._name = f"{job}-{os.getpid()}"
        self._chunks: queue.Queue[bytes | str] = queue.Queue(_CHUNKS_MAX)
        self._broken = False
        self.start()

    def add(self, data: bytes) -> None:
        """Take bytes that the real backend took."""
        try:
            self._chunks.put_nowait(data)
        except queue.Full:
            self._broken = True

    def fail(self, error: OSError) -> None:
        """Give the copy up, and say why."""
        self._broken = True
        _say("WARNING", f"the copy of this job: {error}")

    def end(self, exit_code: int) -> None:
        """Let the copy appear as what became of the job, and count it if that fails."""
        suffix = ".job" if exit_code == 0 else "" if exit_code in _RETRY else _GIVEN_UP
        try:
            self._chunks.put(suffix, timeout=_COPY_WAIT_S)
            self.join(_COPY_WAIT_S)
        except queue.Full:
            self._broken = True
        if self._broken or self.is_alive():
            _count_lost(self._folder)
            _say("WARNING", "this job was printed, but no copy of it could be kept")

    def run(self) -> None:
        """Write what comes. An error costs the copy."""
        try:
            self._write()
        except OSError as error:
            self.fail(error)

    def _write(self) -> None:
        owner = self._folder.stat()
        part = self._folder / f"{self._name}.part"
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb", buffering=0) as file:
            # Held while we live: the tap takes over what a dead one left.
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.geteuid() == 0:
                os.fchown(handle, owner.st_uid, owner.st_gid)
            while isinstance(chunk := self._chunks.get(), bytes):
                if not self._broken:
                    file.write(chunk)
            file.flush()
            os.fsync(handle)
            if chunk and file.tell() and not self._broken:
                part.rename(self._folder / f"{self._name}{chunk}")
            else:
                part.unlink()


def main(arguments: list[str]) -> int:
    """Serve one call of CUPS's."""
    if len(arguments) == 1:
        sys.stdout.write('direct tillpoints "Unknown" "a copy of each job for tillpoints"\n')
        return 0
    if len(arguments) not in {6, 7}:
        _say("ERROR", "wants job user title copies options [file]")
        return _FAILED
    folder, real = _places(os.environ.get("DEVICE_URI", arguments[0]))
    program = _backends() / real.partition(":")[0]
    environ = {**os.environ, "DEVICE_URI": real}
    command = [real, *arguments[1:]]
    try:
        if arguments[3].startswith(OWN_TITLE):
            os.execve(program, command, environ)  # noqa: S606 - as CUPS itself would
        child = subprocess.Popen(
            command,
            executable=program,
            env=environ,
            stdin=subprocess.PIPE if len(arguments) < 7 else None,
            close_fds=False,  # 3 and 4: the back channel and the side channel
        )
    except OSError as error:
        _say("ERROR", f"the queue's own backend {program} cannot be run: {error.strerror}")
        return _FAILED
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    copy = Copy(folder, arguments[1])
    if child.stdin is None:
        _copy_file(Path(arguments[6]), copy)
    else:
        _pass_on(child.stdin, copy)
    code = child.wait()
    copy.end(code)
    return code if code >= 0 else _FAILED


def _pass_on(to: IO[bytes], copy: Copy) -> None:
    while data := os.read(0, _CHUNK_BYTES):
        try:
            to.write(data)
            to.flush()
        except BrokenPipeError:
            return  # it ended, and its exit code says how
        copy.add(data)
    try:
        to.close()
    except BrokenPipeError:
        return


def _copy_file(path: Path, copy: Copy) -> None:
    """Copy a job that the real backend reads by itself."""
    try:
        with path.open("rb") as file:
            while data := file.read(_CHUNK_BYTES):
                copy.add(data)
    except OSError as error:
        copy.fail(error)


def _places(uri: str) -> tuple[Path, str]:
    """Return the folder for copies and the URI of the real printer."""
    folder, mark, real = uri.partition(":")[2].partition("?")
    if not mark or not real:
        _say("ERROR", f"{uri} is not tillpoints:FOLDER?REAL_URI")
        raise SystemExit(_FAILED)
    return Path("/" + folder.lstrip("/")), real


def _backends() -> Path:
    return Path(os.environ.get("CUPS_SERVERBIN", "/usr/lib/cups")) / "backend"


def _count_lost(folder: Path) -> None:
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    try:
        handle = os.open(f"/dev/shm/tillpoints-cups-{name}", flags, 0o644)  # noqa: S108
        os.write(handle, b"x")
        os.close(handle)
    except OSError as error:
        _say("ERROR", f"not even the loss of a copy could be counted: {error}")


def _say(level: str, what: str) -> None:
    sys.stderr.write(f"{level}: tillpoints: {what}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv))

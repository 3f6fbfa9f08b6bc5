"""Kills a real process at one exact write: SIGKILL just before the kernel would carry it out.

A write is whatever changes a file below some folders (bytes, their sync, a length, a name) and, if
asked for, what leaves by a socket. strace can kill so too, but counts the calls of each thread by
themselves; here the nth is the nth of all threads and processes together.
"""

import ctypes
import os
import signal
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from tests.faults import be_watched

#: Which argument of these is a path; of all others the first one is an open file.
_PATHS = {"rename": 0, "unlink": 0, "unlinkat": 1, "renameat": 1, "renameat2": 1}
_PATH_BYTES_MAX = 4096

_CONT, _SETOPTIONS, _GET_SYSCALL_INFO = 7, 0x4200, 0x420E  # ptrace(2)
_FORKS_CLONES_EXECS_AND_SECCOMP, _EXITKILL = 0x2 | 0x4 | 0x8 | 0x10 | 0x80, 0x100000
_EVENT_SECCOMP = 7
_OF_THIS_THREAD = 0x40000000 | 0x20000000  # __WALL | __WNOTHREAD, wait(2)
_INFO_BYTES, _INFO_OF_CALL = 88, 24  # struct ptrace_syscall_info, and where its number stands
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)


class Write(Struct, frozen=True):
    """One write: the call, and the name of its file."""

    call: str
    name: str


class Strike:
    """Which write is to be the last (from 1; none: no one is), and what came of it."""

    def __init__(self, nth=None, *, whole=True):
        self.nth = nth
        self.whole = whole  # all of its processes die, or the one that writes
        self.writes = []  # the one it died at included
        self.killed = []  # processes, as the kernel told of their end

    @property
    def struck(self):
        return self.nth is not None and len(self.writes) >= self.nth


class AtWrite(threading.Thread):
    """Runs `command` and all that it starts, and kills it as the strike says it is armed with.

    `owner` is the user and the group that it runs as, where we are root.
    """

    def __init__(self, command, *folders, sockets=False, owner=(0, 0), **popen):
        super().__init__(name=f"watching {command[0]}", daemon=True)
        self.process = None
        self._command = [sys.executable, be_watched.__file__, *map(str, owner), *command]
        self._popen = popen
        self._folders = tuple(f"{Path(folder).resolve()}/" for folder in folders)
        self._sockets = sockets
        self._strike = Strike()
        self._processes = {}  # thread -> its process
        self._begun = threading.Event()

    def arm(self, strike):
        """Count from now on for this strike."""
        self._strike = strike

    def begin(self):
        """Start, and return the process, to read what it says."""
        self.start()
        self._begun.wait()
        return self.process

    def kill(self):
        """Kill all that is left of it, and wait for that."""
        self._kill(set(self._processes.values()))
        self.join()

    def run(self):
        # Who starts a process is who traces it: to ptrace(2) a thread, not a process.
        try:
            self.process = subprocess.Popen(self._command, **self._popen)
            self._processes[self.process.pid] = self.process.pid
        finally:
            self._begun.set()
        _, status = os.waitpid(self.process.pid, _OF_THIS_THREAD)
        assert os.WIFSTOPPED(status), "it did not become the command"
        options = _FORKS_CLONES_EXECS_AND_SECCOMP | _EXITKILL
        _ptrace(_SETOPTIONS, self.process.pid, 0, options)
        _ptrace(_CONT, self.process.pid, 0, 0)
        while self._processes:
            tid, status = os.waitpid(-1, _OF_THIS_THREAD)
            if os.WIFSTOPPED(status):
                self._stopped(tid, status)
            else:
                self._gone(tid, status)

    def _stopped(self, tid, status):
        number, event = os.WSTOPSIG(status), status >> 16
        with suppress(ProcessLookupError, FileNotFoundError):  # it was killed meanwhile
            if tid not in self._processes:  # a new one begins with a stop
                self._processes[tid] = _process_of(tid)
                number = 0
            elif event == _EVENT_SECCOMP:
                self._about_to_write(tid)
        if event or number == signal.SIGTRAP:
            number = 0
        with suppress(ProcessLookupError):
            _ptrace(_CONT, tid, 0, number)

    def _gone(self, tid, status):
        if self._processes.pop(tid, tid) != tid:
            return  # a thread
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            self._strike.killed.append(tid)
        if tid == self.process.pid:
            self.process.returncode = os.waitstatus_to_exitcode(status)

    def _about_to_write(self, tid):
        strike = self._strike
        call, path = _call(tid)
        if not (self._sockets if call == "sendto" else path.startswith(self._folders)):
            return  # none of the writes that were asked for
        if strike.struck and strike.whole:
            return  # all of it is dying
        strike.writes.append(Write(call, Path(path).name))
        if len(strike.writes) == strike.nth:
            own = {self._processes[tid]}
            self._kill(set(self._processes.values()) if strike.whole else own)

    def _kill(self, pids):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _ptrace(request, tid, address, data):
    if _libc.ptrace(request, tid, address, data) == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def _call(tid):
    """Return the name of the call that a thread stands before, and the path it is about."""
    info = ctypes.create_string_buffer(_INFO_BYTES)
    _ptrace(_GET_SYSCALL_INFO, tid, _INFO_BYTES, ctypes.addressof(info))
    number, *arguments = struct.unpack_from("7Q", info.raw, _INFO_OF_CALL)
    call = be_watched.CALLS[number]
    if call == "sendto":
        return call, "socket"
    if call not in _PATHS:
        return call, str(Path(f"/proc/{tid}/fd/{arguments[0]}").readlink())
    with Path(f"/proc/{tid}/mem").open("rb", buffering=0) as memory:
        memory.seek(arguments[_PATHS[call]])
        path = b""
        while b"\0" not in path and len(path) < _PATH_BYTES_MAX:
            path += memory.read(64)
    folder = Path(f"/proc/{tid}/cwd").readlink()
    return call, str(folder / os.fsdecode(path.partition(b"\0")[0]))


def _process_of(tid):
    lines = Path(f"/proc/{tid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Tgid:")).split()[1])

"""Becomes another program that its parent watches: `be_watched.py UID GID PROGRAM [WORD ...]`.

The parent traces it by ptrace(2), and a seccomp filter stops it, and all that it starts, right
before each call that writes and before no other. `at_write.py` runs it and is that parent.
"""

import ctypes
import os
import platform
import struct
import sys

#: The calls that write, by number: the kernel's syscall_64.tbl and asm-generic/unistd.h.
CALLS = {
    "x86_64": {
        1: "write", 18: "pwrite64", 20: "writev", 44: "sendto", 74: "fsync", 75: "fdatasync",
        77: "ftruncate", 82: "rename", 87: "unlink", 263: "unlinkat", 264: "renameat",
        285: "fallocate", 296: "pwritev", 316: "renameat2",
    },
    "aarch64": {
        64: "write", 68: "pwrite64", 66: "writev", 206: "sendto", 82: "fsync", 83: "fdatasync",
        46: "ftruncate", 35: "unlinkat", 38: "renameat", 47: "fallocate", 70: "pwritev",
        276: "renameat2",
    },
}[platform.machine()]  # fmt: skip

_TRACEME = 0
_SET_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2  # prctl(2)
_LOAD, _IF_EQUAL, _GIVE = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
_ALLOW, _TRACE = 0x7FFF0000, 0x7FF00000  # SECCOMP_RET_*, seccomp(2)


def main(uid: str, gid: str, *command: str) -> None:
    """Give up what only root may, be watched, and become the command."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(_filter())
    lines = len(code) // 8
    program = struct.pack("HxxxxxxP", lines, ctypes.addressof(code))
    if (
        libc.ptrace(_TRACEME, 0, None, None)
        or libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        or libc.prctl(_SET_SECCOMP, _FILTER, program)
    ):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    os.execvp(command[0], command)  # noqa: S606 a shell would be one process more to kill


def _filter() -> bytes:
    """Return a program for the kernel: trace these calls, allow all others."""
    lines = [(_LOAD, 0, 0, 0)]  # the number of the call
    for at, number in enumerate(CALLS):
        lines.append((_IF_EQUAL, len(CALLS) - at, 0, number))
    lines += [(_GIVE, 0, 0, _ALLOW), (_GIVE, 0, 0, _TRACE)]
    return b"".join(struct.pack("HBBI", *line) for line in lines)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Runs in the place of a service of ours, and tells what it may do there. Standard library only."""

import ctypes
import errno
import json
import os
import signal
import socket
import stat
import tempfile
from pathlib import Path

PLACES = (
    *("/etc/tillpoints", "/usr/local/lib", "/srv/open", "/var/log", "/var/lib/tillpoints"),
    *("/var/spool/tillpoints", "/run/tillpoints", "/tmp", "/dev/shm"),  # noqa: S108
)
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER = 0x10000000


def outcome(action):
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "yes"


def call(name, *arguments):
    """Call the C library; raise what it answers."""
    if getattr(LIBC, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def in_a_child(action):
    """Tell the outcome of something that may be answered with death."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, outcome(action).encode())
        os._exit(0)
    os.close(write)
    said = os.read(read, 100).decode()
    os.close(read)
    _, status = os.waitpid(child, 0)
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else said


def written(place):
    with tempfile.NamedTemporaryFile(dir=place):
        pass


def opened(node):
    os.close(os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY))


def open_devices():
    """Name the kinds of character devices that are not refused, whoever has them open now."""
    nodes = [each for each in Path("/dev").rglob("*") if not each.is_symlink()]
    nodes = [each for each in nodes if stat.S_ISCHR(each.stat().st_mode)]
    return sorted(
        {
            str(each.relative_to("/dev")).rstrip("0123456789")
            for each in nodes
            if outcome(lambda each=each: opened(each)) not in {"EPERM", "EACCES"}
        }
    )


def suid():
    with tempfile.NamedTemporaryFile(dir="/tmp") as file:
        Path(file.name).chmod(0o4755)


def look_around():
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines()
    )
    families = {"AF_PACKET": socket.SOCK_RAW, "AF_NETLINK": socket.SOCK_RAW}
    families |= {"AF_INET": socket.SOCK_STREAM, "AF_BLUETOOTH": socket.SOCK_STREAM}
    return {
        "user": [os.getuid() > 0, os.getuid() < 1000],
        "written": {each: outcome(lambda each=each: written(each)) for each in PLACES},
        "home": outcome(lambda: list(Path("/home").iterdir())),
        "of all": Path("/tmp/of-all").exists(),  # noqa: S108
        "devices": open_devices(),
        "sockets": {
            name: outcome(lambda name=name, kind=kind: socket.socket(getattr(socket, name), kind))
            for name, kind in families.items()
        },
        "capabilities": [int(status[key], 16) for key in ("CapEff", "CapPrm", "CapBnd")],
        "bars": [status["NoNewPrivs"], status["Seccomp"]],
        "suid": outcome(suid),
        "namespace": in_a_child(lambda: call("unshare", CLONE_NEWUSER)),
        "mount": in_a_child(lambda: call("mount", b"x", b"/tmp", b"tmpfs", 0, None)),
        "clock": in_a_child(lambda: call("settimeofday", bytes(16), None)),
        "kernel": outcome(lambda: Path("/proc/sys/kernel/core_pattern").write_text("x")),
    }


if __name__ == "__main__":
    print(json.dumps(look_around()))  # noqa: T201 into the file that the unit names

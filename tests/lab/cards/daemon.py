"""Debian's smart-card daemon with two virtual readers, apart from the machine's own.

It gets a /run of its own (a mount namespace), so that no other daemon is met and none is left.
"""

import ctypes.util
import os
import shutil
import socket
import subprocess
from pathlib import Path

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def missing():
    """What this machine lacks for it, such as a Debian package; empty: nothing."""
    packages = {
        "libpcsclite1": ctypes.util.find_library("pcsclite"),
        "pcscd": shutil.which("pcscd", path=PATH),
        "vsmartcard-vpcd": DRIVER.exists(),
    }
    lacking = " ".join(name for name, found in packages.items() if not found)
    if lacking:
        return f"the Debian package {lacking}"
    may = subprocess.run([*_apart(), "true"], stderr=subprocess.DEVNULL, check=False)
    return "a machine that lets programs have a /run of their own" if may.returncode else ""


def _apart():
    # Who is not root may only rearrange a world of their own.
    return ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "-m"]


class Daemon:
    """One daemon at one place; `readers` says how many of the two it finds plugged in."""

    def __init__(self, folder):
        self.run = folder / "run"
        self.readers = folder / "readers"
        self.run.mkdir()
        self.readers.mkdir()
        self.socket = self.run / "pcscd" / "pcscd.comm"
        self.port = two_free_ports()
        self._process = None

    def start(self, *, plugged=True):
        entry = self.readers / "vpcd"
        entry.unlink(missing_ok=True)
        if plugged:
            entry.write_text(
                f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{self.port:#x}\n'
                f"LIBPATH {DRIVER}\nCHANNELID {self.port:#x}\n"
            )
        script = f'mount --bind "{self.run}" /run && exec pcscd --foreground -c "{self.readers}"'
        self._process = subprocess.Popen(
            [*_apart(), "sh", "-c", script],
            env={**os.environ, "PATH": PATH},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def answers(self):
        """Tell whether it takes calls: its socket is there a moment before."""
        with socket.socket(socket.AF_UNIX) as caller:
            return caller.connect_ex(str(self.socket)) == 0

    def stop(self):
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None
            self.socket.unlink(missing_ok=True)


def two_free_ports():
    """The reader's second slot listens one port above its first."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = first.getsockname()[1]
            try:
                with socket.create_server(("127.0.0.1", port + 1)):
                    return port
            except OSError:
                continue

"""The lab's machine from outside: how it is started, and what a person would do with its plugs.

What runs inside prints one line of JSON for each story, and asks for hands with another.
"""

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
IMAGE = ROOT / ".lab"
QEMU = shutil.which("qemu-system-x86_64")
TIMEOUT_S = 900  # emulated, and beside whatever else this machine does
# Closing a device waits for the kernel's grace periods: short ones, please. On a busy host the
# kernel would find at boot that its timer does not tick, and give it up.
BOOT = "console=ttyS0 quiet panic=-1 rcupdate.rcu_expedited=1 no_timer_check tsc=reliable"
KEYS = {"\n": "ret", "-": "minus", ".": "dot"}


def run(folder, inside, *devices, hands=None):
    """Run one file inside the machine; return each story by its name.

    `hands` is called with everything that the inside asks for.
    """
    script = folder / "run"
    script.write_text(
        "export PATH=/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1\n"
        f"exec {sys.executable} {inside} {folder}\n"
    )
    return _told(("-append", f"{BOOT} lab={script}", *devices), hands)


def boot(script, *devices, hands):
    """Let Debian's own systemd start the machine, after a script that installs what it will find.

    Something that it finds tells the stories, on the first serial line.
    """
    # A clock that was measured on a busy host runs fast, and systemd's patience with it.
    clock = "clocksource=acpi_pm tsc=unstable"
    started = f"{BOOT} {clock} systemd.show_status=no systemd=yes lab={script}"
    return _told(("-append", started, *devices), hands)


def _told(devices, hands):
    if QEMU is None or not (IMAGE / "lib").exists():
        pytest.skip("needs the lab's machine: make lab (Debian packages in .ci/debian-packages)")
    # Emulated on purpose: it is the same with and without a processor that helps.
    machine = subprocess.Popen(
        [
            QEMU,
            *("-accel", "tcg", "-cpu", "max", "-m", "1024", "-net", "none", "-no-reboot"),
            *("-display", "none", "-serial", "stdio"),
            *("-kernel", IMAGE / "vmlinuz", "-initrd", IMAGE / "initrd"),
            *("-fsdev", "local,id=f,path=/,security_model=none,readonly=on,multidevs=remap"),
            *("-device", "virtio-9p-pci,fsdev=f,mount_tag=host"),
            *devices,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    overdue = threading.Timer(TIMEOUT_S, machine.kill)
    overdue.start()
    told, said = {}, []
    try:
        for line in machine.stdout:
            text = line.decode(errors="replace").strip()
            said.append(text)
            if text.startswith("LAB "):
                story = json.loads(text[4:])
                told[story["story"]] = story
            elif text.startswith("ASK ") and hands is not None:
                hands(json.loads(text[4:]))
    finally:
        overdue.cancel()
        machine.kill()
        machine.wait()
        machine.stdout.close()
    assert told, "\n".join(said)
    return told


class Monitor:
    """QEMU's monitor: the hands that type and pull plugs."""

    def __init__(self, path):
        self._path = str(path)
        self._line = None

    @property
    def arguments(self):
        return ("-monitor", f"unix:{self._path},server=on,wait=off")

    def do(self, command):
        """Run a command and return what it said."""
        if self._line is None:
            self._line = socket.socket(socket.AF_UNIX)
            self._line.settimeout(60)
            self._line.connect(self._path)
            self._answer()
        self._line.sendall(command.encode() + b"\n")
        return self._answer()

    def type(self, text):
        """Press keys as a scanner does, one after the other."""
        for char in text:
            key = KEYS.get(char, char.lower())
            self.do(f"sendkey {'shift-' if char.isupper() else ''}{key} 20")
            time.sleep(0.03)  # QEMU drops keys that come before the one before was let go

    def close(self):
        if self._line is not None:
            self._line.close()

    def _answer(self):
        said = b""
        while not said.endswith(b"(qemu) "):
            data = self._line.recv(4096)
            if not data:
                break
            said += data
        return said.decode(errors="replace")

"""Input devices of a mocked kernel: libumockdev's test bed, driven through ctypes.

Works only in a process that umockdev-wrapper started: it stands between the C library and the
kernel, and shows such a process a /sys and a /dev of its own. The records' form is umockdev's
(umockdev-record(1)); data sizes in an ioctl record are those that python-evdev asks for.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import struct
import tty
from pathlib import Path

_KEYS = bytearray(96)
for _code in range(1, 128):
    _KEYS[_code // 8] |= 1 << _code % 8
_LED_EVENTS = 1 << 17


def library():
    found = ctypes.CDLL("libumockdev.so.0")
    found.umockdev_testbed_new.restype = ctypes.c_void_p
    found.umockdev_testbed_get_root_dir.restype = ctypes.c_char_p
    for name, arguments in {
        "add_from_string": [ctypes.c_char_p, ctypes.c_void_p],
        "load_ioctl": [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p],
        "get_dev_fd": [ctypes.c_char_p],
        "uevent": [ctypes.c_char_p, ctypes.c_char_p],
        "remove_device": [ctypes.c_char_p],
        "get_root_dir": [],
    }.items():
        getattr(found, f"umockdev_testbed_{name}").argtypes = [ctypes.c_void_p, *arguments]
    return found


class MockKernel:
    """What is plugged in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._library = library()
        self._numbers = itertools.count(5)
        self._bed = self._library.umockdev_testbed_new()

    def close(self) -> None:
        """Take everything away again, so that the next kernel starts empty."""
        ctypes.CDLL("libgobject-2.0.so.0").g_object_unref(ctypes.c_void_p(self._bed))

    def next_number(self) -> int:
        """A number that no event node had: after a replug it may be another one."""
        return next(self._numbers)

    def add(self, description: str) -> None:
        """Show devices, in umockdev's own form."""
        assert self.call("add_from_string", description, None)

    def call(self, name, *arguments):
        ready = [each.encode() if isinstance(each, str) else each for each in arguments]
        return getattr(self._library, f"umockdev_testbed_{name}")(self._bed, *ready)


class MockKeyboard:
    """One keyboard-like device, at the same port and with the same ids over all its replugs."""

    def __init__(
        self,
        kernel: MockKernel,
        *,
        vid: int = 0x1EAB,
        pid: int = 0x1D03,
        serial: str = "",
        port: str = "usb-0000:00:14.0-1/input0",
        product: str = "Newland FM430",
        is_fast: bool = True,
    ) -> None:
        self._kernel = kernel
        self.number = 0
        self._vid, self._pid, self._serial = vid, pid, serial
        self._port, self._product = port, product
        self._is_fast = is_fast
        self._ends: tuple[int, ...] = ()

    @property
    def node(self) -> str:
        return f"/dev/input/event{self.number}"

    @property
    def _path(self) -> str:
        return f"/devices/virtual/input/input{self.number}"

    def plug(self) -> None:
        self.number = self._kernel.next_number()
        node = self._place()
        node.parent.mkdir(parents=True, exist_ok=True)
        self._ends = self._pipe(node) if self._is_fast else self._line(node)
        assert self._kernel.call("load_ioctl", self.node, str(self._record()), None)
        self._kernel.add(self._parent())
        self._kernel.add(self._events())

    def unplug(self) -> None:
        self._place().unlink()
        for end in self._ends:
            os.close(end)
        for path in (f"{self._path}/event{self.number}", self._path):
            self._kernel.call("uevent", f"/sys{path}", "remove")
            self._kernel.call("remove_device", f"/sys{path}")

    def _place(self) -> Path:
        return Path(self._kernel.call("get_root_dir").decode()) / self.node[1:]

    def _pipe(self, node: Path) -> tuple[int, ...]:
        # A terminal cuts events in two when they come fast; a pipe hands them on whole, as the
        # kernel does.
        os.mkfifo(node)
        return (os.open(node, os.O_RDWR),)

    def _line(self, node: Path) -> tuple[int, ...]:
        # A terminal hangs up when it is unplugged, and its reader is told so at once.
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        node.symlink_to(os.ttyname(theirs))
        return ours, theirs

    def lights(self) -> dict[int, int]:
        """What the lights were last set to; takes it from the pipe."""
        written = os.read(self._ends[0], 4096)
        events = [struct.unpack_from("@llHHi", written, at) for at in range(0, len(written), 24)]
        return {code: value for *_, kind, code, value in events if kind == 17}

    def send(self, events: bytes) -> None:
        for at in range(0, len(events), 2400):  # whole events, and fewer than a pipe may split
            os.write(self._ends[0], events[at : at + 2400])

    def _parent(self) -> str:
        words = struct.unpack("<12Q", bytes(_KEYS))[::-1]
        keys = " ".join(f"{word:x}" for word in words).lstrip("0 ")
        return "\n".join(
            [
                f"P: {self._path}",
                "E: SUBSYSTEM=input",
                f"A: name={self._product}",
                f"A: phys={self._port}",
                f"A: uniq={self._serial}",
                f"A: id/vendor={self._vid:04x}",
                f"A: id/product={self._pid:04x}",
                f"A: capabilities/key={keys}",
                "",
            ]
        )

    def _events(self) -> str:
        return "\n".join(
            [
                f"P: {self._path}/event{self.number}",
                f"E: DEVNAME={self.node}",
                "E: SUBSYSTEM=input",
                "E: MAJOR=13",
                f"E: MINOR={64 + self.number}",
                "E: ID_INPUT_KEYBOARD=1",
                f"A: dev=13:{64 + self.number}",
                f"L: device=../../input{self.number}",
                "",
            ]
        )

    def _record(self) -> Path:
        def text(value: str) -> str:
            return value.encode().ljust(256, b"\0").hex().upper()

        ids = struct.pack("<4H", 3, self._vid, self._pid, 0x0111).hex().upper()
        kinds = struct.pack("<I", 0b10011 | _LED_EVENTS).hex().upper()
        record = self._kernel.folder / f"event{self.number}.ioctl"
        lines = [
            f"@DEV {self.node}",
            f"EVIOCGID 0 {ids}",
            f"EVIOCGNAME(0) {len(self._product)} {text(self._product)}",
            f"EVIOCGPHYS(0) {len(self._port)} {text(self._port)}",
            f"EVIOCGUNIQ(0) {len(self._serial)} {text(self._serial)}",
            "EVIOCGVERSION 0 01000100",
            f"EVIOCGBIT(0) 4 {kinds}",
            f"EVIOCGBIT(1) 96 {bytes(_KEYS).hex().upper()}",
            f"EVIOCGBIT(4) 96 {'10'.ljust(192, '0')}",
            f"EVIOCGBIT(17) 96 {'07'.ljust(192, '0')}",
            "EVIOCGEFFECTS 0 00000000",
        ]
        record.write_text("\n".join(lines) + "\n")
        return record

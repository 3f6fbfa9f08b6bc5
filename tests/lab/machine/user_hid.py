"""HID devices that a program plays to the real kernel (/dev/uhid): keyboards and HID POS scanners.

The kernel parses their descriptors and reports as it does a cable's, so key codes, lights, grabs
and unplugs are its own. Layout of the events: the kernel's include/uapi/linux/uhid.h; usages: HID
usage tables, pages 07 and 8C.
"""

from __future__ import annotations

import os
import select
import struct
import time

_DESTROY, _CREATE2, _OUTPUT, _INPUT2 = 1, 11, 6, 12
_USB = 3
KEYBOARD = bytes.fromhex(
    "05010906A101050719E029E71500250175019508810295017508810195057501050819012905910295017503"
    "910195067508150026FF00050719002AFF008100C0"
)
POS = bytes.fromhex("058C0902A1010912A1028502150026FF007508953F09FE8102C0C0")

# Linux key code -> HID usage, as the kernel's hid-input has it the other way round.
_LETTERS = (30, 48, 46, 32, 18, 33, 34, 35, 23, 36, 37, 38, 50, 49, 24, 25, 16, 19, 31, 20, 22, 47)
_ROWS = {
    0x04: (*_LETTERS, 17, 45, 21, 44),
    0x1E: (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 28, 1, 14, 15, 57, 12, 13, 26, 27, 43),
    0x33: (39, 40, 41, 51, 52, 53, 58),
    0x53: (69, 98, 55, 74, 78, 96, 79, 80, 81, 75, 76, 77, 71, 72, 73, 82, 83, 86),
    0x87: (89,),
    0x89: (124,),
}
USAGES = {code: first + at for first, row in _ROWS.items() for at, code in enumerate(row)}
MODIFIERS = {29: 0, 42: 1, 56: 2, 125: 3, 97: 4, 54: 5, 100: 6, 126: 7}


class UserHid:
    """One device; plugged in from `plug` to `unplug`."""

    def __init__(
        self, descriptor: bytes, *, vid: int, pid: int, port: str, serial: str = ""
    ) -> None:
        self._descriptor = descriptor
        self._ids = struct.pack("<HIIII", _USB, vid, pid, 1, 0)
        self._names = struct.pack("128s64s64s", b"Lab scanner", port.encode(), serial.encode())
        self._file = -1
        self.lights = -1

    def plug(self) -> None:
        self._file = os.open("/dev/uhid", os.O_RDWR | os.O_CLOEXEC)
        size = struct.pack("<H", len(self._descriptor))
        body = self._names + size + self._ids + self._descriptor.ljust(4096, b"\0")
        os.write(self._file, struct.pack("<I", _CREATE2) + body)

    def unplug(self) -> None:
        os.write(self._file, struct.pack("<I", _DESTROY))
        os.close(self._file)

    def report(self, data: bytes) -> None:
        os.write(self._file, struct.pack("<IH", _INPUT2, len(data)) + data)

    def type(self, keys, pause_s: float = 0.0) -> None:
        """Send key events as the reports of a keyboard, each with all keys that are held."""
        modifiers, held = 0, []
        for code, value in keys:
            if code in MODIFIERS:
                bit = 1 << MODIFIERS[code]
                modifiers = modifiers | bit if value else modifiers & ~bit
            elif value:
                held.append(USAGES[code])
            else:
                held.remove(USAGES[code])
            self.report(bytes([modifiers, 0, *held]).ljust(8, b"\0"))
            time.sleep(pause_s)

    def listen(self) -> None:
        """Note what the kernel last set the lights to."""
        while select.select([self._file], [], [], 0)[0]:
            event = os.read(self._file, 4380)
            if struct.unpack_from("<I", event)[0] == _OUTPUT:
                self.lights = event[4]

"""Whether anybody keeps this machine's clock, by the kernel's own word.

Source: adjtimex(2). Asking (modes 0) needs no right; where another program keeps the clock over the
network, the kernel's flag STA_UNSYNC is off, and it comes on again when that stops for long.
"""

from __future__ import annotations

import ctypes
import shutil

_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


class _Timex(ctypes.Structure):
    """The head of the kernel's struct timex; what follows it is not read here."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def is_kept() -> bool | None:
    """Tell whether the clock is kept; None where the kernel may not be asked (a sandbox)."""
    timex = _Timex()
    state = ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    return None if state < 0 else means_kept(state, timex.status)


def means_kept(state: int, status: int) -> bool:
    """Return what the kernel's answer means."""
    return state != _TIME_ERROR and not status & _STA_UNSYNC


def keeper() -> str | None:
    """Name the program on this machine that would keep the clock."""
    found = ("/usr/lib/systemd", "/lib/systemd", "/usr/sbin", "/usr/bin")
    programs = ("systemd-timesyncd", "chronyd", "ntpd")
    return next((each for each in programs if shutil.which(each, path=":".join(found))), None)

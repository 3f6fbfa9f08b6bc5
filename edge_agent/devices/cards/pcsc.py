"""PC/SC through Debian's libpcsclite1: the few calls that reading a card's number takes.

The one file that knows the library. It is called as it is (ctypes), because its Python wrapper has
no wheels for Linux and no till has a compiler; these calls have not changed since PC/SC 1.0.

Source: the API's description, pcsc-lite's winscard.h and pcsclite.h: DWORD is an unsigned and LONG
a signed long; SCARD_READERSTATE ends with an ATR of at most 33 bytes.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import functools
from collections.abc import Iterator
from ctypes import POINTER, Structure, byref, c_char_p, c_long, c_ubyte, c_ulong, c_void_p

_SYSTEM_SCOPE = 2
_SHARED, _ANY_PROTOCOL, _LEAVE_CARD = 2, 3, 0
_UNAWARE, _CHANGED, _UNKNOWN, _GONE, _PRESENT, _MUTE = 0, 0x02, 0x04, 0x08, 0x20, 0x200
_ATR_BYTES_MAX = 33
_ANSWER_BYTES_MAX = 264

_OK = 0
_TIMEOUT = 0x8010000A
_UNKNOWN_READER = 0x80100009
_NO_READERS = 0x8010002E
_NOT_ALLOWED = 0x8010006A
_NO_SERVICE, _STOPPED, _CUT_OFF = 0x8010001D, 0x8010001E, 0x80100013
_WORDS = {
    _NO_SERVICE: "the smart-card daemon does not run: systemctl start pcscd.socket",
    _STOPPED: "the smart-card daemon was stopped",
    _CUT_OFF: "the smart-card daemon went away",
    _NOT_ALLOWED: "the smart-card daemon lets this user in only by a rule of polkit's",
    _NO_READERS: "it is not plugged in",
    _UNKNOWN_READER: "it was unplugged",
}


class CardError(OSError):
    """The daemon, a reader or a card did not do what was asked; the message says what it said."""


class _ReaderState(Structure):
    _fields_ = (
        ("name", c_char_p),
        ("ours", c_void_p),
        ("before", c_ulong),
        ("now", c_ulong),
        ("atr_bytes", c_ulong),
        ("atr", c_ubyte * _ATR_BYTES_MAX),
    )


class _Protocol(Structure):
    _fields_ = (("protocol", c_ulong), ("bytes", c_ulong))


class Watched:
    """One reader, and how it was seen last."""

    def __init__(self, reader: str) -> None:
        self.reader = reader
        self._state = _ReaderState(name=reader.encode(), before=_UNAWARE)

    @property
    def has_card(self) -> bool:
        """Whether a card lies on it."""
        return bool(self._state.now & _PRESENT)

    @property
    def is_mute(self) -> bool:
        """Whether that card does not answer."""
        return bool(self._state.now & _MUTE)


class SmartCards:
    """A conversation with the daemon; one thread at a time."""

    def __init__(self, library: ctypes.CDLL, context: int) -> None:
        self._library = library
        self._context = context

    def readers(self) -> list[str]:
        """Name the readers that are plugged in. Raises CardError."""
        size = c_ulong(0)
        code = self._library.SCardListReaders(self._context, None, None, byref(size))
        if code & 0xFFFFFFFF == _NO_READERS:
            return []
        _checked(code)
        names = ctypes.create_string_buffer(size.value)
        _checked(self._library.SCardListReaders(self._context, None, names, byref(size)))
        return [name.decode(errors="replace") for name in names.raw.split(b"\0") if name]

    def wait(self, watched: Watched, wait_s: float) -> bool:
        """Wait until something changes on a reader; False if nothing did. Raises CardError."""
        state = watched._state  # noqa: SLF001 the library's view of the same reader
        code = self._library.SCardGetStatusChange(
            self._context, c_ulong(round(wait_s * 1000)), byref(state), c_ulong(1)
        )
        if code & 0xFFFFFFFF == _TIMEOUT:
            return False
        _checked(code)
        if state.now & (_UNKNOWN | _GONE):
            raise CardError("it was unplugged")
        changed = bool(state.now & _CHANGED)
        state.before = state.now & ~_CHANGED
        return changed

    def ask(self, reader: str, command: bytes) -> bytes:
        """Send a command to the card on a reader; return its answer. Raises CardError."""
        library, card, protocol = self._library, c_long(), c_ulong()
        _checked(
            library.SCardConnect(
                self._context,
                reader.encode(),
                c_ulong(_SHARED),
                c_ulong(_ANY_PROTOCOL),
                byref(card),
                byref(protocol),
            )
        )
        try:
            how = _Protocol(protocol.value, ctypes.sizeof(_Protocol))
            answer = ctypes.create_string_buffer(_ANSWER_BYTES_MAX)
            size = c_ulong(_ANSWER_BYTES_MAX)
            _checked(
                library.SCardTransmit(
                    card, byref(how), command, c_ulong(len(command)), None, answer, byref(size)
                )
            )
            return answer.raw[: size.value]
        finally:
            library.SCardDisconnect(card, c_ulong(_LEAVE_CARD))


@contextlib.contextmanager
def smart_cards() -> Iterator[SmartCards]:
    """Talk to the daemon. Raises CardError where it does not run or its library is missing."""
    library, context = _library(), c_long()
    _checked(library.SCardEstablishContext(c_ulong(_SYSTEM_SCOPE), None, None, byref(context)))
    try:
        yield SmartCards(library, context.value)
    finally:
        library.SCardReleaseContext(context)


@functools.cache
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libpcsclite.so.1")
    except OSError as error:
        raise CardError("reading cards wants: apt install libpcsclite1 pcscd") from error
    size = POINTER(c_ulong)
    library.SCardEstablishContext.argtypes = (c_ulong, c_void_p, c_void_p, POINTER(c_long))
    library.SCardReleaseContext.argtypes = (c_long,)
    library.SCardListReaders.argtypes = (c_long, c_char_p, c_char_p, size)
    library.SCardGetStatusChange.argtypes = (c_long, c_ulong, POINTER(_ReaderState), c_ulong)
    library.SCardConnect.argtypes = (c_long, c_char_p, c_ulong, c_ulong, POINTER(c_long), size)
    library.SCardTransmit.argtypes = (
        c_long, POINTER(_Protocol), c_char_p, c_ulong, c_void_p, c_char_p, size,
    )  # fmt: skip
    library.SCardDisconnect.argtypes = (c_long, c_ulong)
    for name in (
        "EstablishContext", "ReleaseContext", "ListReaders", "GetStatusChange", "Connect",
        "Transmit", "Disconnect",
    ):  # fmt: skip
        getattr(library, f"SCard{name}").restype = c_long
    return library


def _checked(code: int) -> None:
    told = code & 0xFFFFFFFF
    if told != _OK:
        raise CardError(_WORDS.get(told, f"PC/SC error {told:#010x}"))

"""A virtual contactless card, for the virtual reader of Debian's vsmartcard-vpcd.

    with VirtualCard(bytes.fromhex("04A1B2C3D4E5F6"), port=35963):
        ...                              # it lies on the reader
                                         # and now it was taken away

The reader listens, one port for each of its slots; a card is who connects. Fault switch: `mute`
answers nothing to any command, as a card that is taken away too soon.

Source: vpcd's messages (vsmartcard's documentation): two bytes of length, high first; one byte 00
switches the card off, 01 on, 02 resets it and 04 asks for its ATR.
"""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

_ASKS_ATR = 0x04
_GET_UID = bytes.fromhex("FFCA0000")
_NO_SUCH_COMMAND = b"\x6d\x00"
#: A contactless memory card (PC/SC part 3, 3.1.3.2.3): MIFARE Classic 1K.
_ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
_WAIT_S = 10.0


class VirtualCard:
    """A card that lies on the reader while it is entered."""

    def __init__(self, uid: bytes, port: int, *, mute: bool = False) -> None:
        self._uid = uid
        self._port = port
        self._mute = mute
        self._thread = threading.Thread(target=self._run, name="virtual card", daemon=True)

    def __enter__(self) -> Self:
        """Lay it on the reader. Raises OSError where there is none."""
        self._link = socket.create_connection(("127.0.0.1", self._port), timeout=_WAIT_S)
        self._link.settimeout(None)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take it away."""
        self._link.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._link.close()

    def _run(self) -> None:
        while (head := self._taken(2)) is not None:
            message = self._taken(int.from_bytes(head, "big"))
            if message is None:
                return
            answer = self._answer(message)
            if answer is not None:
                self._link.sendall(len(answer).to_bytes(2, "big") + answer)

    def _answer(self, message: bytes) -> bytes | None:
        if len(message) == 1:
            return _ATR if message[0] == _ASKS_ATR else None
        if self._mute:
            return b"\x64\x00"  # no answer from the card, as a reader tells it
        return self._uid + b"\x90\x00" if message.startswith(_GET_UID) else _NO_SUCH_COMMAND

    def _taken(self, count: int) -> bytes | None:
        taken = b""
        while len(taken) < count:
            try:
                piece = self._link.recv(count - len(taken))
            except OSError:
                return None  # taken away while the reader spoke
            if not piece:
                return None
            taken += piece
        return taken

"""SSI, the serial protocol of Zebra (Symbol) scanners and of the many engines that copy it.

Owns the packet: its check sum, and codes that come in packets to be acknowledged. Pure.

Source: Zebra's Simple Serial Interface programmer's guide (72E-40451): length (itself included,
the check sum not), opcode, source (04 host, 00 decoder), status, data, and the two's complement
of the sum of all these bytes, high byte first.
"""

from __future__ import annotations

from msgspec import Struct

from edge_agent.devices.framing import CODE_BYTES_MAX, decode

DECODE_DATA, ACK, NAK = 0xF3, 0xD0, 0xD1
PARAM_SEND, PARAM_REQUEST = 0xC6, 0xC7
REVISION_REQUEST, REVISION_REPLY = 0xA3, 0xA4
HOST, DECODER = 0x04, 0x00
AGAIN, CONTINUED, PERMANENT = 0x01, 0x02, 0x08  # bits of the status
#: What a NAK gives as its reason.
RESEND, BAD_CONTEXT, DENIED = 0x01, 0x02, 0x06
_HEAD_BYTES, _SUM_BYTES = 4, 2
# A scanner that had no answer sends again within 2 s (its own limit): 20 silences of 100 ms.
_SILENCES_MAX = 20
_GARBLED = "\N{REPLACEMENT CHARACTER}"


class Packet(Struct, frozen=True):
    """One packet; `sound` is False when its check sum was wrong."""

    opcode: int
    data: bytes = b""
    status: int = 0
    source: int = HOST
    sound: bool = True

    def encode(self) -> bytes:
        """Return the packet as it goes over the line. Raises ValueError if it is too long."""
        body = bytes([_HEAD_BYTES + len(self.data), self.opcode, self.source, self.status])
        body += self.data
        return body + (-sum(body) & 0xFFFF).to_bytes(2, "big")


class Packets:
    """Cuts the bytes of one line into packets."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Packet]:
        """Take bytes; return the packets that they complete."""
        self._pending += data
        found: list[Packet] = []
        while self._pending:
            length = self._pending[0]
            if length < _HEAD_BYTES:  # 00 wakes a sleeping host; nothing this short is a packet
                del self._pending[0]
                continue
            if len(self._pending) < length + _SUM_BYTES:
                break
            body = bytes(self._pending[:length])
            told = int.from_bytes(self._pending[length : length + _SUM_BYTES], "big")
            del self._pending[: length + _SUM_BYTES]
            sound = told == -sum(body) & 0xFFFF
            found.append(Packet(body[1], body[_HEAD_BYTES:], body[3], body[2], sound))
        return found

    def silence(self) -> bytes:
        """Drop a packet whose rest never came; return what there was of it."""
        lost = bytes(self._pending)
        self._pending.clear()
        return lost


class SsiFramer:
    """Codes from a scanner that sends SSI packets; each is acknowledged, or sent again."""

    def __init__(self) -> None:
        self._packets = Packets()
        self._code = bytearray()
        self._last = b""
        self._silences = 0
        self._answers = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """Take bytes; return the codes that they end."""
        return [text for packet in self._packets.feed(data) for text in self._packet(packet)]

    def silence(self) -> list[str]:
        """Note that nothing came for a while; ask again for a packet that lost its rest.

        A code whose further packets never come is dropped, and heard as U+FFFD. So is one that
        never was in a packet: the scanner is not set up for it.
        """
        self._silences += 1
        if lost := self._packets.silence():
            if lost[2:3] not in {b"", bytes([DECODER])}:
                return [_GARBLED]
            self._answers += Packet(NAK, bytes([RESEND])).encode()
        elif self._code and self._silences > _SILENCES_MAX:
            self._code.clear()
            return [_GARBLED]
        return []

    def answers(self) -> bytes:
        """Return what must be sent to the scanner now; asking takes it."""
        answers, self._answers = bytes(self._answers), bytearray()
        return answers

    def _packet(self, packet: Packet) -> list[str]:
        self._silences = 0
        if packet.source != DECODER or packet.opcode in {ACK, NAK}:
            return []  # our own echo, or a late answer
        if not packet.sound:
            self._answers += Packet(NAK, bytes([RESEND])).encode()
            return []
        self._answers += Packet(ACK).encode()
        if packet.opcode != DECODE_DATA:
            return []
        # Our acknowledgement was lost: the scanner repeats a code that we have.
        if packet.status & AGAIN and packet.data == self._last:
            return []
        self._last = packet.data
        self._code += packet.data[1:]  # the first byte is the kind of code
        if packet.status & CONTINUED:
            return []
        too_long = len(self._code) > CODE_BYTES_MAX
        text = _GARBLED if too_long else decode(bytes(self._code).rstrip(b"\r\n"))
        self._code.clear()
        return [text] if text else []

"""What the number (UID) of a contactless card is worth: a weak key to a member, or nothing.

Pure. A UID is no proof of anything, because it can be copied: it finds a member the way a printed
number does, and redeeming asks for more.

Sources: ISO/IEC 14443-3, 6.4.4: a UID has 4, 7 or 10 bytes, and one of 4 that begins with 08 is
drawn anew each time (phones, watches, many bank cards); 88 is the cascade tag and begins no whole
UID. PC/SC part 3, 3.2.2.1.3: GET DATA, and its status words.
"""

from __future__ import annotations

from msgspec import Struct

#: GET DATA: the UID of the card that lies on the reader.
GET_UID = bytes.fromhex("FFCA000000")
_DONE = b"\x90\x00"
_LENGTHS = frozenset({4, 7, 10})
_RANDOM, _CASCADE_TAG = 0x08, 0x88


class Worthless(Struct, frozen=True):
    """A card without a number of its own; `why` is a code of `edge_agent.phrases`."""

    why: str


def uid_of(answer: bytes) -> bytes | Worthless:
    """Return the UID in a card's answer to GET_UID, or why it is none."""
    uid, status = answer[:-2], answer[-2:]
    if status != _DONE or len(uid) not in _LENGTHS:
        return Worthless("card_unread")
    if len(uid) == 4 and uid[0] == _RANDOM:
        return Worthless("card_random")
    if uid[0] == _CASCADE_TAG or uid in {bytes(len(uid)), b"\xff" * len(uid)}:
        return Worthless("card_unread")
    return uid

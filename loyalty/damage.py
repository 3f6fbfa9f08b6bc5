"""Events whose rows are damaged on a device's disk: how they travel, so that no gap is silent.

Such an event goes with the hash it had, so that the chain goes on behind it, and with what was
found of it (SYNC 2.2, 2.3). The device signs it like any other. A body that fails its hash is never
judged; one that only follows a lost event, so that its hash cannot be checked, is.
"""

import hashlib
import struct
from enum import IntEnum

from loyalty.chain import BODY_BYTES_MAX, HASH_BYTES, SPELLED_KIND, Frame, Stream
from loyalty.events import CENTRAL_KINDS_FROM

_HEADER = struct.Struct(">BHH")  # damage, kind, kind version
_START = HASH_BYTES + _HEADER.size
_VERSION = 1
#: What is found of a lost event.
NOTHING = Frame(0, 0, b"")


class Damage(IntEnum):
    """What is wrong with an event's row."""

    CORRUPT = 1  # its body is not what its hash says
    LOST = 2  # there is none
    ALONE = 3  # it cannot be checked: what stands before it is lost or damaged


def spelled(damage: Damage, hash_: bytes, found: Frame = NOTHING) -> Frame:
    """Return the frame that tells of a damaged event, with what was found of it as far as fits."""
    header = _HEADER.pack(damage, found.kind & 0xFFFF, found.kind_version & 0xFFFF)
    body = found.body[: BODY_BYTES_MAX - _START]
    return Frame(SPELLED_KIND, _VERSION, hash_ + header + body)


def read(frame: Frame) -> tuple[Damage, Frame]:
    """Return what is wrong with an event, and what was found of it. Raises ValueError."""
    if frame.kind != SPELLED_KIND or len(frame.body) < _START:
        raise ValueError("no frame of a damaged event")
    damage, kind, kind_version = _HEADER.unpack_from(frame.body, HASH_BYTES)
    if kind == SPELLED_KIND or kind >= CENTRAL_KINDS_FROM:
        raise ValueError(f"kind {kind} is not for devices to write")
    return Damage(damage), Frame(kind, kind_version, frame.body[_START:])


def lost_hash(stream: Stream, seq: int, prev_hash: bytes) -> bytes:
    """Return the hash that stands for a lost event, whose own one is lost with it."""
    place = stream.epoch.to_bytes(8, "big") + seq.to_bytes(8, "big")
    return hashlib.sha256(b"tillpoints lost 1" + stream.device_id + place + prev_hash).digest()

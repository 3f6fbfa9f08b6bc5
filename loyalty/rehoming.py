"""Events of an earlier epoch that are written again in a later one, byte for byte (SYNC 2.6).

Knows nothing of what the events say; `loyalty.events` does.
"""

import msgspec
from msgspec import Struct

from loyalty.chain import HASH_BYTES, Frame

#: From this kind on only central writes events.
CENTRAL_KINDS_FROM = 100
#: The kind of an event of an earlier epoch that is written again: `Rehomed` around the first one.
REHOMED_KIND = 9
_VERSION = 1


class Origin(Struct, frozen=True):
    """Where an event stood that is written again in a later epoch, and its kind (SYNC 2.6)."""

    epoch: int
    seq: int
    hash: bytes
    kind: int


class Rehomed(Struct, frozen=True):
    """An event of an earlier epoch as it was first written; central may lack it or have it."""

    epoch: int
    seq: int
    hash: str
    kind: int
    kind_version: int
    body: msgspec.Raw


class UnknownKind(ValueError):
    """This version of the software does not know the kind or the version of an event."""


def rehomed(epoch: int, seq: int, hash_: bytes, frame: Frame) -> Frame:
    """Return the frame that writes an event of an earlier epoch again, byte for byte.

    One that was written again before stays what it is: its origin is where it stood first.
    """
    if frame.kind == REHOMED_KIND:
        return frame
    around = Rehomed(
        epoch, seq, hash_.hex(), frame.kind, frame.kind_version, msgspec.Raw(frame.body)
    )
    data = msgspec.json.encode(around, order="deterministic")
    return Frame(REHOMED_KIND, _VERSION, data)


def origin_of(frame: Frame) -> Origin | None:
    """Return where an event stood first, None for one that stands where it was written.

    Raises as `body_of` does for an event that does not say it.
    """
    if frame.kind != REHOMED_KIND:
        return None
    around = _around(frame)
    hash_ = bytes.fromhex(around.hash)
    if len(hash_) != HASH_BYTES or around.epoch < 1 or around.seq < 1:
        raise ValueError("the origin of an event is no place on a chain")
    return Origin(around.epoch, around.seq, hash_, around.kind)


def first_frame(frame: Frame) -> Frame:
    """Return the frame that was written first. Raises as `loyalty.events.body_of` does."""
    around = _around(frame)
    if around.kind == REHOMED_KIND or around.kind >= CENTRAL_KINDS_FROM:
        raise ValueError(f"kind {around.kind} is not for devices to write again")
    return Frame(around.kind, around.kind_version, bytes(around.body))


def _around(frame: Frame) -> Rehomed:
    if frame.kind_version != _VERSION:
        raise UnknownKind(f"kind {frame.kind} version {frame.kind_version}")
    return msgspec.json.decode(frame.body, type=Rehomed)

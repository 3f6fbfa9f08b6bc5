"""Seals: one hash over the ledger as it stands, chained to the one before (SYNC 2.4).

Central makes one an hour and writes it on its own chain; tills keep the last one they pulled. So a
server whose history was changed behind a seal contradicts what every till holds. Pure.
"""

import hashlib
from collections.abc import Iterable

from msgspec import Struct

from loyalty.chain import HASH_BYTES

#: Where a device tells central of a contradiction.
WITNESS_PATH = "/api/1/witness"
#: What stands before the first seal.
NO_SEAL = bytes(HASH_BYTES)
_TAG = b"tillpoints seal 1"

#: Where a chain stands: device, epoch, last seq, its hash.
SealedHead = tuple[bytes, int, int, bytes]


class Seal(Struct, frozen=True):
    """The ledger up to a turn in one hash, and the seal before it (turn 0: there was none)."""

    turn: int
    digest: bytes
    previous_turn: int
    previous: bytes


class Contradiction(Struct, frozen=True):
    """What a witness tells central: the seal it holds, and one of central's that it contradicts."""

    held: Seal
    told: Seal


class Noted(Struct, frozen=True):
    """Central has taken note."""


def seal(shard_key: int, turn: int, heads: Iterable[SealedHead], before: Seal | None) -> Seal:
    """Return the seal of a shard whose chains stand at `heads` after `turn`.

    Chains without an event are left out by the caller; the order of `heads` does not matter.
    """
    previous_turn, previous = (before.turn, before.digest) if before else (0, NO_SEAL)
    found = sorted(heads)
    digest = hashlib.sha256(_TAG)
    for number in (shard_key, turn, previous_turn, len(found)):
        digest.update(number.to_bytes(8, "big"))
    digest.update(previous)
    for device_id, epoch, seq, hash_ in found:
        digest.update(device_id + epoch.to_bytes(8, "big") + seq.to_bytes(8, "big") + hash_)
    return Seal(turn, digest.digest(), previous_turn, previous)


def contradicts(held: Seal, told: Seal) -> bool:
    """Tell whether the history that `told` belongs to cannot be the one that `held` sealed.

    Older seals than the one held tell nothing, nor does one with seals between that were not seen.
    """
    if told.turn == held.turn:
        return told.digest != held.digest
    if told.turn < held.turn or told.previous_turn > held.turn:
        return False
    return (told.previous_turn, told.previous) != (held.turn, held.digest)

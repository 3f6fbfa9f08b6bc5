"""What a push says, and what central's answer to it means. Pure.

SYNC 2.2 and 2.6: start at or before what central holds and the overlap is skipped; start later and
it is a gap; a known seq with another hash is a fork. A head at central that this device never
reached is a rollback of this device's disk.
"""

from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from edge_agent.journal.batches import Batch
from edge_agent.journal.identity import Identity
from loyalty import chain
from loyalty.events import Moment
from loyalty.facts import BootClock
from loyalty.wire import PROTOCOL, PushAnswer, PushRequest

Broken = Literal["fork", "stale", "rollback", "unknown"]


class Acknowledged(Struct, frozen=True):
    """Central holds what was sent."""


class SendFrom(Struct, frozen=True):
    """Central lacks events from `seq` on."""

    seq: int


class Stop(Struct, frozen=True):
    """Central's chain and this one are not the same: sending more would make it worse."""

    why: Broken


def request(
    identity: Identity,
    key: Ed25519PrivateKey,
    session: str,
    batch: Batch,
    now: Moment,
    boots: tuple[BootClock, ...] = (),
) -> PushRequest:
    """Return the signed push of a batch; an empty batch asks how things stand."""
    last_seq = batch.first_seq + len(batch.frames) - 1
    signed = chain.batch_message(identity.stream, batch.first_seq, last_seq, batch.head_hash)
    return PushRequest(
        protocol=PROTOCOL,
        shard_key=identity.shard_key,
        device_id=identity.device_id,
        epoch=identity.epoch,
        session=session,
        first_seq=batch.first_seq,
        prev_hash=batch.prev_hash,
        frames=chain.pack(batch.frames),
        head_hash=batch.head_hash,
        signature=chain.sign(key, signed),
        clock=now,
        boots=boots,
        last_written=batch.last_written,
        refused=batch.refused,
        to_come=batch.to_come,
    )


def meaning(last_written: int, answer: PushAnswer) -> Acknowledged | SendFrom | Stop:
    """Return what to do about an answer to a push that named this event as the last written."""
    if answer.status in {"fork", "stale"}:
        return Stop("fork" if answer.status == "fork" else "stale")
    if answer.acked_through > last_written or answer.expected_seq > last_written + 1:
        return Stop("rollback")
    if answer.status == "gap":
        return SendFrom(max(answer.expected_seq, 1))
    return Acknowledged()


#: What store IT reads about a chain that central takes no more of.
EXPLAINED: dict[str, str] = {
    "fork": "central knows other events under the same numbers: the disk was restored or copied",
    "stale": "central has closed this chain: another machine, or an older disk, wrote it too",
    "rollback": "central knows later events than this disk: an old image was restored",
    "unknown": "central does not know this chain: it was restored from an older backup",
    "fenced": "another machine goes on as this device, with a copy of this disk: enrol one anew",
}

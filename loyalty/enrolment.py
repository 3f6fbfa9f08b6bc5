"""How a device comes to its chain: enrolled by a code, or given the next epoch of it (SYNC 2.6)."""

from typing import Literal

from msgspec import Struct

Role = Literal["till", "kiosk"]


class EnrolRequest(Struct, frozen=True):
    """A new device trades its one-time code for an identity; asking again changes nothing.

    `signature` is over `chain.enrol_message` by the key that is brought. A device that has an
    identity already names it with its newest epoch: a central that was restored from a backup older
    than this device takes it up again under its own name. `fenced` is the id of its request for an
    epoch that another machine has: a person says now that this machine is the device.
    """

    code: str
    public_key: bytes
    signature: bytes
    device_id: bytes = b""
    epoch: int = 0
    fenced: str = ""


class EnrolAnswer(Struct, frozen=True):
    """All a device needs before its first event."""

    shard_key: int
    device_id: bytes
    epoch: int
    anchor: bytes
    name: str
    role: Role
    shop_id: str
    tenant_key: bytes
    central_key: bytes
    programme: str
    zone: str
    held: tuple["HeldEpoch", ...] = ()


class HeldEpoch(Struct, frozen=True, array_like=True):
    """How far central holds an earlier epoch of a device.

    `landmarks` are sequence numbers and hashes of what it holds, the last one first and ever
    farther apart: what a device has under the same hash, with all before it, is held (SYNC 2.6).
    Of an older version there are none.
    """

    epoch: int
    head_seq: int
    landmarks: tuple[tuple[int, bytes], ...] = ()


class RehomeRequest(Struct, frozen=True):
    """Ask for the epoch behind `epoch`, whose chain here and at central part (SYNC 2.6).

    `head_seq` and `head_hash` are where this device's chain ends. The same `request_id` gets the
    same answer; another machine that asks for the same device is fenced.
    """

    request_id: str
    session: str
    epoch: int
    head_seq: int
    head_hash: bytes


class RehomeAnswer(Struct, frozen=True):
    """The next epoch of a device, and how far central holds each one before it."""

    epoch: int
    anchor: bytes
    held: tuple[HeldEpoch, ...]

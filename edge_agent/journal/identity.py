"""Who this device is: what central gave it at enrolment, and its own private key.

The private key never leaves `device.key` beside the journal, readable by its owner only; it is made
before the first call, so that asking again after a lost answer asks as the same device.
"""

import logging
import os
import sqlite3
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct, structs

from edge_agent.journal.errors import JournalBroken, NotEnrolled
from edge_agent.journal.file.migrate import sync_folder
from loyalty.chain import Stream
from loyalty.wire import EnrolAnswer, Role

KEY_FILE = "device.key"
NEXT_KEY_FILE = "device.key.next"
_KEY_BYTES = 32

_log = logging.getLogger(__name__)


class Identity(Struct, frozen=True):
    """What an enrolled device knows of itself."""

    shard_key: int
    device_id: bytes
    epoch: int
    name: str
    role: Role
    shop_id: str
    tenant_key: bytes
    central_key: bytes
    programme: str
    zone: str
    central_url: str

    @property
    def stream(self) -> Stream:
        """The chain this device writes on now."""
        return Stream(self.shard_key, self.device_id, self.epoch)


_COLUMNS = ", ".join(Identity.__struct_fields__)


def load(db: sqlite3.Connection) -> Identity | None:
    """Return the identity, None before enrolment."""
    row = db.execute(f"SELECT {_COLUMNS} FROM identity").fetchone()  # noqa: S608 our own columns
    return None if row is None else Identity(*row)


def require(db: sqlite3.Connection) -> Identity:
    """Return the identity. Raises NotEnrolled before enrolment."""
    identity = load(db)
    if identity is None:
        raise NotEnrolled("this device is not enrolled: run `tillpoints fleet enrol`")
    return identity


def adopt(db: sqlite3.Connection, answer: EnrolAnswer, central_url: str) -> Identity:
    """Keep what central answered; the same answer again changes nothing but what may change.

    A later epoch begins a new chain. Raises JournalBroken if this journal belongs to another
    device or a later epoch: its events could then be sent by nobody.
    """
    before = load(db)
    if before is not None and (
        (before.shard_key, before.device_id) != (answer.shard_key, answer.device_id)
        or before.epoch > answer.epoch
    ):
        raise JournalBroken(
            f"this journal belongs to device {before.device_id.hex()}, epoch {before.epoch};"
            f" central answered {answer.device_id.hex()}, epoch {answer.epoch}"
        )
    who = Identity(
        shard_key=answer.shard_key,
        device_id=answer.device_id,
        epoch=answer.epoch,
        name=answer.name,
        role=answer.role,
        shop_id=answer.shop_id,
        tenant_key=answer.tenant_key,
        central_key=answer.central_key,
        programme=answer.programme,
        zone=answer.zone,
        central_url=central_url,
    )
    return _become(db, who, answer.anchor)


def advance(db: sqlite3.Connection, epoch: int, anchor: bytes) -> Identity:
    """Go on as the same device in a later epoch. Raises JournalBroken for an earlier one."""
    before = require(db)
    if epoch < before.epoch:
        raise JournalBroken(f"this journal is in epoch {before.epoch}; central answered {epoch}")
    return _become(db, structs.replace(before, epoch=epoch), anchor)


def use_tenant_key(db: sqlite3.Connection, tenant_key: bytes) -> None:
    """Make the tags of cards under another key from now on."""
    db.execute("UPDATE identity SET tenant_key = ?", (tenant_key,))


def _become(db: sqlite3.Connection, who: Identity, anchor: bytes) -> Identity:
    marks = ", ".join("?" * len(Identity.__struct_fields__))
    db.execute(
        f"REPLACE INTO identity (one, {_COLUMNS}) VALUES (1, {marks})",  # noqa: S608 ours
        structs.astuple(who),
    )
    db.execute(
        "INSERT INTO epoch (epoch, anchor) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (who.epoch, anchor),
    )
    return who


def device_key(directory: Path) -> Ed25519PrivateKey:
    """Return this device's private key, made and synced to disk at the first call."""
    return _kept(directory / KEY_FILE)


def next_key(directory: Path) -> Ed25519PrivateKey:
    """Return the private key that this device is about to take, made at the first call."""
    return _kept(directory / NEXT_KEY_FILE)


def take_next_key(directory: Path) -> None:
    """Let the next key be the device's key. The old one is gone."""
    (directory / NEXT_KEY_FILE).replace(directory / KEY_FILE)
    sync_folder(directory)


def _kept(path: Path) -> Ed25519PrivateKey:
    if path.exists() and path.stat().st_size != _KEY_BYTES:
        # Without it nothing is sent, but the till goes on selling: central refuses the new key
        # aloud until store IT gives it a code. What is left of the old one may still tell why.
        _log.error("%s is damaged: a new key is made, which central does not know", path)
        path.replace(path.with_name(path.name + ".damaged"))
    if not path.exists():
        _write_new(path, Ed25519PrivateKey.generate().private_bytes_raw())
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def _write_new(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)
    part.replace(path)
    sync_folder(path.parent)

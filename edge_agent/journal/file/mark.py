"""The mark that a run leaves in memory: how far the journal had come when somebody was last told.

Only the running boot's memory (tmpfs) can say that a disk is still the one that was written: it
dies with the boot and is in no image. A run that finds a mark of this boot in its journal goes on
as the same session; behind the mark, or beside it, the file was swapped or put back (SYNC 2.5).
The mark follows each commit before anybody is told of it, so it may be a step behind the journal,
and never ahead.
"""

import hashlib
import logging
import secrets
import sqlite3
import threading
from typing import Protocol

import msgspec
from msgspec import Struct, structs

from edge_agent.journal import identity, log
from edge_agent.journal.errors import JournalBroken
from edge_agent.journal.log import Link, Place
from loyalty.events import Moment

#: How much a `Memory` must hold.
SIZE = 512
_DIGEST = 16

_log = logging.getLogger(__name__)


class Memory(Protocol):
    """What a process leaves to the next one of the same boot, and to nobody else."""

    def read(self) -> bytes:
        """Return what was written last; anything at all before the first write."""

    def write(self, data: bytes) -> None:
        """Keep at most `SIZE` bytes; a kill half-way leaves what the digest gives away."""


class _Left(Struct, frozen=True):
    boot_id: str
    session: str
    device_id: bytes
    place: Place
    hash: bytes


class Mark:
    """The mark of one run. `session` names the run, or the one that it goes on for.

    Without a memory it still tells, within the run, that a file was swapped below it. `swapped`
    says why the journal is not the one that was left, empty if it is. Any thread may call.
    """

    def __init__(self, memory: Memory | None = None, session: str = "") -> None:
        self._memory = memory
        self.session = session or secrets.token_hex(8)
        self.swapped = ""
        self._left: _Left | None = None
        self._guard = threading.Lock()

    def told(self, at: Moment) -> Place | None:
        """Return the last event of which somebody was told in this boot, if that is known."""
        left = None if self._memory is None else _read(self._memory.read())
        return left.place if left is not None and left.boot_id == at.boot_id else None

    def begin(self, db: sqlite3.Connection, at: Moment) -> None:
        """Go on as the session of the mark if it is one of this boot and of this journal."""
        who = identity.load(db)
        if who is None:
            return
        left = None if self._memory is None else _read(self._memory.read())
        if left is not None and left.boot_id == at.boot_id:
            self.swapped = _difference(db, left)
            if self.swapped:
                _log.error("the journal is not the one this machine wrote: %s", self.swapped)
            else:
                self.session = left.session
        seq, digest = log.head(db, who.epoch)
        place = Place(who.epoch, seq)
        self._put(_Left(at.boot_id, self.session, who.device_id, place, digest))

    def check(self, db: sqlite3.Connection) -> None:
        """Hold a file that was opened again to the mark. Raises JournalBroken if it is behind."""
        with self._guard:
            left = self._left
        if left is not None and (why := _difference(db, left)):
            raise JournalBroken(f"the journal is not the one this run wrote: {why}")

    def move(self, last: Link) -> None:
        """Take note of what was committed, before anybody is told; an earlier event is no news."""
        self._move(last.place, last.hash)

    def follow(self, db: sqlite3.Connection) -> None:
        """Take note of the journal's head, which is on a new chain since."""
        epoch = identity.require(db).epoch
        seq, digest = log.head(db, epoch)
        self._move(Place(epoch, seq), digest)

    def _move(self, place: Place, digest: bytes) -> None:
        with self._guard:
            if self._left is not None and self._left.place < place:
                self._put(structs.replace(self._left, place=place, hash=digest))

    def _put(self, left: _Left) -> None:
        self._left = left
        if self._memory is not None:
            said = msgspec.msgpack.encode(left)
            self._memory.write(_digest(said) + len(said).to_bytes(2) + said)


def _difference(db: sqlite3.Connection, left: _Left) -> str:
    """Return why a journal does not hold what the mark says, empty if it does."""
    who = identity.load(db)
    if who is None or who.device_id != left.device_id:
        return "it is another device's"
    try:
        found = log.hash_at(db, left.place.epoch, left.place.seq)
    except JournalBroken as error:
        return str(error)
    if found != left.hash:
        return f"event {left.place.seq} of epoch {left.place.epoch} is another one"
    return ""


def _read(data: bytes) -> _Left | None:
    """Return what was left, None if that is nothing or was cut off half-way."""
    digest, size, rest = data[:_DIGEST], data[_DIGEST : _DIGEST + 2], data[_DIGEST + 2 :]
    said = rest[: int.from_bytes(size)]
    if not said or _digest(said) != digest:
        return None
    try:
        return msgspec.msgpack.decode(said, type=_Left)
    except msgspec.MsgspecError:
        return None  # another version of this software left it


def _digest(said: bytes) -> bytes:
    return hashlib.sha256(said).digest()[:_DIGEST]

"""Makes the member files and the deltas between them, keeps them in a folder, forgets old ones.

One at a time per folder, in a thread that begins with the first device that needs one: nobody waits
for it. Once a file holds them, rows of members and cards may leave the feed.
"""

import fcntl
import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine, delete, insert
from sqlalchemy.exc import SQLAlchemyError

from central import schema
from central.database import WriterBusy, reading, writing
from central.ledger import member_file
from central.ledger.directory import NoShard
from central.ledger.shards import Shard, read_shard
from central.ledger.writing import bulk
from central.sync import file_offers, retention
from central.sync.file_offers import Look
from central.sync.retention import DAILY, DAY_MS, Policy
from loyalty import member_delta
from loyalty.directory import DirectoryHeld
from loyalty.member_file import MalformedFile, MemberFile, key_check

Values = dict[str, Any]

_RETRY_MS = 60_000
_STOP_S = 5.0
_NAME = re.compile(r"[0-9a-f]{64}")

_log = structlog.get_logger(__name__)


def in_thread(job: Callable[[], None]) -> threading.Thread:
    """Start a job in a thread of its own."""
    thread = threading.Thread(target=job, name="member-file", daemon=True)
    thread.start()
    return thread


class MemberFiles:
    """The member files of one programme. Any thread may ask."""

    def __init__(
        self,
        engine: Engine,
        shard_key: int,
        folder: Path,
        tenant_key: bytes,
        now_ms: Callable[[], int],
        policy: Policy = DAILY,
        start: Callable[[Callable[[], None]], threading.Thread | None] = in_thread,
        key_number: int = 0,
    ) -> None:
        """Keep the files in `folder`. A simulation passes a `start` that does the job at once."""
        self.key_number = key_number
        self._engine = engine
        self._shard_key = shard_key
        self._folder = folder
        self.key_check = key_check(tenant_key)
        self._now_ms = now_ms
        self._policy = policy
        self._start = start
        self._lock = threading.Lock()
        self._making: threading.Thread | None = None
        self._busy = False
        self._failed_ms = -DAY_MS

    def close(self) -> None:
        """Wait for the file that is being made; a large one is made at the next start."""
        with self._lock:
            making = self._making
        if making is not None:
            making.join(_STOP_S)

    def path(self, name: str) -> Path | None:
        """Return where a file of this programme lies, None if there is none of that name.

        If its bytes are gone, all are forgotten, so that a new one is made.
        """
        t = schema.member_file.c
        with reading(self._engine) as connection:
            known = any(bulk.by_key(connection, self._shard_key, (t.name,), [name]))
        if not known:
            return None
        path = self._folder / name
        if path.exists():
            return path
        _log.error("member_file_gone", name=name)
        self._forget_all()
        return None

    def begin(self) -> None:
        """Begin to make a file if there is none, or the last is old or of another tenant key."""
        look = self._look()
        if look is not None and look.newest is not None and not self._is_ours(look.newest.name):
            self._forget_all()
            look = self._look()
        if look is not None:
            self.need(look)

    def _look(self) -> Look | None:
        with reading(self._engine) as connection:
            try:
                shard = read_shard(connection, self._shard_key)
            except NoShard:
                return None  # nobody has set the programme up yet
            return file_offers.look(connection, shard, 0, DirectoryHeld("", 0, 0, b""))

    def _is_ours(self, name: str) -> bool:
        try:
            with _opened(self._folder / name) as file:
                return file.header.key_check == self.key_check
        except (OSError, MalformedFile):
            return False

    def _forget_all(self) -> None:
        t = schema.member_file
        with writing(self._engine) as connection:
            connection.execute(delete(t).where(t.c.shard_key == self._shard_key))

    def need(self, look: Look) -> None:
        """Begin to make a file if the device that was looked at should get a new one."""
        now_ms = self._now_ms()
        if not self._is_due(look, now_ms):
            return
        with self._lock:
            if self._busy or abs(now_ms - self._failed_ms) < _RETRY_MS:
                return
            self._busy = True
        self._making = self._start(self._job)

    def _is_due(self, look: Look, now_ms: int) -> bool:
        last = look.newest
        if last is None or last.position < look.through:
            return True
        rows = look.shard.feed_position - last.position
        old = bool(last.made_ms <= now_ms - self._policy.every_ms)
        return bool(rows >= self._policy.every_rows or (old and rows))

    def _job(self) -> None:
        try:
            with self._alone():
                self.make()
        except BlockingIOError:
            pass  # another process is at it
        except WriterBusy:
            # An import holds the database: the next device that asks may begin again at once.
            _log.warning("member_file_waits")
        except (SQLAlchemyError, OSError, ValueError, member_file.OutOfOrder) as error:
            self._failed_ms = self._now_ms()
            _log.error("member_file_failed", error=type(error).__name__, detail=str(error))
        finally:
            self._busy = False

    def make(self) -> str:
        """Make a file of now and the delta that leads to it; return its name.

        Raises OSError, ValueError or sqlalchemy's errors; then all is as it was but for a part.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._folder / "making.part"
        with reading(self._engine) as connection, part.open("w+b") as file:
            shard = read_shard(connection, self._shard_key)
            before = file_offers.newest(connection, shard)
            header = member_file.write(
                connection,
                self._shard_key,
                self.key_check,
                shard.feed_position,
                file,
                self.key_number,
            )
            name = _sync(file)
        self._give_name(part, name)
        rows = [self._row(shard, name)]
        if before is not None and before.name != name:
            rows += self._delta(shard, before.name, name)
        with writing(self._engine) as connection:
            t = schema.member_file
            known = (t.c.shard_key == self._shard_key, t.c.name.in_([row["name"] for row in rows]))
            connection.execute(delete(t).where(*known))
            connection.execute(insert(t), rows)
        _log.info("member_file_made", name=name, members=header.counts[0])
        names = retention.forget(self._engine, shard, self._policy)
        for path in self._folder.iterdir():
            if path.name not in names and _NAME.fullmatch(path.name):
                path.unlink(missing_ok=True)
        return name

    def _row(self, shard: Shard, name: str, ends: tuple[str, str] | None = None) -> Values:
        return {
            "shard_key": self._shard_key,
            "name": name,
            "position": shard.feed_position,
            "size": (self._folder / name).stat().st_size,
            "delta_from": ends[0] if ends else None,
            "delta_to": ends[1] if ends else None,
            "incarnation": shard.incarnation,
            "made_ms": self._now_ms(),
        }

    def _delta(self, shard: Shard, before: str, after: str) -> list[Values]:
        """Write the delta between two files; return its record, none where it is not worth it."""
        try:
            with _opened(self._folder / before) as old, _opened(self._folder / after) as new:
                data = member_delta.difference(old, new, (before, after))
        except (FileNotFoundError, MalformedFile) as error:
            _log.warning("member_file_without_delta", error=type(error).__name__)
            return []
        if data is None:
            return []
        part = self._folder / "making.part"
        with part.open("w+b") as file:
            file.write(data)
            name = _sync(file)
        self._give_name(part, name)
        return [self._row(shard, name, (before, after))]

    def _give_name(self, part: Path, name: str) -> None:
        """Rename a whole file for good: a record of it outlives a power cut, and so must it."""
        part.replace(self._folder / name)
        handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only one of all processes that makes files. Raises BlockingIOError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        handle = os.open(self._folder / "making.lock", flags, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(handle)


def _sync(file: Any) -> str:
    """Bring a file that was just written to the disk; return its name, the SHA-256 of its bytes."""
    file.flush()
    os.fsync(file.fileno())
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[MemberFile]:
    with path.open("rb", buffering=0) as file:
        handle = file.fileno()
        size = os.fstat(handle).st_size
        yield MemberFile(lambda offset, count: os.pread(handle, count, offset), size)

"""Makes the member files and the deltas between them, keeps them in a folder, forgets old ones.

One at a time per folder, in a thread that begins with the first device that needs one: nobody waits
for it. Once a file holds them, rows of members and cards may leave the feed.
"""

import fcntl
import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from msgspec import Struct
from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from central import schema
from central.database import reading, writing
from central.ledger import member_file
from central.ledger.directory import NoShard
from central.ledger.shards import Shard, read_shard
from central.sync import offers
from central.sync.offers import Look
from loyalty import member_delta
from loyalty.directory import DirectoryHeld
from loyalty.member_file import MalformedFile, MemberFile, key_check
from loyalty.wire import Topic

Values = dict[str, Any]

DAY_MS = 86_400_000
_RETRY_MS = 60_000
_NAME = re.compile(r"[0-9a-f]{64}")
_DELETE_ROWS = 10_000
_TOPICS = (int(Topic.MEMBER), int(Topic.CARD))

_log = structlog.get_logger(__name__)


class Policy(Struct, frozen=True):
    """When a file is made, and how many files and rows of the feed stay behind the newest.

    One is made when the last is `every_ms` old, or the feed has `every_rows` more rows since then.
    """

    every_ms: int = DAY_MS
    every_rows: int = 100_000
    files: int = 7
    rows: int = 200_000


DAILY = Policy()


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
    ) -> None:
        """Keep the files in `folder`. A simulation passes a `start` that does the job at once."""
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
        """Wait for the file that is being made."""
        with self._lock:
            making = self._making
        if making is not None:
            making.join()

    def path(self, name: str) -> Path | None:
        """Return where a file of this programme lies, None if there is none of that name.

        If its bytes are gone, all are forgotten, so that a new one is made.
        """
        t = schema.member_file
        mine = (t.c.shard_key == self._shard_key, t.c.name == name)
        with reading(self._engine) as connection:
            known = connection.execute(select(t.c.size).where(*mine)).one_or_none()
        if known is None:
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
            return offers.look(connection, shard, 0, DirectoryHeld("", 0, 0, b""))

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
            before = offers.newest(connection, shard)
            header = member_file.write(
                connection, self._shard_key, self.key_check, shard.feed_position, file
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
        self._forget(shard)
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

    # ---- what is not needed any more

    def _forget(self, shard: Shard) -> None:
        """Drop old files, and the rows of the feed that every till has or gets by a file."""
        t = schema.member_file
        with writing(self._engine) as connection:
            mine = select(t).where(t.c.shard_key == self._shard_key).order_by(t.c.position.desc())
            files = connection.execute(mine).all()
            whole = [
                row
                for row in files
                if row.delta_to is None and row.incarnation == shard.incarnation
            ]
            kept = whole[: self._policy.files]
            names = {row.name for row in kept}
            names |= {
                row.name for row in files if row.delta_from in names and row.delta_to in names
            }
            gone = [row.name for row in files if row.name not in names]
            connection.execute(
                delete(t).where(t.c.shard_key == self._shard_key, t.c.name.in_(gone))
            )
            oldest = kept[-1].position if len(kept) == self._policy.files else 0
            floor = self._raise_floor(connection, max(oldest, kept[0].position - self._policy.rows))
        for path in self._folder.iterdir():
            if path.name not in names and _NAME.fullmatch(path.name):
                path.unlink(missing_ok=True)
        while self._delete_rows(floor):
            pass

    def _raise_floor(self, connection: Connection, position: int) -> int:
        t = schema.feed_floor
        floor = max(offers.floor(connection, self._shard_key), position)
        connection.execute(delete(t).where(t.c.shard_key == self._shard_key))
        connection.execute(insert(t), {"shard_key": self._shard_key, "position": floor})
        return floor

    def _delete_rows(self, floor: int) -> bool:
        """Delete some rows, few enough that no push waits for long; tell whether there are more."""
        t = schema.feed
        rows = (t.c.shard_key == self._shard_key, t.c.topic.in_(_TOPICS))
        with writing(self._engine) as connection:
            query = select(t.c.position).where(*rows, t.c.position <= floor)
            found = connection.execute(query.order_by(t.c.position).limit(_DELETE_ROWS)).scalars()
            places: Sequence[int] = found.all()
            if places:
                span = t.c.position.between(places[0], places[-1])
                connection.execute(delete(t).where(*rows, span))
        return len(places) == _DELETE_ROWS

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

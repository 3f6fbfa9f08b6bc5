"""A copy of central's whole database and of its pictures in one file, and both out of it again.

The file is the same whatever the database: a first line, then frames (a length and that many bytes)
of compressed records, then the SHA-256 of everything before. A backup counts only once it was read
again and its chains were found whole; what tills have sent up to there is durable (SYNC 2.2). The
keys are not in it: `central.keys` needs a copy of its own.
"""

import hashlib
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain as one_after_the_other
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, select

from central import migrations, schema
from central.ledger.chains import LINK, unsound
from central.ledger.writing import bulk
from central.rewards import pictures
from central.sync.callers import DeviceState

_FIRST_LINE = b"tillpoints backup 1\n"
_LENGTH_BYTES = 4
_PAGE_ROWS = 5_000
_DIGEST_BYTES = 32
#: Stands where a table is named: files of the folder of pictures, which no database holds.
_PICTURES = "@pictures"

#: A chain: shard, device, epoch.
Chain = tuple[int, bytes, int]


class BackupError(ValueError):
    """A file is no sound backup, or cannot become this database; the text says why."""


class Page(Struct, frozen=True, array_like=True):
    """Some rows of a table, in the order of its primary key."""

    table: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Sound(Struct, frozen=True):
    """What is in a file that was read to its end: the version of its database, rows, chains."""

    version: str
    rows: int
    heads: dict[Chain, tuple[int, bytes]]
    pictures: int = 0


def write(connection: Connection, file: Path, folder: Path) -> None:
    """Copy all that one moment of the database holds into a new file, synced to the disk.

    What lies in the `folder` of pictures goes with it.

    Raises BackupError for a file that exists, OSError if the disk does not take it.
    """
    if file.exists():
        raise BackupError(f"{file} exists; a backup is never written over")
    part = file.with_name(file.name + ".part")
    with part.open("wb") as out:
        part.chmod(0o600)  # it holds names and phone numbers
        digest = hashlib.sha256()

        def put(data: bytes) -> None:
            digest.update(data)
            out.write(data)

        put(_FIRST_LINE)
        put(_framed(msgspec.msgpack.encode(migrations.version(connection))))
        # The pictures last: whichever the copied rows name is there by then.
        for page in one_after_the_other(_pages(connection), _pictures(folder)):
            put(_framed(msgspec.msgpack.encode(page)))
        out.write(digest.digest())
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
    beside = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(beside)
    finally:
        os.close(beside)


def check(file: Path) -> Sound:
    """Read a backup to its end: every byte, every chain. Raises BackupError naming the first fault.

    Raises OSError if the file cannot be read.
    """
    digest = hashlib.sha256()
    with file.open("rb") as whole:
        left = file.stat().st_size - _DIGEST_BYTES
        while left > 0 and (data := whole.read(min(left, 1 << 20))):
            digest.update(data)
            left -= len(data)
        if left or digest.digest() != whole.read():
            raise BackupError(f"{file} is damaged or cut short")
    rows = seen = 0
    heads: dict[Chain, tuple[int, bytes]] = {}
    with _records(file) as (version, pages):
        for page in pages:
            if page.table == _PICTURES:
                seen += len(page.rows)
                continue
            rows += len(page.rows)
            if page.table == "stream":
                heads |= _heads(page)
    for shard_key in sorted({shard for shard, _, _ in heads}):
        mine = {(key[1], key[2]): head for key, head in heads.items() if key[0] == shard_key}
        for finding in unsound(shard_key, mine, _links(file, shard_key)):
            raise BackupError(f"{file}: {finding.check} {finding.where}: {finding.detail}")
    return Sound(version, rows, heads, seen)


def note_durable(connection: Connection, sound: Sound) -> None:
    """Keep how far each chain is in a sound backup, in the caller's transaction."""
    columns = ("shard_key", "device_id", "epoch", "through_seq")
    rows = [(*chain, seq) for chain, (seq, _) in sound.heads.items()]
    bulk.upsert(connection, schema.durable, columns, rows)


def restore(
    connection: Connection, file: Path, folder: Path, now_ms: int, draw: Iterator[bytes]
) -> Sound:
    """Fill an empty database from a backup, in the caller's transaction; return what it holds.

    Its pictures go into their `folder`. Each programme becomes another incarnation (16 bytes out of
    `draw`): tills fetch the feed anew and send again what the file lacks. Raises BackupError,
    OSError.
    """
    sound = check(file)
    if not migrations.is_known(sound.version):
        raise BackupError(f"{file} is of version {sound.version}, later than this program")
    if migrations.version(connection) is not None:
        raise BackupError("the database is in use; restore into an empty one")
    migrations.upgrade(connection, sound.version)
    with _records(file) as (_, pages):
        for page in pages:
            if page.table == _PICTURES:
                _bring_back(folder, page, file)
            else:
                bulk.insert_plain(connection, page.table, page.columns, page.rows)
    migrations.upgrade(connection)
    shards = connection.execute(select(schema.shard.c.shard_key)).scalars().all()
    for shard_key in shards:
        t = schema.shard
        here = t.update().where(t.c.shard_key == shard_key)
        connection.execute(here.values(incarnation=next(draw)))
        bulk.upsert(
            connection, schema.restored, ("shard_key", "restored_ms"), [(shard_key, now_ms)]
        )
        d = schema.device.c
        who = select(d.device_id).where(d.shard_key == shard_key, d.state != DeviceState.REVOKED)
        rows = [(shard_key, device_id) for device_id in connection.execute(who).scalars()]
        connection.execute(delete(schema.awaited).where(schema.awaited.c.shard_key == shard_key))
        bulk.insert_plain(connection, schema.awaited.name, ("shard_key", "device_id"), rows)
    note_durable(connection, sound)
    return sound


def _pages(connection: Connection) -> Iterator[Page]:
    for name in sorted(schema.metadata.tables):
        table = schema.metadata.tables[name]
        query = select(table).order_by(*table.primary_key.columns)
        found = connection.execute(query.execution_options(yield_per=_PAGE_ROWS))
        columns = tuple(str(column.name) for column in table.columns)
        for rows in found.partitions():
            yield Page(str(name), columns, [tuple(row) for row in rows])


def _pictures(folder: Path) -> Iterator[Page]:
    """Yield every picture as a page of its own: each may be as large as thousands of rows."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if pictures.path(folder, path.name) is not None:
            yield Page(_PICTURES, ("name", "data"), [(path.name, path.read_bytes())])


def _bring_back(folder: Path, page: Page, file: Path) -> None:
    for name, data in page.rows:
        if pictures.store(folder, data) != name:
            raise BackupError(f"{file}: the picture {name} is another one")


def _framed(record: bytes) -> bytes:
    data = zlib.compress(record, level=1)
    return len(data).to_bytes(_LENGTH_BYTES, "big") + data


@contextmanager
def _records(file: Path) -> Iterator[tuple[str, Iterator[Page]]]:
    """Give the version of a backup's database and its pages. Its digest was checked before."""
    with file.open("rb") as data:
        if data.readline(len(_FIRST_LINE)) != _FIRST_LINE:
            raise BackupError(f"{file} is no backup of tillpoints")
        end = file.stat().st_size - _DIGEST_BYTES
        version = msgspec.msgpack.decode(_frame(data), type=str)
        yield version, _pages_of(data, end)


def _pages_of(data: BinaryIO, end: int) -> Iterator[Page]:
    while data.tell() < end:
        yield msgspec.msgpack.decode(_frame(data), type=Page)


def _frame(data: BinaryIO) -> bytes:
    size = int.from_bytes(data.read(_LENGTH_BYTES), "big")
    return zlib.decompress(data.read(size))


def _heads(page: Page) -> dict[Chain, tuple[int, bytes]]:
    names = ("shard_key", "device_id", "epoch", "head_seq", "head_hash")
    at = [page.columns.index(name) for name in names]
    rows = ([row[place] for place in at] for row in page.rows)
    return {(shard, device, epoch): (seq, hash_) for shard, device, epoch, seq, hash_ in rows}


def _links(file: Path, shard_key: int) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the events of one shard in a backup, as the columns that make a chain."""
    with _records(file) as (_, pages):
        for page in pages:
            if page.table == "inbox":
                mine = page.columns.index("shard_key")
                at = [page.columns.index(name) for name in LINK]
                rows = [
                    tuple(row[place] for place in at) for row in page.rows if row[mine] == shard_key
                ]
                if rows:
                    yield rows

"""What turns one member file into the next: the records that went and those that came.

A delta names, by SHA-256, the file it starts from and the file it results in. Applying it copies
what stayed in long runs, so a till spends no time on members that nothing happened to.
"""

from collections.abc import Iterator
from struct import Struct as Layout

import msgspec

from loyalty.member_file import (
    KEY_BYTES,
    SIZES,
    Header,
    MalformedFile,
    MemberFile,
    Section,
    read_header,
)

MAGIC = b"TPMDLT\0\1"
#: Above this a delta is not worth it: fetch the whole file.
DELTA_BYTES_MAX = 8 << 20
_NAME_BYTES = 32
_HEADER = Layout(f">8s{_NAME_BYTES}s{_NAME_BYTES}sI")
_COUNTS = Layout(">II")


class Changes(msgspec.Struct, frozen=True):
    """What happened in one section: keys that are gone and whole records, both sorted."""

    gone: tuple[bytes, ...]
    put: tuple[bytes, ...]


class Delta(msgspec.Struct, frozen=True):
    """A delta taken apart. `before` and `after` are names of files, 64 hex digits."""

    before: str
    after: str
    header: Header
    changes: tuple[Changes, ...]


def difference(before: MemberFile, after: MemberFile, names: tuple[str, str]) -> bytes | None:
    """Return the delta between two files of these names; None where only the whole file will do.

    That is so after a change of keys or tiers, and when more has changed than a delta may hold.
    Raises MalformedFile, and OSError as reading does.
    """
    same = (before.header.key_check, before.header.tiers)
    if same != (after.header.key_check, after.header.tiers):
        return None
    header = after.header.encode()
    parts = [_HEADER.pack(MAGIC, *map(bytes.fromhex, names), len(header)), header]
    for old, new in zip(before.sections, after.sections, strict=True):
        gone: list[bytes] = []
        put: list[bytes] = []
        size = sum(map(len, parts))
        for key, record in _changes(_Walk(before, old), _Walk(after, new)):
            (gone if record is None else put).append(key if record is None else record)
            size += len(record or key)
            if size > DELTA_BYTES_MAX:
                return None
        parts += [_COUNTS.pack(len(gone), len(put)), *gone, *put]
    return b"".join(parts)


def parse(data: bytes) -> Delta:
    """Take a delta apart. Raises MalformedFile."""
    if len(data) < _HEADER.size or not data.startswith(MAGIC):
        raise MalformedFile("this does not begin like a delta between member files")
    _, before, after, size = _HEADER.unpack_from(data)
    at = _HEADER.size + size
    header = read_header(data[_HEADER.size : at])
    changes = []
    for record_bytes in SIZES:
        if len(data) < at + _COUNTS.size:
            raise MalformedFile("the delta ends before its records do")
        gone, put = _COUNTS.unpack_from(data, at)
        middle = at + _COUNTS.size + gone * KEY_BYTES
        end = middle + put * record_bytes
        if end > len(data):
            raise MalformedFile("the delta ends before its records do")
        start, at = at + _COUNTS.size, end
        keys = _cut(data, start, middle, KEY_BYTES)
        changes.append(Changes(keys, _cut(data, middle, end, record_bytes)))
    if at != len(data):
        raise MalformedFile(f"{len(data) - at} bytes follow the end of the delta")
    return Delta(before.hex(), after.hex(), header, tuple(changes))


def apply(before: MemberFile, delta: Delta) -> Iterator[bytes]:
    """Yield the bytes of the file a delta results in; their SHA-256 must be `delta.after`.

    Raises MalformedFile if the delta cannot be of this file, and OSError as reading does.
    """
    yield delta.header.encode()
    for section, changes in zip(before.sections, delta.changes, strict=True):
        yield from _merged(before, section, changes)


def _merged(before: MemberFile, section: Section, changes: Changes) -> Iterator[bytes]:
    """Yield one section: runs of old records, and between them what came."""
    steps = [(key, b"") for key in changes.gone]
    steps += [(record[:KEY_BYTES], record) for record in changes.put]
    steps.sort()
    at = 0
    for key, record in steps:
        place = before.find(section, key, at)
        yield from before.runs(section, at, place)
        here = place < section.count and before.records(section, place, place + 1).startswith(key)
        if not (here or record):
            raise MalformedFile("the delta takes a record away that is not there")
        at = place + here
        yield record
    yield from before.runs(section, at, section.count)


class _Walk:
    """Goes through one section in order; `key` is None behind the last record."""

    def __init__(self, file: MemberFile, section: Section) -> None:
        self._size = section.size
        self._runs = file.runs(section, 0, section.count)
        self._run = b""
        self._at = 0
        self.key: bytes | None = b""
        self.record = b""
        self.step()

    def step(self) -> None:
        """Go to the next record."""
        if self._at == len(self._run):
            self._run, self._at = next(self._runs, b""), 0
        if not self._run:
            self.key = None
            return
        self.record = self._run[self._at : self._at + self._size]
        self.key = self.record[:KEY_BYTES]
        self._at += self._size


def _changes(old: _Walk, new: _Walk) -> Iterator[tuple[bytes, bytes | None]]:
    """Yield each key that changed with its new record, None where it is gone."""
    while old.key is not None or new.key is not None:
        if new.key is None or (old.key is not None and old.key < new.key):
            assert old.key is not None
            yield old.key, None
            old.step()
        elif old.key is None or new.key < old.key:
            yield new.key, new.record
            new.step()
        else:
            if old.record != new.record:
                yield new.key, new.record
            old.step()
            new.step()


def _cut(data: bytes, start: int, end: int, size: int) -> tuple[bytes, ...]:
    return tuple(data[at : at + size] for at in range(start, end, size))

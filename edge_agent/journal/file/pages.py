"""Reads rows out of the pages of an SQLite file without its trees: what is left when they are torn.

Only rows of indexes and of tables WITHOUT ROWID. Source: https://www.sqlite.org/fileformat2.html,
sections 1.3 (the header), 1.6 (pages and cells), 2.1 (records).
"""

import struct
from collections.abc import Iterator

Value = int | float | str | bytes | None

_PAGE_BYTES = 4096
_LEAF, _INTERIOR = 0x0A, 0x02
_HEADER_BYTES = {_LEAF: 8, _INTERIOR: 12}
_SIZES = (0, 1, 2, 3, 4, 6, 8)


def records(data: bytes) -> Iterator[tuple[Value, ...]]:
    """Yield every record of every such page of a file; what cannot be read is left out."""
    size = int.from_bytes(data[16:18]) or 65_536
    if not data.startswith(b"SQLite format 3\0") or size not in _page_sizes():
        size = _PAGE_BYTES
    usable = size - (data[20] if len(data) > 20 and data[20] < 64 else 0)
    pages = [data[at : at + size] for at in range(0, len(data) - size + 1, size)]
    for page in pages:
        if page[0] not in _HEADER_BYTES:
            continue
        for cell in _cells(page):
            try:
                yield _record(_payload(pages, page, cell, usable))
            except (IndexError, ValueError, struct.error):
                continue  # torn: its neighbours may be whole


def _page_sizes() -> set[int]:
    return {1 << power for power in range(9, 17)}


def _cells(page: bytes) -> Iterator[int]:
    """Yield where the cells of a page begin; those of an inner page follow a page number."""
    start = _HEADER_BYTES[page[0]]
    count = int.from_bytes(page[3:5])
    for place in range(start, min(start + 2 * count, len(page) - 1), 2):
        cell = int.from_bytes(page[place : place + 2])
        if start <= cell < len(page):
            yield cell + (4 if page[0] == _INTERIOR else 0)


def _payload(pages: list[bytes], page: bytes, cell: int, usable: int) -> bytes:
    """Return the whole record of a cell, what spilled to other pages included."""
    length, start = _varint(page, cell)
    most = (usable - 12) * 64 // 255 - 23
    if length <= most:
        return _exactly(page[start : start + length], length)
    least = (usable - 12) * 32 // 255 - 23
    local = least + (length - least) % (usable - 4)
    local = local if local <= most else least
    parts = [page[start : start + local]]
    after = int.from_bytes(page[start + local : start + local + 4])
    left = length - local
    while left > 0 and len(parts) < len(pages):
        if not 1 < after <= len(pages):
            raise ValueError("the record goes on nowhere")
        more = pages[after - 1]
        parts.append(more[4 : 4 + min(left, usable - 4)])
        left -= len(parts[-1])
        after = int.from_bytes(more[:4])
    return _exactly(b"".join(parts), length)


def _record(payload: bytes) -> tuple[Value, ...]:
    end, place = _varint(payload, 0)
    kinds = []
    while place < end:
        kind, place = _varint(payload, place)
        kinds.append(kind)
    values: list[Value] = []
    for kind in kinds:
        value, place = _value(payload, place, kind)
        values.append(value)
    return tuple(values)


def _value(payload: bytes, place: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, place
    if kind in {8, 9}:
        return kind - 8, place
    if kind in {10, 11}:
        raise ValueError("no such kind of value")
    size = _SIZES[kind] if kind < 7 else 8 if kind == 7 else (kind - 12) // 2
    part = _exactly(payload[place : place + size], size)
    if kind < 7:
        return int.from_bytes(part, signed=True), place + size
    if kind == 7:
        return struct.unpack(">d", part)[0], place + size
    return (part if kind % 2 == 0 else part.decode()), place + size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for count in range(8):
        byte = data[place + count]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + count + 1
    return value << 8 | data[place + 8], place + 9


def _exactly(part: bytes, size: int) -> bytes:
    if len(part) != size:
        raise ValueError("cut off")
    return part

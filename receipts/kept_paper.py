"""A paper that a person will look at, packed with what the reader made of it.

The till keeps it and sends it to central, so it holds nothing that belongs to the customer: who
packs one has redacted job and reading before (`receipts.redaction`). Its name is the SHA-256 of
what it unpacks to.
"""

import hashlib
import zlib

import msgspec
from msgspec import Struct, structs

from paper.width import columns as columns_of
from receipts.reading import Reading, documents_of
from receipts.reasons import Reason
from receipts.stream.drawing import draw_elements

#: Beyond this a job is left out: what was read of it is kept all the same.
PACKED_BYTES_MAX = 1 << 20
#: No packed paper unpacks to more.
_UNPACKED_BYTES_MAX = 64 << 20
_PAPER_COLUMNS = (32, 42, 48)


class KeptPaper(Struct, frozen=True):
    """The paper at `place` (from 0) of a print job, why a person is asked, and its reading.

    `reading` is None when our own reader failed; `job` is empty when it was too large to keep.
    """

    place: int
    dialect: str
    why: tuple[Reason, ...]
    reading: Reading | None
    job: bytes


def pack(paper: KeptPaper) -> tuple[str, bytes]:
    """Return the name of a paper and its packed bytes, at most PACKED_BYTES_MAX."""
    plain = msgspec.msgpack.encode(paper)
    packed = zlib.compress(plain, 6)
    if len(packed) > PACKED_BYTES_MAX and paper.job:
        return pack(structs.replace(paper, job=b""))
    return hashlib.sha256(plain).hexdigest(), packed


def unpack(packed: bytes, name: str | None = None) -> KeptPaper:
    """Return a packed paper. Raises ValueError if it is none, or not the one of this name."""
    try:
        stream = zlib.decompressobj()
        plain = stream.decompress(packed, _UNPACKED_BYTES_MAX)
        paper = msgspec.msgpack.decode(plain, type=KeptPaper)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise ValueError(f"no packed paper: {error}") from error
    if not stream.eof or (name is not None and hashlib.sha256(plain).hexdigest() != name):
        raise ValueError("the packed paper is not the one it is named for")
    return paper


def drawing(paper: KeptPaper) -> str | None:
    """Return the paper as an SVG, None when nothing of it can be drawn."""
    documents = documents_of(paper.job, paper.dialect or None)
    if paper.place >= len(documents):
        return None
    lines = paper.reading.lines if paper.reading else ()
    widest = max(map(columns_of, lines), default=48)
    columns = next((each for each in _PAPER_COLUMNS if widest <= each), 48)
    pieces = draw_elements(documents[paper.place].elements, columns)
    return pieces[0] if pieces else None


def believed_lines(paper: KeptPaper) -> dict[str, str]:
    """Return the lines that the reader's facts came from, by the name of the fact."""
    reading = paper.reading
    if reading is None:
        return {}
    return {
        source.field: reading.lines[source.line].strip()
        for source in reading.sources
        if source.line < len(reading.lines)
    }

"""Whether the chains in the inbox are whole: from their anchors, without gaps, to their heads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from msgspec import Struct
from sqlalchemy import Connection, select

from central import schema
from central.ledger.shards import NO_HEAD
from central.ledger.writing.bulk import Values
from loyalty.chain import Frame, Stream, anchor, event_hash, extend

_PAGE_ROWS = 5_000
#: The columns of the inbox that make a chain.
LINK = ("device_id", "epoch", "seq", "hash", "kind", "kind_version", "body")
_SEQ, _HASH = LINK.index("seq"), LINK.index("hash")
_stream_of, _hash_of = itemgetter(0, 1), itemgetter(_HASH)
#: Where a chain stands: the last seq and its hash.
Reached = tuple[int, bytes]


class Finding(Struct, frozen=True):
    """Something that is not as it must be: which check found it, where, and what it found."""

    check: str
    where: str
    detail: str


def chains(connection: Connection, shard_key: int) -> Iterator[Finding]:
    """Yield what is wrong with the chains of a shard: every hash is made again."""
    s, t = schema.stream, schema.inbox
    columns = (s.c.device_id, s.c.epoch, s.c.head_seq, s.c.head_hash)
    heads = {
        (device_id, epoch): (seq, hash_)
        for device_id, epoch, seq, hash_ in connection.execute(
            select(*columns).where(s.c.shard_key == shard_key)
        )
    }
    log = select(*(t.c[name] for name in LINK)).where(t.c.shard_key == shard_key)
    log = log.order_by(t.c.device_id, t.c.epoch, t.c.seq)
    pages = connection.execute(log.execution_options(yield_per=_PAGE_ROWS)).partitions()
    yield from unsound(shard_key, heads, pages)


def unsound(
    shard_key: int, heads: Mapping[tuple[bytes, int], Reached], pages: Iterable[Sequence[Values]]
) -> Iterator[Finding]:
    """Yield what is wrong with chains: `pages` of events as columns LINK, in their order."""
    reached: dict[tuple[bytes, int], Reached] = {}
    sealed: dict[bytes, bytes] = {}
    for device_id, epoch in sorted(heads):  # an epoch may be skipped: SYNC 2.6 after a restore
        first = anchor(Stream(shard_key, device_id, epoch), sealed.get(device_id, NO_HEAD))
        reached[device_id, epoch] = (0, first)
        sealed[device_id] = heads[device_id, epoch][1]
    for page in pages:
        for key, group in groupby(page, key=_stream_of):
            rows = [*group]
            yield from _linked(Stream(shard_key, *key), reached.get(key, (0, b"")), rows)
            reached[key] = rows[-1][_SEQ], rows[-1][_HASH]
    for key, head in heads.items():
        if reached[key] != head:
            where = f"{key[0].hex()} {key[1]}"
            yield Finding("head", where, f"{head[0]} is not where the inbox ends")


def _linked(stream: Stream, before: Reached, rows: Sequence[Values]) -> Iterator[Finding]:
    """Yield which of these events, columns LINK, do not follow from the one before them."""
    seq, hash_ = before
    gapless = rows[0][_SEQ] == seq + 1 and rows[-1][_SEQ] == seq + len(rows)
    if gapless:  # the usual: and no hash that does not follow
        frames = [Frame(kind, version, body) for _, _, _, _, kind, version, body in rows]
        if extend(stream, seq + 1, hash_, frames) == [*map(_hash_of, rows)]:
            return
    for _, _, own_seq, own_hash, *frame in rows:
        where = f"{stream.device_id.hex()} {stream.epoch}/{own_seq}"
        if own_seq != seq + 1:
            yield Finding("chain", where, f"follows {seq}")
        if event_hash(stream, own_seq, hash_, Frame(*frame)) != own_hash:
            yield Finding("chain", where, "its hash does not follow from what stands before it")
        seq, hash_ = own_seq, own_hash

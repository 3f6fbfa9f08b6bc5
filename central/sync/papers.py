"""Papers in review as tills send them: in pieces, bounded, and only those that a review names.

A paper is named by the SHA-256 of what it unpacks to; the whole is checked before it counts. It is
deleted some time after the decision (P4).
"""

import re

from sqlalchemy import Connection, and_, delete, exists, select

from central import schema
from central.database import writing
from central.sync.callers import Caller
from central.sync.problems import Refused, malformed
from central.sync.service import Service
from loyalty.reviewing import (
    PAPER_BYTES_MAX,
    PAPER_CHUNK_MAX,
    PAPER_DAYS,
    PaperAnswer,
    PaperRequest,
)
from receipts.kept_paper import unpack

_NAME = re.compile("[0-9a-f]{64}")
_DAY_MS = 86_400_000


def receive(service: Service, caller: Caller, asked: PaperRequest) -> PaperAnswer:
    """Take a piece of a paper and tell how much of it is here. Raises Refused."""
    if not _NAME.fullmatch(asked.paper_hash):
        raise malformed("paper_hash is not 64 hex digits")
    if not 0 < asked.total <= PAPER_BYTES_MAX or len(asked.data) > PAPER_CHUNK_MAX:
        raise Refused(413, "too_large", f"a paper has at most {PAPER_BYTES_MAX} bytes")
    with writing(service.engine) as connection:
        return _taken(connection, service.shard_key, caller, asked, service.now_ms())


def expire(connection: Connection, shard_key: int, now_ms: int) -> int:
    """Delete the papers of reviews decided long enough ago; return how many."""
    p, r = schema.review_paper, schema.review
    wanted = exists().where(
        r.c.shard_key == shard_key,
        r.c.paper_hash == p.c.paper_hash,
        (r.c.decided_ms.is_(None)) | (r.c.decided_ms > now_ms - PAPER_DAYS * _DAY_MS),
    )
    old = p.c.received_ms < now_ms - PAPER_DAYS * _DAY_MS
    gone = connection.execute(delete(p).where(p.c.shard_key == shard_key, old, ~wanted))
    return int(gone.rowcount)


def whole(connection: Connection, shard_key: int, paper_hash: str) -> bytes | None:
    """Return a packed paper, None while it is not here as a whole."""
    t = schema.review_paper
    query = select(t.c.job, t.c.total)
    row = connection.execute(
        query.where(t.c.shard_key == shard_key, t.c.paper_hash == paper_hash)
    ).one_or_none()
    return None if row is None or len(row.job) < row.total else bytes(row.job)


def _taken(
    connection: Connection, shard_key: int, caller: Caller, asked: PaperRequest, now_ms: int
) -> PaperAnswer:
    t, r = schema.review_paper, schema.review
    named = select(r.c.review_id).where(
        r.c.shard_key == shard_key, r.c.paper_hash == asked.paper_hash
    )
    if connection.execute(named.limit(1)).one_or_none() is None:
        return PaperAnswer(0, wanted=False)
    here = and_(t.c.shard_key == shard_key, t.c.paper_hash == asked.paper_hash)
    row = connection.execute(select(t.c.job, t.c.total).where(here)).one_or_none()
    held = bytes(row.job) if row is not None else b""
    if row is not None and len(held) == row.total:
        return PaperAnswer(len(held))
    if row is not None and row.total != asked.total:
        connection.execute(delete(t).where(here))  # another till packed it otherwise: start again
        row, held = None, b""
    if asked.offset != len(held) or not asked.data:
        return PaperAnswer(len(held))
    held += asked.data
    if len(held) > asked.total:
        raise malformed("more bytes than the paper has")
    if len(held) == asked.total:
        try:
            unpack(held, asked.paper_hash)
        except ValueError:
            connection.execute(delete(t).where(here))
            return PaperAnswer(0)
    values = {"job": held, "total": asked.total, "received_ms": now_ms}
    if row is not None:
        connection.execute(t.update().where(here).values(**values))
    else:
        place = {"shard_key": shard_key, "paper_hash": asked.paper_hash}
        connection.execute(t.insert(), {**place, "device_id": caller.device_id, **values})
    return PaperAnswer(len(held))

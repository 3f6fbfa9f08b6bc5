"""What each reward cost and who could have it, from when on: a history that is only appended to.

The ledger judges by it what was spent at a device that was cut off, so nothing in it may change:
the same log must come to the same ledger whenever it is folded again.
"""

from collections.abc import Iterable

import msgspec
from msgspec import structs
from sqlalchemy import Connection

from central import schema
from central.ledger.writing.bulk import by_key, insert
from central.ledger.writing.projections import terms_of
from central.records import Values
from central.sync.reward_offers import details_of
from loyalty.catalogue import Terms

_COLUMNS = ("shard_key", "reward_id", "from_ms", "content")


def note(connection: Connection, shard_key: int, rows: Iterable[Values], now_ms: int) -> None:
    """Keep what rewards (rows of `reward`) cost from now on, in the caller's transaction."""
    given = {row["reward_id"]: row for row in rows}
    t = schema.reward_terms.c
    known = terms_of(by_key(connection, shard_key, (t.reward_id, t.content), list(given)))
    new = []
    for reward_id, row in given.items():
        before = known.get(reward_id)
        # Changes in one millisecond, or by a clock set back: each has a moment of its own.
        from_ms = now_ms if before is None else max(now_ms, before[-1].from_ms + 1)
        terms = _terms(row, from_ms)
        if before is None or structs.replace(before[-1], from_ms=from_ms) != terms:
            content = msgspec.json.encode(terms, order="deterministic").decode()
            new.append((shard_key, reward_id, from_ms, content))
    if new:
        insert(connection, schema.reward_terms, _COLUMNS, new)


def _terms(row: Values, from_ms: int) -> Terms:
    """Return what decides who may have a reward, without the words and the picture of it."""
    details = structs.replace(details_of(row["details"]), about_zh="", about_en="", picture="")
    return Terms(from_ms, row["points"], bool(row["offered"]), details)

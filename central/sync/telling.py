"""What central tells a device that a member should hear of, beside their balance."""

from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.ledger import explaining
from central.ledger.books import book_in_force
from central.ledger.queries import resolved
from central.ledger.shards import read_shard
from loyalty.events import Holder
from loyalty.rules.reasons import Reason


def told(connection: Connection, shard_key: int, holder: Holder, now_ms: int) -> tuple[Reason, ...]:
    """Return it for a holder at a moment (ms UTC); nothing before the first rule book."""
    book = book_in_force(connection, shard_key, now_ms)
    if book is None:
        return ()
    owner = resolved(connection, shard_key, holder)
    today = explaining.day_of(now_ms, ZoneInfo(read_shard(connection, shard_key).zone))
    return explaining.told(connection, shard_key, owner, book, today)

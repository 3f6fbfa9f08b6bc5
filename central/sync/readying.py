"""Points that are lent ahead, for no reward yet, so that a member can redeem while central is away.

How much the rule book says, never so much that a proof would be asked for. A till's are handed over
at that till alone, where its own journal keeps them single-use.
"""

from datetime import timedelta

from sqlalchemy import Connection

from central.ledger.books import book_in_force
from central.ledger.offer import Offer
from central.ledger.shards import read_shard
from central.sync import census
from central.sync.callers import Caller
from central.sync.reward_offers import LEASE_TTL_S, local
from loyalty.leases import READY_REWARD
from loyalty.rules.earning import Reason


def offer_of(connection: Connection, shard_key: int, caller: Caller, now_ms: int) -> Offer | Reason:
    """Return the most that a device may be lent ahead for one member, or why it is nothing."""
    if census.leases_wait(connection, shard_key, now_ms, LEASE_TTL_S):
        return Reason("after_restore")
    book = book_in_force(connection, shard_key, now_ms)
    if book is None:
        return Reason("no_rule_book")
    if not book.offline_points:
        return Reason("offline_off")
    today = local(now_ms, read_shard(connection, shard_key).zone).date()
    return Offer(
        points=min(book.offline_points, book.redeem_limit_points),
        limit=book.redeem_limit_points,
        home_device=caller.device_id.hex() if caller.role == "till" else None,
        valid_until=(today + timedelta(days=book.voucher_days)).isoformat(),
        ttl_s=LEASE_TTL_S,
        reward_id=READY_REWARD,
        day=today.isoformat(),
        spare=True,
    )

"""The rewards that members can have now, and why a member may not have one."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, select

from central.ledger import stocks
from central.ledger.queries import balance_of
from central.ledger.shards import read_shard
from central.schema import reward
from central.sync.reward_offers import details_of, had_of, local
from loyalty.catalogue import Asking, Details, price, why_not
from loyalty.events import Holder
from loyalty.rules.earning import Reason


class Shown(Struct, frozen=True):
    """A reward as a page shows it to one member; `left` None: as many as anybody wants.

    `points` are today's price of a piece, `usual` the ordinary one.
    """

    reward_id: str
    name_zh: str
    name_en: str
    kind: str
    points: int
    usual: int
    details: Details
    left: int | None
    refusal: Reason | None


def offered(connection: Connection, shard_key: int) -> Sequence[Row[Any]]:
    """Return the rewards on offer, the cheapest first."""
    query = select(reward).where(reward.c.shard_key == shard_key, reward.c.offered == 1)
    return connection.execute(query.order_by(reward.c.points, reward.c.reward_id)).all()


def for_member(connection: Connection, shard_key: int, member: str, now_ms: int) -> list[Shown]:
    """Return every reward on offer as this member gets it now, the cheapest first."""
    day = local(now_ms, read_shard(connection, shard_key).zone).date().isoformat()
    holder = Holder("member", member)
    balance = balance_of(connection, shard_key, holder)
    had = had_of(connection, shard_key, holder, now_ms)
    rows = offered(connection, shard_key)
    details = {row.reward_id: details_of(row.details) for row in rows}
    ids = {part.reward_id for one in details.values() for part in one.parts} | set(details)
    left = stocks.left(connection, shard_key, sorted(ids))
    shown = []
    for row in rows:
        terms = details[row.reward_id]
        points = price(row.points, terms, day)
        there = stocks.left_of(row.reward_id, terms, left)
        asking = Asking(1, day, balance.tier_id, had.get(row.reward_id, 0), there)
        refusal = why_not(terms, asking)
        available = max(balance.balance - balance.held, 0)
        if refusal is None and points > available:
            short = {"available": str(available), "needed": str(points)}
            refusal = Reason("balance_too_low", short)
        names = (row.reward_id, row.name_zh, row.name_en, row.kind)
        shown.append(Shown(*names, points, row.points, terms, there, refusal))
    return shown

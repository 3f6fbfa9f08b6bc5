"""How much of each stocked reward is left: what places ever got, less what the ledger counts."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from central import schema
from central.ledger.writing import bulk
from loyalty.catalogue import Details, Part, stock_name
from loyalty.wire import StockRow


def left(
    connection: Connection, shard_key: int, reward_ids: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Return the pieces that are left by reward and place, for those of them that are stocked."""
    if not reward_ids:
        return {}
    t = schema.reward_stock
    query = select(t.c.reward_id, t.c.place, t.c.supplied)
    query = query.where(t.c.shard_key == shard_key, t.c.reward_id.in_(reward_ids))
    rows = connection.execute(query.order_by(t.c.reward_id, t.c.place)).all()
    u = schema.rule_use.c
    names = [stock_name(row.reward_id, row.place) for row in rows]
    used: dict[str, int] = dict(bulk.by_key(connection, shard_key, (u.name, u.used), names))
    found: dict[str, dict[str, int]] = {}
    for row, name in zip(rows, names, strict=True):
        found.setdefault(row.reward_id, {})[row.place] = row.supplied - used.get(name, 0)
    return found


def rows(connection: Connection, shard_key: int, reward_ids: Sequence[str]) -> list[StockRow]:
    """Return what tills and kiosks hear of these rewards' stock."""
    of = left(connection, shard_key, reward_ids)
    return [
        StockRow(reward_id, sum(max(one, 0) for one in places.values()))
        for reward_id, places in sorted(of.items())
    ]


def left_of(reward_id: str, details: Details, left: Mapping[str, Mapping[str, int]]) -> int | None:
    """Return how many of a reward one place can hand out; None if nothing of it is stocked.

    `left` are the pieces by reward and place; a bundle is there as often as all its parts are.
    """
    parts = [one for one in details.parts or (Part(reward_id, 1),) if one.reward_id in left]
    if not parts:
        return None
    places = set.intersection(*(set(left[one.reward_id]) for one in parts))
    free = (min(left[one.reward_id][place] // one.pieces for one in parts) for place in places)
    return max(0, max(free, default=0))

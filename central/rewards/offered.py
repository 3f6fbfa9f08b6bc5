"""The rewards that members can have now."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from central.schema import reward


def offered(connection: Connection, shard_key: int) -> Sequence[Row[Any]]:
    """Return the rewards on offer, the cheapest first."""
    query = select(reward).where(reward.c.shard_key == shard_key, reward.c.offered == 1)
    return connection.execute(query.order_by(reward.c.points, reward.c.reward_id)).all()

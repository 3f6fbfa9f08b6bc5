"""The mall's rewards and their stock as records, and what tills and kiosks hear of them."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Connection, Row, select

from central import schema
from central.ledger import directory, stocks
from central.ledger.directory import Change
from central.records import Changes, Values, put
from central.rewards import terms
from central.rewards.sheet import Reward
from central.sync.reward_offers import details_of
from loyalty.catalogue import Details
from loyalty.wire import RewardRow, Topic

_PLAIN = Details()


def save(
    connection: Connection, shard_key: int, rewards: Sequence[Reward], now_ms: int
) -> tuple[Changes, list[Change]]:
    """Keep rewards and the stock that is told with them; return what is new of it."""
    values = [_row(one) for one in rewards]
    changes = put(connection, schema.reward, shard_key, values)
    terms.note(connection, shard_key, values, now_ms)
    supplied = [
        {"reward_id": one.reward_id, "place": place, "supplied": pieces}
        for one in rewards
        for place, pieces in (one.stock or {}).items()
    ]
    stocked = put(connection, schema.reward_stock, shard_key, supplied) if supplied else None
    news = [_change(row) for row in changes.news]
    if stocked is not None and stocked.news:
        ids = sorted({row["reward_id"] for row in stocked.news})
        news += [directory.of_stock(row) for row in stocks.rows(connection, shard_key, ids)]
        changes = _with_stock(changes, values, {row["reward_id"] for row in stocked.news})
    return changes, news


def set_left(
    connection: Connection, shard_key: int, reward_id: str, place: str, pieces: int
) -> Change:
    """Let so many pieces be left at a place from now on; return what tills hear of it."""
    left = stocks.left(connection, shard_key, [reward_id]).get(reward_id, {}).get(place, 0)
    t = schema.reward_stock
    query = select(t.c.supplied).where(t.c.shard_key == shard_key, t.c.reward_id == reward_id)
    supplied = connection.execute(query.where(t.c.place == place)).scalar_one()
    row = {"reward_id": reward_id, "place": place, "supplied": supplied + pieces - left}
    put(connection, t, shard_key, [row])
    return directory.of_stock(stocks.rows(connection, shard_key, [reward_id])[0])


def set_offered(
    connection: Connection, shard_key: int, reward_id: str, now_ms: int, *, offered: bool
) -> Change:
    """Offer a reward or take it out of the catalogue; return what tills hear of it."""
    t = schema.reward
    query = select(t).where(t.c.shard_key == shard_key, t.c.reward_id == reward_id)
    row = dict(connection.execute(query).one()._mapping)  # noqa: SLF001  # SQLAlchemy's own name
    row |= {"offered": int(offered)}
    del row["shard_key"]
    put(connection, t, shard_key, [row])
    terms.note(connection, shard_key, [row], now_ms)
    return _change(row)


def every(connection: Connection, shard_key: int) -> Sequence[Row[Any]]:
    """Return every reward of the mall, offered or not, by its id."""
    t = schema.reward
    query = select(t).where(t.c.shard_key == shard_key).order_by(t.c.reward_id)
    return connection.execute(query).all()


def simple_ids(connection: Connection, shard_key: int) -> frozenset[str]:
    """Return the rewards that can be part of a bundle: those that are none."""
    t = schema.reward
    query = select(t.c.reward_id).where(t.c.shard_key == shard_key, t.c.kind != "bundle")
    return frozenset(connection.execute(query).scalars())


def _row(reward: Reward) -> Values:
    values = structs.asdict(reward)
    del values["stock"]
    plain = reward.details == _PLAIN
    encoded = msgspec.json.encode(reward.details, order="deterministic").decode()
    return values | {"details": None if plain else encoded}


def _change(row: Values) -> Change:
    if not row["offered"]:
        return Change(Topic.REWARD, row["reward_id"], None)
    facts = {name: value for name, value in row.items() if name != "offered"}
    return directory.of_reward(RewardRow(**facts | {"details": details_of(row["details"])}))


def _with_stock(changes: Changes, values: Sequence[Values], moved: set[str]) -> Changes:
    """Count a reward as changed when only its stock is news."""
    told = {row["reward_id"] for row in changes.news}
    only = tuple(row for row in values if row["reward_id"] in moved - told)
    return Changes(changes.added, changes.changed + only, changes.same - len(only))

"""What the ledger holds about activities, as people ask for it. Reads only."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection, and_, desc, func, select

from central import schema
from central.ledger.judging.activities import closed_key
from central.ledger.judging.activity_points import spent_key
from central.ledger.judging.activity_rows import Batch
from central.ledger.writing.projections import batch_of
from loyalty.codes import mask_number
from loyalty.rules.activities import Activity
from loyalty.rules.rulebook import RuleBook


class BatchLine(Struct, frozen=True):
    """A batch of codes, by its id, and how many of its numbered codes are used."""

    batch: str
    codes: Batch
    used: int


class ActivityLine(Struct, frozen=True):
    """An activity of the book in force: how many took part, the points given, its codes.

    `closed_ms` is 0 while it is open.
    """

    activity: Activity
    members: int
    points: int
    closed_ms: int
    batches: tuple[BatchLine, ...]


class Place(Struct, frozen=True):
    """A place in a contest. The same result counts by who reached it first."""

    rank: int
    member: str
    masked_name: str
    number_tail: str
    result: int
    reached_ms: int


def listed(connection: Connection, shard_key: int, book: RuleBook) -> list[ActivityLine]:
    """Return the book's activities with what came of them."""
    t, use = schema.activity_doing, schema.rule_use
    took_part = (t.c.times > 0) | (t.c.rounds > 0)
    query = select(t.c.activity_id, func.count()).where(t.c.shard_key == shard_key, took_part)
    members = {row[0]: int(row[1]) for row in connection.execute(query.group_by(t.c.activity_id))}
    keys = [make(one.id) for one in book.activities for make in (closed_key, spent_key)]
    counters = select(use.c.name, use.c.used).where(use.c.shard_key == shard_key)
    rows = connection.execute(counters.where(use.c.name.in_(keys)))
    counted = {row.name: int(row.used) for row in rows}
    made = batches(connection, shard_key)
    return [
        ActivityLine(
            activity=one,
            members=members.get(one.id, 0),
            points=counted.get(spent_key(one.id), 0),
            closed_ms=counted.get(closed_key(one.id), 0),
            batches=tuple(line for line in made if line.codes.activity_id == one.id),
        )
        for one in book.activities
    ]


def batches(connection: Connection, shard_key: int) -> list[BatchLine]:
    """Return every batch of codes, the newest first."""
    t = schema.activity_batch
    rows = connection.execute(select(t.c.batch, t.c.content).where(t.c.shard_key == shard_key))
    found = [(batch, batch_of(content)) for batch, content in rows]
    found.sort(key=lambda one: (-one[1].made_ms, one[0]))
    return [BatchLine(batch, codes, _used(connection, shard_key, batch)) for batch, codes in found]


def batch(connection: Connection, shard_key: int, batch_id: str) -> Batch | None:
    """Return one batch of codes; None if it was never made."""
    t = schema.activity_batch
    query = select(t.c.content).where(t.c.shard_key == shard_key, t.c.batch == batch_id)
    content = connection.execute(query).scalar_one_or_none()
    return None if content is None else batch_of(content)


def ranking(
    connection: Connection, shard_key: int, activity_id: str, limit: int
) -> Sequence[Place]:
    """Return a contest's best results, the best first."""
    t, m = schema.activity_doing, schema.member
    same = and_(m.c.shard_key == t.c.shard_key, m.c.member == t.c.member)
    query = select(t.c.member, t.c.result, t.c.result_ms, m.c.masked_name, m.c.number)
    query = query.join_from(t, m, same, isouter=True).where(t.c.shard_key == shard_key)
    query = query.where(t.c.activity_id == activity_id, t.c.times > 0)
    rows = connection.execute(query.order_by(desc(t.c.result), t.c.result_ms, t.c.member))
    return [
        Place(
            rank=rank,
            member=row.member,
            masked_name=row.masked_name or "",
            number_tail=mask_number(row.number) if row.number else "",
            result=row.result,
            reached_ms=row.result_ms,
        )
        for rank, row in enumerate(rows.fetchmany(limit), 1)
    ]


def _used(connection: Connection, shard_key: int, batch_id: str) -> int:
    t = schema.rule_use
    prefix = f"activity-code/{batch_id}/"
    query = select(func.count()).where(t.c.shard_key == shard_key)
    query = query.where(t.c.name.startswith(prefix, autoescape=True))
    return int(connection.execute(query).scalar_one())

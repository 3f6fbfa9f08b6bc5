"""A page of the pull feed: what changed behind a cursor, for one device (SYNC 2.9).

A page never ends inside a turn: a till that saw a balance but not yet the position of the push
behind it would count that push twice.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, Row, and_, bindparam, or_, select

from central import schema
from central.ledger.shards import Shard, read_shard
from central.ledger.writing.statements import Statement
from central.sync import file_offers
from central.sync.file_offers import Look
from central.sync.problems import Refused, counted, plain
from loyalty.wire import FeedRow, PullAnswer, PullRequest, Topic

PAGE_ROWS_MAX = 5_000
PAGE_BYTES_MAX = 1 << 20
_IN_FILES = (Topic.MEMBER, Topic.CARD)
_FEED = schema.feed.c
_BEHIND = Statement(
    select(_FEED.position, _FEED.topic, _FEED.item, _FEED.payload)
    .where(
        _FEED.shard_key == bindparam("shard_key"),
        _FEED.position > bindparam("position"),
        _FEED.position <= bindparam("end"),
        or_(_FEED.device_id.is_(None), _FEED.device_id == bindparam("device_id")),
        or_(
            and_(*[_FEED.topic != int(topic) for topic in _IN_FILES]),
            _FEED.position > bindparam("through"),
        ),
    )
    .order_by(_FEED.position)
    .limit(bindparam("at_most"))
)
_TURNS = schema.feed_turn.c
# Turns do not overlap, so only the last one that begins there can go on. To ask for one that ends
# later as well would read all the turns there ever were.
_TURN = Statement(
    select(_TURNS.first_position, _TURNS.last_position)
    .where(
        _TURNS.shard_key == bindparam("shard_key"),
        _TURNS.first_position <= bindparam("position"),
    )
    .order_by(_TURNS.first_position.desc())
    .limit(1)
)


def page(
    connection: Connection,
    shard_key: int,
    device_id: bytes,
    request: PullRequest,
    *,
    other_key: bool = False,
) -> tuple[PullAnswer, Look | None]:
    """Return the rows behind the request's cursor that are for all or for this device.

    A cursor of another incarnation, or from beyond the end, is answered by `refetch`. Members and
    cards that a file holds are left out. A page holds the rows asked for, and more only where one
    turn alone has more. With it comes what there is of member files, for devices that use them;
    Refused is raised for one that does not and whose rows are gone, and for places no feed has.
    `other_key`: the file of this device was made under another tenant key than today's.
    """
    shard = read_shard(connection, shard_key)
    begins = request.position == 0
    foreign = request.incarnation != shard.incarnation and not begins
    if foreign or not 0 <= request.position <= shard.feed_position:
        return PullAnswer(shard.incarnation, 0, (), more=True, refetch=True), None
    held = request.held
    if held is None:
        if request.position < file_offers.floor(connection, shard_key):
            raise Refused(409, "too_old", "members come as a file, which this agent cannot use")
        return _rows_behind(connection, shard, device_id, request, 0), None
    if held.name:
        plain("held.name", held.name)
    counted("held.position", held.position)
    counted("held.through", held.through)
    look = file_offers.look(connection, shard, request.position, held, other_key=other_key)
    answer = _rows_behind(connection, shard, device_id, request, look.through)
    return structs.replace(answer, through=look.through, offer=look.offer), look


def _rows_behind(
    connection: Connection, shard: Shard, device_id: bytes, request: PullRequest, through: int
) -> PullAnswer:
    shard_key = shard.shard_key
    limit = max(1, min(request.limit, PAGE_ROWS_MAX))
    behind = {
        "shard_key": shard_key,
        "device_id": device_id,
        "position": request.position,
        "through": max(through, request.position),
    }
    rows: list[FeedRow] = []
    size = 0
    for row in _rows(connection, **behind, end=shard.feed_position, at_most=limit + 1):
        size += len(row.payload or b"")
        if len(rows) == limit or (rows and size > PAGE_BYTES_MAX):
            break
        rows.append(row)
    else:
        return PullAnswer(shard.incarnation, shard.feed_position, tuple(rows), more=False)
    end = rows[-1].position
    turn = _turn_around(connection, shard_key, end)
    if turn is not None and turn.first_position > rows[0].position:
        end = turn.first_position - 1
        rows = [row for row in rows if row.position <= end]
    elif turn is not None:
        end = turn.last_position
        rows = list(_rows(connection, **behind, end=end, at_most=end - request.position))
    return PullAnswer(shard.incarnation, end, tuple(rows), more=end < shard.feed_position)


def _rows(connection: Connection, **which: object) -> Iterator[FeedRow]:
    for row in _BEHIND.rows(connection, **which):
        yield FeedRow(row.position, row.topic, row.item, row.payload)


def _turn_around(connection: Connection, shard_key: int, position: int) -> Row[Any] | None:
    """Return the turn that goes on behind a position, None if one ends there."""
    turn = _TURN.row(connection, shard_key=shard_key, position=position)
    return turn if turn is not None and turn.last_position > position else None

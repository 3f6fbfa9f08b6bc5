"""Events that wait: for newer software, for a rule book, or for a person."""

from sqlalchemy import Connection, select

from central import schema
from central.ledger.commands import RejudgeAll
from central.ledger.rows import Identity
from central.ledger.turns import run_turn
from loyalty.wire import Verdict

_AT_ONCE = 1_000


def rejudge_ready(connection: Connection, shard_key: int, now_ms: int) -> int:
    """Judge again what waited for this software or for a rule book that is here now.

    Runs turns in the caller's transaction; return how many events were judged. Call it when a
    rule book was stored, and when the server starts.
    """
    waiting = open_events(connection, shard_key, Verdict.PENDING_UPGRADE)
    judged = 0
    for start in range(0, len(waiting), _AT_ONCE):
        command = RejudgeAll(tuple(waiting[start : start + _AT_ONCE]))
        answer = run_turn(connection, shard_key, [command], now_ms)[0]
        if isinstance(answer, Exception):
            raise answer
        judged += answer if isinstance(answer, int) else 0
    return judged


def open_events(connection: Connection, shard_key: int, verdict: Verdict) -> list[Identity]:
    """Return the events with one of the verdicts that can still change, in the order they came."""
    t = schema.inbox
    query = select(t.c.device_id, t.c.epoch, t.c.seq).order_by(t.c.turn, t.c.place)
    query = query.where(t.c.shard_key == shard_key, t.c.verdict == int(verdict))
    return [Identity(*row) for row in connection.execute(query)]

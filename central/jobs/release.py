"""Pending points whose day has come, into the wallets of those who earned them.

Holders are taken by the day from which their points count. What was released is pending no more,
so a run that was cut off goes on where it stopped, and another one finds nothing.
"""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct
from sqlalchemy import Connection, Engine, bindparam, select

from central import schema
from central.app import Parts, now_ms
from central.database import reading, writing
from central.ledger.commands import Decision
from central.ledger.judging.accounts import holder_of
from central.ledger.judging.ageing import HOLDERS_MAX
from central.ledger.judging.state import State
from central.ledger.writing.statements import Statement
from central.ledger.writing.turns import run_turn
from central.ledger.writing.wants import Want, of_body
from loyalty.events import Holder, Moment, PointsReleased

#: So many holders in a turn: other writers wait for it, and it holds their lots in memory.
_IN_A_TURN = 2_048
_LOTS = schema.pending_lot.c
_DUE = Statement(
    select(_LOTS.account_id)
    .where(_LOTS.shard_key == bindparam("key"), _LOTS.counts_from <= bindparam("day"))
    .distinct()
    .limit(_IN_A_TURN)
)


class Release(Struct, frozen=True):
    """Let pending points of these holders that count by a day be spent; answers how many."""

    day: str
    holders: tuple[Holder, ...]

    def wants(self) -> Iterable[Want]:
        """Return the holders' accounts and lots."""
        return of_body(PointsReleased(Moment(0, "", 0), self.day, self.holders))

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the one event of it."""
        del state
        return Decision((PointsReleased(at, self.day, self.holders),), lambda _: len(self.holders))


def run(parts: Parts, day: date) -> tuple[int, str]:
    """Release what counts from `day` or earlier; return how many holders had such points."""
    return release(parts.engine, parts.config.shard_key, day), ""


def release(engine: Engine, shard_key: int, day: date) -> int:
    """Release what counts from `day` or earlier in a shard; return how many holders had any."""
    done = 0
    while True:
        with reading(engine) as connection:
            found = due(connection, shard_key, day.isoformat())
        if not found:
            return done
        commands = [
            Release(day.isoformat(), tuple(found[start : start + HOLDERS_MAX]))
            for start in range(0, len(found), HOLDERS_MAX)
        ]
        with writing(engine) as connection:
            for answer in run_turn(connection, shard_key, commands, now_ms()):
                if isinstance(answer, Exception):
                    raise answer
        done += len(found)


def due(connection: Connection, shard_key: int, day: str) -> list[Holder]:
    """Return holders with pending points that count by `day` (ISO), as many as a turn takes."""
    found = (holder_of(row.account_id) for row in _DUE.rows(connection, key=shard_key, day=day))
    return sorted((holder for holder in found if holder is not None), key=lambda one: one.key)

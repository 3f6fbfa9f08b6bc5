"""Points whose last day is over, out of every wallet that holds any (SYNC 2.4: by central alone).

Wallets are taken in the order of their ids, so many in a turn. What was expired is no lot any
more, so a run that was cut off goes on where it stopped, and another one finds nothing.
"""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct
from sqlalchemy import Connection, Engine, select

from central import schema
from central.app import Parts, now_ms
from central.database import reading, writing
from central.ledger.commands import Decision
from central.ledger.judging.accounts import holder_of
from central.ledger.judging.ageing import HOLDERS_MAX
from central.ledger.judging.state import State
from central.ledger.writing.turns import run_turn
from central.ledger.writing.wants import Want, of_body
from loyalty.events import Holder, Moment, PointsExpired

#: So many wallets in a turn: other writers wait for it, and it holds their lots in memory.
WALLETS_MAX = 8_192


class Expire(Struct, frozen=True):
    """Let the points of these holders that are over leave their wallets; answers how many."""

    day: str
    holders: tuple[Holder, ...]

    def wants(self) -> Iterable[Want]:
        """Return the wallets and their lots."""
        return of_body(PointsExpired(Moment(0, "", 0), self.day, self.holders))

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the one event of it."""
        del state
        return Decision((PointsExpired(at, self.day, self.holders),), lambda _: len(self.holders))


def run(parts: Parts, day: date) -> tuple[int, str]:
    """Expire what ended before `day`; return how many wallets had such points, and no detail."""
    return expire(parts.engine, parts.config.shard_key, day), ""


def expire(engine: Engine, shard_key: int, day: date) -> int:
    """Expire what ended before `day` in a shard; return how many wallets had such points."""
    wallets, after = 0, b""
    while True:
        with reading(engine) as connection:
            ids = _next(connection, shard_key, day.isoformat(), after)
        found = (holder_of(account_id) for account_id in ids)
        holders = tuple(holder for holder in found if holder is not None)
        commands = [
            Expire(day.isoformat(), holders[start : start + HOLDERS_MAX])
            for start in range(0, len(holders), HOLDERS_MAX)
        ]
        if commands:
            with writing(engine) as connection:
                for answer in run_turn(connection, shard_key, commands, now_ms()):
                    if isinstance(answer, Exception):
                        raise answer
        wallets += len(holders)
        if len(ids) < WALLETS_MAX:
            return wallets
        after = ids[-1]


def _next(connection: Connection, shard_key: int, day: str, after: bytes) -> list[bytes]:
    t = schema.account
    query = (
        select(t.c.account_id)
        .where(t.c.shard_key == shard_key, t.c.account_id > after, t.c.next_expiry < day)
        .order_by(t.c.account_id)
        .limit(WALLETS_MAX)
    )
    return list(connection.execute(query).scalars())

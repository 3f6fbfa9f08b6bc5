"""Vouchers whose last day is over: their points and pieces go back, once.

One that a till may take while it is cut off waits until that till has told everything it wrote
up to then: it may have taken it in time. After a restore those from before wait for all tills.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, select

from central import schema
from central.app import Parts, now_ms
from central.database import reading, writing
from central.ledger.reward_commands import ReturnVoucher
from central.ledger.shards import read_shard
from central.ledger.writing.turns import run_turn
from central.schema.leases import is_paid
from central.sync import census
from loyalty.rules.earning import Reason

#: So many vouchers in a turn: other writers wait for it.
_VOUCHERS_MAX = 500


def run(parts: Parts, day: date) -> tuple[int, str]:
    """Give back what ended before `day`; return how many vouchers, and how many must wait."""
    done, waiting = expire(parts.engine, parts.config.shard_key, day, now_ms())
    return done, f"{waiting} wait for their till" if waiting else ""


def expire(engine: Engine, shard_key: int, day: date, at_ms: int) -> tuple[int, int]:
    """Give back what ended before `day`; return how many vouchers, and how many must wait."""
    done, waiting, after = 0, 0, ("", "")
    while True:
        with reading(engine) as connection:
            commands = _next(connection, shard_key, day, after)
        if not commands:
            return done, waiting
        with writing(engine) as connection:
            answers = run_turn(connection, shard_key, [each for _, each in commands], at_ms)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
            waits = isinstance(answer, Reason)
            done, waiting = done + (not waits), waiting + waits
        after = commands[-1][0]


def _next(
    connection: Connection, shard_key: int, day: date, after: tuple[str, str]
) -> list[tuple[tuple[str, str], ReturnVoucher]]:
    """Return the next vouchers that are over behind `after`, each with its place in the order."""
    zone = ZoneInfo(read_shard(connection, shard_key).zone)
    t = schema.voucher
    query = select(t.c.valid_until, t.c.code, t.c.home_device)
    query = query.where(t.c.shard_key == shard_key, is_paid, t.c.valid_until < day.isoformat())
    until, code = after
    behind = (t.c.valid_until > until) | ((t.c.valid_until == until) & (t.c.code > code))
    doubtful_ms = census.vouchers_doubtful_ms(connection, shard_key)
    rows = connection.execute(query.where(behind).order_by(t.c.valid_until, t.c.code))
    found = []
    for row in rows.fetchmany(_VOUCHERS_MAX):
        home = bytes.fromhex(row.home_device) if row.home_device else None
        ended_ms = _end_ms(row.valid_until, zone)
        back = ReturnVoucher(
            code=row.code,
            cause="expired",
            today=day.isoformat(),
            home_is_sure=home is None or census.has_told(connection, shard_key, home, ended_ms),
            doubtful_ms=doubtful_ms,
        )
        found.append(((row.valid_until, row.code), back))
    return found


def _end_ms(valid_until: str, zone: ZoneInfo) -> int:
    """Return when the last day of a voucher is over, in ms UTC."""
    day = date.fromisoformat(valid_until) + timedelta(days=1)
    return int(datetime.combine(day, time(), zone).timestamp() * 1000)

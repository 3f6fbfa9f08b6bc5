"""Redemptions a second through central on PostgreSQL, beside the barest way to take points.

Ours is a lease and a spend: two calls, each decided under the shard's lock and committed before it
is answered, with chain, signature, lots, stock, limits, voucher and feed. The peer locks one row,
takes the points and commits once. Of both, HTTP is missing.
"""

import tempfile
from pathlib import Path

from central.config import Database
from central.database import connect
from tillpoints.bench.ground import counters, figures
from tillpoints.bench.ground.figures import D2, Row
from tillpoints.bench.ground.postgres import NotHere, postgresql

COUNTERS = 16
PLACES = 30

_ROW = Row(
    f"redemptions through central, PostgreSQL, {COUNTERS} counters at once",
    "SELECT .. FOR UPDATE, UPDATE, COMMIT, as many connections",
    "redemptions/s",
    at_least=0.02,
    durability=D2,
)


def run(*, rounds: int = figures.ROUNDS, places: int = PLACES) -> dict[str, object]:
    """Measure both in turns, on the same server."""
    return figures.result(figures.measured([lambda: [_row(rounds, places)]]), rounds)


def describe(result: dict[str, object]) -> str:
    """Say what the figures of `run` mean."""
    return figures.describe(result)


def _row(rounds: int, places: int) -> Row:
    try:
        with postgresql() as url:
            plain = url.replace("+psycopg", "", 1)
            ways = {
                "ours": lambda: _ours(url, places),
                "bare": lambda: counters.bare(plain, COUNTERS, places),
            }
            taken = figures.turns(rounds, ways)
    except NotHere as error:
        return figures.not_run(_ROW, str(error))
    return figures.beside(_ROW, taken["ours"], taken["bare"])


def _ours(url: str, places: int) -> float:
    engine = connect(Database(url))
    try:
        with (
            tempfile.TemporaryDirectory(prefix="tillpoints-bench-") as folder,
            counters.counters(engine, COUNTERS, places, Path(folder)) as made,
        ):
            return counters.all_at_once(
                COUNTERS, places, lambda number, place: made[number].redeem(place)
            )
    finally:
        engine.dispose()

"""How long a night's expiry takes, and its memory: every member has points that ended yesterday.

Each also has points that go on. The peer is SQLite itself: the same lots deleted and the same
balances updated by two statements, without events, transfers, a feed or turns. A million members:

    python -m tillpoints.bench.expiry 1000000
"""

import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from sqlalchemy import Engine, text

from central import schema
from central.config import Database
from central.database import connect, writing
from central.jobs.expiry import expire
from central.ledger.judging.accounts import AccountKind, wallet_id
from central.ledger.shards import open_shard
from central.ledger.writing import bulk
from central.ledger.writing.lots import columns
from loyalty.events import Holder
from loyalty.rules.lots import Lot

MEMBERS = 20_000
SHARD = 1
_DAY = date(2027, 1, 1)
_PART = 50_000
_ACCOUNT = (
    *("shard_key", "account_id", "kind", "posted", "held", "last_transfer", "turn"),
    *("next_expiry", "lots"),
)
_LOTS = (
    Lot(bytes(31) + b"1", date(2026, 12, 31), 100),
    Lot(bytes(31) + b"2", date(2027, 12, 31), 200),
)
_PEER_TABLE = """
    CREATE TABLE peer_lot (shard_key INTEGER, account_id BLOB, lot_id BLOB, expires_on TEXT,
        remaining INTEGER, PRIMARY KEY (shard_key, account_id, lot_id)) WITHOUT ROWID
"""
_PEER_LOTS = """
    INSERT INTO peer_lot SELECT shard_key, account_id, :lot_id, :until, :left FROM account
    WHERE lots IS NOT NULL
"""


def run(*, members: int = MEMBERS) -> dict[str, object]:
    """Measure; return seconds, members a second, ratios, and the peak memory in MB."""
    with tempfile.TemporaryDirectory(prefix="tillpoints-expiry-") as folder:
        ours = _filled(Path(folder) / "ours.db", members)
        before_mb = _peak_mb()
        start_s = time.perf_counter()
        wallets = expire(ours, SHARD, _DAY)
        ours_s = time.perf_counter() - start_s
        peak_mb = _peak_mb()
        ours.dispose()
        peer_s = _peer_s(_filled(Path(folder) / "peer.db", members))
    return {
        "members": members,
        "expired": wallets,
        "seconds": round(ours_s, 1),
        "members_s": round(members / ours_s),
        "peer_seconds": round(peer_s, 2),
        "peer_to_ours": round(peer_s / ours_s, 4),
        "peak_mb": round(peak_mb),
        "peak_before_mb": round(before_mb),
    }


def describe(result: dict[str, object]) -> str:
    """Say what the figures of `run` mean."""
    return (
        f"{result['expired']} of {result['members']} members' points expired, event by event\n"
        f"  night's work     {result['seconds']:>8} s   {result['members_s']} members/s\n"
        f"  two statements   {result['peer_seconds']:>8} s   of ours {result['peer_to_ours']}\n"
        f"  peak memory      {result['peak_mb']:>8} MB  (before: {result['peak_before_mb']} MB)"
    )


def _filled(path: Path, members: int) -> Engine:
    """Return a database in which each member has two lots, one of which ended."""
    engine = connect(Database(url=f"sqlite:///{path}"))
    with writing(engine) as connection:
        schema.metadata.create_all(connection)
        open_shard(connection, SHARD, "bench", "Asia/Shanghai", bytes(16))
    for first in range(0, members, _PART):
        ids = [_wallet(number) for number in range(first, min(first + _PART, members))]
        with writing(engine) as connection:
            wallet = (int(AccountKind.WALLET), 300, 0, 0, 0, *columns(_LOTS))
            rows = [(SHARD, one, *wallet) for one in ids]
            bulk.upsert(connection, schema.account, _ACCOUNT, rows)
    return engine


def _wallet(number: int) -> bytes:
    return wallet_id(Holder("member", f"{number * 2_654_435_761 % 2**64:016x}"))


def _peer_s(engine: Engine) -> float:
    with writing(engine) as connection:
        connection.execute(text(_PEER_TABLE))
        for lot in _LOTS:
            each = {"lot_id": lot.lot_id, "until": lot.expires_on.isoformat(), "left": lot.left}
            connection.execute(text(_PEER_LOTS), each)
    start_s = time.perf_counter()
    with writing(engine) as connection:
        over = "FROM peer_lot WHERE shard_key = 1 AND expires_on < '2027-01-01'"
        less = "UPDATE account SET posted = posted - 100 WHERE account_id IN"
        connection.execute(text(f"{less} (SELECT account_id {over})"))
        connection.execute(text(f"DELETE {over}"))
    engine.dispose()
    return time.perf_counter() - start_s


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.stdout.write(describe(run(members=int(sys.argv[1]))) + "\n")

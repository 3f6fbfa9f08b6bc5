"""The parts of the directory's benchmark: a central that makes files, a till that loads, the peer.

`python -m tillpoints.bench.ground.directory_parts make FOLDER` and `... load FOLDER URL NAME` each
print one JSON object; `run` starts them as processes, whose peak memory is theirs alone.
"""

import json
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from central.config import load
from central.database import connect
from central.keys import load as load_keys
from central.sync.member_files import MemberFiles
from edge_agent.journal.clock import moment
from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Done, Offline, Reply
from edge_agent.sync.member_files import MemberFileFetcher
from edge_agent.sync.puller import Puller
from edge_agent.sync.transport import HttpTransport
from loyalty.codes import card_tag
from loyalty.events import Holder
from tillpoints.bench.ground import serving
from tillpoints.bench.ground.days import SHARD, Till


def run(*arguments: object) -> dict[str, Any]:
    """Run one part in a process of its own and return what it found."""
    command = [sys.executable, "-m", __name__, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{arguments[0]} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def make(folder: Path) -> dict[str, Any]:
    """Make a member file, and a delta if there is one before, as central does."""
    config = load(folder / "central.toml")
    engine = connect(config.database)
    tenant_key = load_keys(Path(config.keys_file)).tenant_key
    home = Path(config.directory_folder)
    files = MemberFiles(engine, SHARD, home, tenant_key, lambda: time.time_ns() // 1_000_000)
    before = set(home.glob("?" * 64)) if home.exists() else set()
    start_s = time.perf_counter()
    name = files.make()
    took_s = time.perf_counter() - start_s
    engine.dispose()
    new = set(home.glob("?" * 64)) - before - {home / name}
    return {
        "seconds": took_s,
        "bytes": (home / name).stat().st_size,
        "delta_bytes": sum(path.stat().st_size for path in new),
        "peak_mb": _peak_mb(),
    }


class _Counted(HttpTransport):
    fetched = 0

    def get(self, path: str, headers: Mapping[str, str]) -> Reply | Offline:
        reply = super().get(path, headers)
        self.fetched += len(reply.body) if isinstance(reply, Reply) else 0
        return reply


def load_file(folder: Path, url: str, name: str) -> dict[str, Any]:
    """Bring the newest member file to a till, as its sync does, and look cards up in it."""
    keys = load_keys(folder / "central.keys")
    till = Till(0)
    journal = serving.open_journal(folder / name, till, keys.tenant_key, keys.central_public)
    transport = _Counted(url)
    caller = Caller(journal, transport)
    puller, fetcher = Puller(journal, caller), MemberFileFetcher(journal, caller)
    start_s = time.perf_counter()
    while True:
        pulled = puller.step()
        done = fetcher.step(puller.offer, moment())
        if not (isinstance(pulled, Done) and isinstance(done, Done)) or fetcher.problem:
            raise RuntimeError(f"{pulled}, {done}, {fetcher.problem}")
        if puller.offer is None and journal.member_file().name:
            break
    took_s = time.perf_counter() - start_s
    transport.close()
    peak_mb = _peak_mb()
    looked = _look_up(journal, folder)
    journal.close()
    return {
        "seconds": took_s,
        "fetched": transport.fetched,
        "peak_mb": peak_mb,
        "p50_us": statistics.median(one for one, _ in looked) * 1e6,
        "p99_us": statistics.quantiles((one for one, _ in looked), n=100)[98] * 1e6,
        "p99_busy_us": statistics.quantiles((one for _, one in looked), n=100)[98] * 1e6,
    }


def _look_up(journal: Journal, folder: Path) -> list[tuple[float, float]]:
    """Return the seconds from a card's tag to its member's standing, and those on the processor.

    The second leave out what others did on a busy machine meanwhile.
    """
    tenant_key = load_keys(folder / "central.keys").tenant_key
    taken = []
    for number in (folder / "cards").read_text().split():
        tag = card_tag(tenant_key, number)
        start_s, busy_s = time.perf_counter(), time.thread_time()
        standing = journal.standing(Holder("card", tag))
        taken.append((time.perf_counter() - start_s, time.thread_time() - busy_s))
        if standing.tier_id != "gold" or standing.balance is None:
            raise RuntimeError(f"{tag} is not known")
    return taken


_OUT: LiteralString = """
    COPY (
        SELECT card.tag, card.member, member_tier.tier_id, account.posted, member.masked_name
        FROM card
        JOIN member_tier USING (shard_key, member)
        JOIN member USING (shard_key, member)
        JOIN account ON account.shard_key = card.shard_key
            AND account.account_id = '\\x01'::bytea || convert_to('member:' || card.member, 'UTF8')
        ORDER BY card.tag
    ) TO STDOUT
"""


def copied(folder: Path, url: str) -> tuple[float, int, list[float]]:
    """Do what the peer does; return its seconds, the bytes of its table, and seconds of lookups."""
    path = folder / "peer.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(
            "CREATE TABLE member (tag TEXT PRIMARY KEY, member TEXT, tier TEXT, balance INTEGER,"
            " name TEXT) WITHOUT ROWID"
        )
        start_s = time.perf_counter()
        source = psycopg.connect(url.replace("+psycopg", "", 1))
        with source, source.cursor() as cursor, cursor.copy(_OUT) as copy:
            db.execute("BEGIN")
            for block in _lines(copy):
                db.executemany("INSERT INTO member VALUES (?, ?, ?, ?, ?)", block)
            db.execute("CREATE INDEX by_member ON member (member)")
            db.execute("COMMIT")
        took_s = time.perf_counter() - start_s
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        looked = _look_up_there(db, folder)
    size = path.stat().st_size
    for file in folder.glob("peer.db*"):
        file.unlink()
    return took_s, size, looked


def _lines(copy: psycopg.Copy) -> Any:
    """Yield rows in lists, out of the text of a COPY."""
    rest = b""
    for data in copy:
        *lines, rest = (rest + bytes(data)).split(b"\n")
        yield [line.decode().split("\t") for line in lines]


def _look_up_there(db: sqlite3.Connection, folder: Path) -> list[float]:
    tenant_key = load_keys(folder / "central.keys").tenant_key
    taken = []
    for number in (folder / "cards").read_text().split():
        tag = card_tag(tenant_key, number)
        start_s = time.perf_counter()
        found = db.execute(
            "SELECT member, tier, balance, name FROM member WHERE tag = ?", (tag,)
        ).fetchone()
        taken.append(time.perf_counter() - start_s)
        if found is None:
            raise RuntimeError(f"{tag} is not known")
    return taken


def _peak_mb() -> float:
    """Return the most memory this process had; getrusage would tell its parent's."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1000
    return 0.0


if __name__ == "__main__":
    part, place, *rest = sys.argv[1:]
    result = make(Path(place)) if part == "make" else load_file(Path(place), *rest)
    print(json.dumps(result))

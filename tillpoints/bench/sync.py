"""What a till does at the counter and behind it: record one event, push a backlog over HTTP."""

import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from edge_agent.journal.journal import Journal
from loyalty.events import frame_of
from tillpoints.bench.ground import at_once, figures, pouch, serving
from tillpoints.bench.ground.days import Till
from tillpoints.bench.ground.figures import D2, Row
from tillpoints.bench.ground.postgres import NotHere

RECORDED = 600
PUSHED = 100_000
AT_ONCE, OF_EACH = 8, 2_000
BACKLOGS, A_DAY = 1_000, 100

_RECORD = "till: record one event and wait until it is on the disk"
_BARE = "write and fdatasync of the same bytes on the same disk"
_P50 = Row(f"{_RECORD}, median", _BARE, "us", at_most=1.5, durability=D2)
_P99 = Row(f"{_RECORD}, 99th percentile", _BARE, "us", at_most=3, durability=D2)
_PUSH = Row(
    "push of 100,000 events by one till over HTTP to its own central",
    "PouchDB to express-pouchdb, the same documents, batches of 500 (LevelDB, D1)",
    "events/s",
    at_least=2,
    durability=D2,
)
_BYTES = Row("bytes that this push sends, with headers", "what PouchDB sends", "MB", at_most=0.25)
_AT_ONCE = Row(
    f"{AT_ONCE} tills push their journals at once over HTTP to one central, end to end",
    "the hope on two cores, the tills' own work included",
    "events/s",
    durability=D2,
)
_HOPED_A_SECOND = 10_000.0
_BACKLOGS = Row(
    f"{BACKLOGS:,} tills that come back at once with {A_DAY} events each are drained over HTTP",
    "the hope, a quarter of an hour",
    "s",
    durability=D2,
)
_HOPED_S = 900.0


def run(
    *, rounds: int = figures.ROUNDS, recorded: int = RECORDED, pushed: int = PUSHED
) -> dict[str, object]:
    """Measure every row."""
    rows = figures.measured(
        [
            lambda: _record(rounds, recorded),
            lambda: [_at_once(rounds), _backlogs()],
            lambda: _push(rounds, pushed),
        ]
    )
    return figures.result(rows, rounds)


def describe(result: dict[str, object]) -> str:
    """Say what the figures of `run` mean."""
    return figures.describe(result)


def _record(rounds: int, events: int) -> list[Row]:
    """Record and write by turns, so that a busy moment of the disk hits both."""
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    for _ in range(rounds):
        mine, bare = _recorded(events)
        ours.append(statistics.quantiles(mine, n=100))
        theirs.append(statistics.quantiles(bare, n=100))
    return [
        figures.beside(row, [one[at] * 1e6 for one in ours], [one[at] * 1e6 for one in theirs])
        for row, at in ((_P50, 49), (_P99, 98))
    ]


def _recorded(events: int) -> tuple[list[float], list[float]]:
    """Return the seconds of each recorded event, and of each bare write beside it."""
    till, mine, bare = Till(0), [], []
    with tempfile.TemporaryDirectory(prefix="tillpoints-bench-") as folder:
        journal = serving.open_journal(Path(folder, "journal"), till)
        plain = os.open(Path(folder, "bare"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for body in till.bodies(events):
            data = frame_of(body).body
            start_s = time.perf_counter()
            os.write(plain, data)
            os.fdatasync(plain)
            between_s = time.perf_counter()
            journal.append([body])
            bare.append(between_s - start_s)
            mine.append(time.perf_counter() - between_s)
        os.close(plain)
        journal.close()
    return mine, bare


def _at_once(rounds: int) -> Row:
    tills = [Till(number) for number in range(AT_ONCE)]
    taken = []
    with tempfile.TemporaryDirectory(prefix="tillpoints-bench-") as name:
        filled = at_once.record(Path(name, "filled"), tills, OF_EACH)
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(dir=name) as new:
                took_s = at_once.from_journals(Path(new), filled, tills)
                taken.append(AT_ONCE * OF_EACH / took_s)
    return figures.beside(_AT_ONCE, taken, [_HOPED_A_SECOND])


def _backlogs() -> Row:
    tills = [Till(number) for number in range(BACKLOGS)]
    with tempfile.TemporaryDirectory(prefix="tillpoints-bench-") as folder:
        took_s = at_once.backlogs(Path(folder), tills, A_DAY)
    row = figures.beside(_BACKLOGS, [took_s], [_HOPED_S])
    return figures.noted(row, f"once; {BACKLOGS * A_DAY / took_s:,.0f} events/s")


def _push(rounds: int, events: int) -> list[Row]:
    till = Till(0)
    with tempfile.TemporaryDirectory(prefix="tillpoints-bench-") as name:
        folder = Path(name)
        journal = serving.open_journal(folder / "journal", till)
        serving.fill(journal, till, events)
        journal.close()
        documents = folder / "documents"
        pouch.documents(Till(0).frames(events, 0), documents)
        sent: dict[str, float] = {}

        def ours() -> float:
            with tempfile.TemporaryDirectory(dir=folder) as new:
                took_s, sent["ours"] = _pushed(Path(new), folder / "journal", till)
            return events / took_s

        try:
            with pouch.packages(folder) as home:

                def theirs() -> float:
                    with tempfile.TemporaryDirectory(dir=folder) as new:
                        took_s, sent["theirs"] = pouch.replicate(home, Path(new), documents, events)
                    return events / took_s

                taken = figures.turns(rounds, {"ours": ours, "theirs": theirs})
        except NotHere as error:
            return [figures.not_run(row, str(error)) for row in (_PUSH, _BYTES)]
    return [
        figures.beside(_PUSH, taken["ours"], taken["theirs"]),
        figures.beside(_BYTES, [sent["ours"] / 1e6], [sent["theirs"] / 1e6]),
    ]


def _pushed(folder: Path, filled: Path, till: Till) -> tuple[float, int]:
    """Push a copy of a filled journal to a new central; return the seconds and the bytes."""
    shutil.copytree(filled, folder / "journal")
    with serving.serving(folder, [till]) as url:
        journal = Journal.open(folder / "journal")
        try:
            return serving.push_everything(journal, url)
        finally:
            journal.close()

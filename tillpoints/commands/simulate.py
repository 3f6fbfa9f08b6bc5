"""`tillpoints simulate`: break the ledger if you can, by seeds that anybody can run again."""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

import click
import msgspec

from tillpoints.exits import Failure

if TYPE_CHECKING:
    from tillpoints.simulation.mall import Size
    from tillpoints.simulation.run import Result

#: A worker process is replaced after so many runs, so that none grows for ever.
_RUNS_OF_A_PROCESS = 50


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="The first seed.")
@click.option("--runs", type=click.IntRange(min=1), default=1, show_default=True, help="How many.")
@click.option("--days", type=float, default=1.0, show_default=True, help="Virtual days in a run.")
@click.option("--stations", type=int, default=0, help="Tills and kiosk; 0: 3 to 8, by the seed.")
@click.option("--jobs", type=click.IntRange(min=0), default=0, help="Processes; 0: one per core.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per seed.")
def command(seed: int, runs: int, days: float, stations: int, jobs: int, *, as_json: bool) -> None:
    """Run the production core under simulated faults; exit 1 if an invariant breaks.

    Tills, kiosk and central are the real ones on real SQLite files; time, network, disks and
    people come from the seed. The same seed gives the same trace hash, in whichever process. A
    night of 500 seeds or more fails too if one of the rare branches was never reached.
    """
    from tillpoints.simulation.mall import Size
    from tillpoints.simulation.marks import NIGHT, missed
    from tillpoints.simulation.run import reduced

    size = Size(stations=stations, days=days)
    marks: Counter[str] = Counter()
    till_days, began_s = 0.0, time.monotonic()
    with _results(range(seed, seed + runs), size, jobs) as results:
        for result in results:
            till_days += result.till_days
            marks.update(result.marks)
            _tell(result, as_json=as_json)
            if result.failure is not None:
                if not as_json:
                    click.echo("\n".join(result.last))
                fewer = reduced(result, size)
                click.echo(f"faults that suffice: {', '.join(fewer) or 'none'}", err=as_json)
                raise Failure(f"seed {result.seed}, trace {result.trace_hash}: {result.failure}")
    if not as_json:
        _sum_up(runs, till_days, time.monotonic() - began_s, marks)
    if runs >= NIGHT and (never := missed(marks)):
        raise Failure(f"in {runs} seeds never reached: {', '.join(never)}")


@contextmanager
def _results(seeds: range, size: "Size", jobs: int) -> "Iterator[Iterator[Result]]":
    """Give what the seeds come to, in their order, from as many processes as are wanted."""
    from tillpoints.simulation.run import run

    one = partial(run, size=size)
    processes = min(jobs or len(os.sched_getaffinity(0)), len(seeds))
    if processes == 1:
        yield map(one, seeds)
        return
    with get_context("spawn").Pool(processes, maxtasksperchild=_RUNS_OF_A_PROCESS) as pool:
        yield pool.imap(one, seeds)


def _tell(result: "Result", *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(result), ensure_ascii=False))
        return
    faults = f"{len(result.met)} faults, {result.seconds:.1f} s"
    click.echo(f"{result.seed}  {result.trace_hash}  {result.events} events, {faults}")


def _sum_up(runs: int, till_days: float, seconds: float, marks: Counter[str]) -> None:
    from tillpoints.simulation.marks import missed

    speed = f"{runs / seconds * 60:.1f} seeds/min, {till_days / seconds:.2f} till-days/s"
    click.echo(f"{runs} seeds, {till_days:.0f} till-days in {seconds:.0f} s: {speed}")
    click.echo("reached: " + ", ".join(f"{name} {marks[name]}" for name in sorted(marks)))
    click.echo("never reached: " + (", ".join(missed(marks)) or "nothing of what is rare"))

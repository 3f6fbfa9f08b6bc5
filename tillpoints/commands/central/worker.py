"""`tillpoints central worker` and `central jobs`: what central does by itself, and what it did."""

import json
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from central.database import reading
from central.jobs import board, runs
from central.jobs.runs import LEASE_MS, Run, RunState
from central.jobs.worker import Worker
from tillpoints.central_access import central, config_option, json_option, lang_option
from tillpoints.exits import Failure

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_STATES = {
    RunState.RUNNING: ("进行中或已中断", "running or cut off"),
    RunState.DONE: ("完成", "done"),
    RunState.FAILED: ("失败", "failed"),
}
#: A slip of the finger in a year would end the points of a whole mall.
_TOO_EARLY = {
    "zh": "{day} 还没有到：任务会按那一天处理积分和等级。确定要这样做，请加 --ahead",
    "en": "{day} has not come: the job would treat points and tiers as of that day. "
    "If that is meant, add --ahead",
}


@click.command("worker")
@config_option
@click.option(
    "--lease-s",
    type=click.IntRange(min=3),
    default=LEASE_MS // 1000,
    show_default=True,
    help="Without a sign of life for so long, another worker takes over. The same for all.",
)
def worker(config: Path, lease_s: int) -> None:
    """Run the daily jobs behind the mall's midnight, until SIGTERM or SIGINT.

    Any number of workers may run; one leads, and another takes over when it dies.
    """
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    with central(config) as parts:
        running = Worker(parts, lease_s * 1000)
        running.start()
        click.echo("工作进程已启动 / the worker runs")
        asked.wait()
        running.stop()


@click.group("jobs")
def jobs() -> None:
    """Show what the daily jobs did, or run one for a day again."""


@jobs.command("list")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many of the last runs.",
)
@config_option
@lang_option
@json_option
def list_(limit: int, config: Path, lang: str, as_json: bool) -> None:
    """List the last runs, the newest first."""
    with central(config) as parts, reading(parts.engine) as connection:
        found = runs.recent(connection, parts.config.shard_key, limit)
    if as_json:
        click.echo(json.dumps([_facts(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        click.echo(_line(one, lang))


@jobs.command("run")
@click.argument("name", type=click.Choice(list(board.JOBS)))
@click.option("--day", type=_DAY, help="A day of the mall; else today.")
@click.option("--ahead", is_flag=True, help="Allow a day that has not come.")
@config_option
@lang_option
@json_option
def run(
    name: str, day: datetime | None, ahead: bool, config: Path, lang: str, as_json: bool
) -> None:
    """Run the job NAME for a day, whether or not it ran before: doing it twice changes nothing."""
    with central(config) as parts:
        today = datetime.now(tz=parts.config.tz()).date()
        wanted = day.date() if day else today
        if wanted > today and not ahead:
            raise Failure(_TOO_EARLY[lang].format(day=wanted))
        ended = board.run(parts, name, wanted)
    click.echo(json.dumps(_facts(ended), ensure_ascii=False) if as_json else _line(ended, lang))
    if ended.state is not RunState.DONE:
        raise Failure(ended.detail)


def _line(one: Run, lang: str) -> str:
    started = datetime.fromtimestamp(one.started_ms / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    took = "-" if one.ended_ms is None else f"{(one.ended_ms - one.started_ms) / 1000:.1f} s"
    state = _STATES[one.state][0 if lang == "zh" else 1]
    return f"{one.day}  {one.job:<11}{state}  {one.done:>9}  {took:>9}  {started}  {one.detail}"


def _facts(one: Run) -> dict[str, object]:
    facts: dict[str, object] = msgspec.to_builtins(one)
    return {**facts, "state": one.state.name.lower()}

"""`tillpoints demo`: the whole story on one machine, to look at, to check, or under faults."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from tillpoints.exits import Failure

if TYPE_CHECKING:
    from tillpoints.demo.teller import Step, Teller
    from tillpoints.demo.world import World

STORY_SEED = 7


@click.command()
@click.option("--once", is_flag=True, help="Tell the story headless, check every step, and exit.")
@click.option("--storm", is_flag=True, help="Many receipts under faults, every point counted.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object; with --once or --storm.")
@click.option("--receipts", default=1000, show_default=True, help="Storm: how many receipts.")
@click.option("--kills", default=20, show_default=True, help="Storm: kills of each agent.")
@click.option("--seed", default=STORY_SEED, show_default=True, help="Decides every random choice.")
@click.option("--port", default=8700, show_default=True, help="The control room's port.")
@click.option("--open/--no-open", "opened", default=True, help="Show it in a browser.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep all state in this new folder.",
)
def command(  # noqa: PLR0913 - one argument for each option
    *,
    once: bool,
    storm: bool,
    as_json: bool,
    receipts: int,
    kills: int,
    seed: int,
    port: int,
    opened: bool,
    keep: Path | None,
) -> None:
    """Run a central, two tills and a kiosk here, with virtual devices around them.

    Without --once or --storm it serves the control room: every screen, every printer's paper, and
    buttons for what happens at a till. Ctrl-C ends everything and leaves nothing behind.
    """
    if as_json and not (once or storm):
        raise click.UsageError("--json goes with --once or --storm")
    if once and storm:
        raise click.UsageError("--once or --storm, not both")
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise click.UsageError(f"--keep {keep}: the folder is not empty")
    with _told_to_stop(exit_code=1 if once or storm else 0):
        if once:
            _tell_once(keep, seed, as_json=as_json)
        elif storm:
            _weather(keep, receipts, kills, seed, as_json=as_json)
        else:
            _open_room(keep, port, seed, opened=opened)


@contextmanager
def _told_to_stop(exit_code: int) -> Iterator[None]:
    """Let SIGTERM end the demo as Ctrl-C does: through every `with` on the way out.

    A story or storm that was stopped has shown nothing, so it has another exit code.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        click.echo("\n已停止 / stopped", err=True)
        raise click.exceptions.Exit(exit_code) from None
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _world(keep: Path | None, embedded_by: str = "") -> Iterator[World]:
    """Run the world; a process that fails is a failure that shows its log."""
    from tillpoints.demo.processes import ChildFailed
    from tillpoints.demo.world import World

    try:
        world = World(keep, embedded_by=embedded_by)
        try:
            with world:
                yield world
        except TimeoutError as error:
            raise ChildFailed(f"{error}\n{world.logs()}") from error
    except (ChildFailed, OSError) as error:
        raise Failure(str(error)) from error


def _tell_once(keep: Path | None, seed: int, *, as_json: bool) -> None:
    from tillpoints.demo.story.telling import tell
    from tillpoints.demo.teller import StoryDiffers, Teller

    def say(step: Step) -> None:
        if not as_json:
            click.echo(f"✓ {step.zh} / {step.en}  {step.seconds:.1f} s, {len(step.checks)} checks")

    teller = Teller(say)
    difference = ""
    began_s = time.monotonic()
    try:
        with _world(keep) as world:
            ready_s = time.monotonic() - began_s
            try:
                tell(world, teller, seed)
            except StoryDiffers as error:
                difference = str(error)
                if not as_json:
                    click.echo(world.logs(), err=True)
    finally:
        seconds = round(time.monotonic() - began_s, 1)
    if as_json:
        click.echo(_story_json(teller, difference, ready_s, seconds))
    if difference:
        raise Failure(difference)
    if not as_json:
        checks = sum(len(step.checks) for step in teller.steps)
        click.echo(f"故事成立 / the story holds: {checks} checks in {seconds} s")


def _story_json(teller: Teller, difference: str, ready_s: float, seconds: float) -> str:
    import msgspec

    told = {
        "ok": not difference,
        "difference": difference,
        "ready_s": round(ready_s, 1),
        "seconds": seconds,
        "steps": msgspec.to_builtins(teller.steps),
    }
    return json.dumps(told, ensure_ascii=False, indent=1)


def _weather(keep: Path | None, receipts: int, kills: int, seed: int, *, as_json: bool) -> None:
    import msgspec

    from tillpoints.demo.storm.weather import StormFailed, weather

    began_s = time.monotonic()
    with _world(keep) as world:
        ready_s = time.monotonic() - began_s
        try:
            report = weather(
                world, receipts, kills, seed, say=lambda line: click.echo(line, err=as_json)
            )
        except StormFailed as error:
            raise Failure(f"seed {seed}: {error}") from error
    told = {
        **msgspec.to_builtins(report),
        "ready_s": round(ready_s, 1),
        "seconds": round(time.monotonic() - began_s, 1),
    }
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(f"{name:28} {value}" for name, value in told.items()))
    if report.differences:
        raise Failure(f"seed {seed}: {report.differences[0]}")


def _open_room(keep: Path | None, port: int, seed: int, *, opened: bool) -> None:
    from tillpoints.demo.ports import check
    from tillpoints.demo.room.serving import serve

    try:
        check(port)
    except OSError as error:
        raise Failure(f"--port {port}: {error.strerror}") from error
    serve(lambda origin: _world(keep, origin), port, seed, say=click.echo, opened=opened)

"""`tillpoints devices setup`: a scanner's settings over its line, or a sheet of codes to scan."""

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import serial
from msgspec import structs

from edge_agent.devices.profiles import ScannerProfile, scanners
from edge_agent.devices.setup.applying import NoAnswerError, Outcome, apply
from edge_agent.devices.setup.sheet import sheet
from tillpoints.exits import DeviceFailure

_READ_EVERY_S = 0.05
_STOPPING = "\n正在停止，改动会恢复 / stopping: what was changed is being put back\n"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command()
@click.argument("profile", type=str)
@click.option("--port", help="The serial line, such as /dev/ttyACM0.")
@click.option("--sheet", "sheet_file", type=click.Path(path_type=Path), help="Write an HTML page.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def setup(profile: str, port: str | None, sheet_file: Path | None, as_json: bool) -> None:
    """Set a scanner up as PROFILE says, over its serial line; or write a sheet of codes to scan.

    Every setting is answered and read back. If one is refused, or Ctrl-C stops it, the others are
    put back, it is named, and the exit code is 4.
    """
    found = scanners().get(profile)
    if found is None:
        names = ", ".join(scanners())
        raise click.UsageError(
            f"没有型号 {profile!r} / there is no profile {profile!r}; 已知 / known: {names}"
        )
    if sheet_file is not None:
        try:
            sheet_file.write_text(sheet(found), encoding="utf-8")
        except OSError as error:
            raise click.UsageError(f"{sheet_file}: {error.strerror}") from error
        click.echo(f"{sheet_file}: 打印后从上到下扫描 / print it, and scan it from top to bottom")
    if port is None:
        if sheet_file is None:
            raise click.UsageError(
                "请给出 --port，或用 --sheet 打印设置条码 /"
                " give --port, or --sheet for a page of codes to scan"
            )
        return
    _report(_applied(found, port), as_json=as_json)


def _applied(profile: ScannerProfile, port: str) -> Outcome:
    if profile.setup is None:
        raise DeviceFailure(
            f"{profile.model} 没有已知的设置指令，请用 --sheet 或说明书 /"
            f" {profile.model} has no known commands: use --sheet or its manual"
        )
    try:
        with (
            _stop_signals() as stopped,
            serial.Serial(port, timeout=_READ_EVERY_S, write_timeout=5, exclusive=True) as line,
        ):
            return apply(line, profile.setup, stopped)
    except (NoAnswerError, OSError) as error:
        raise DeviceFailure(
            f"{port}: {error}；可用 --sheet 打印设置条码 / --sheet writes codes to scan instead"
        ) from error


@contextmanager
def _stop_signals() -> Iterator[Callable[[], bool]]:
    """Yield what tells whether somebody wants to stop; until the end nobody is stopped by force.

    A scanner left in the middle of a set-up would be neither as it was nor as it should be.
    """
    stopped = threading.Event()

    def note(number: int, frame: object) -> None:
        del number, frame
        stopped.set()
        with suppress(OSError):  # the terminal may be what has gone
            os.write(2, _STOPPING.encode())

    heeded = {*_SIGNALS}
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        heeded.remove(signal.SIGHUP)  # nohup: the terminal may go, and this goes on
    before = {each: signal.signal(each, note) for each in heeded}
    try:
        yield stopped.is_set
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _report(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(structs.asdict(outcome)))
    else:
        said = outcome.identity or "未报告型号 / it does not say who it is"
        click.echo(f"扫描枪 / scanner: {said}")
        for name in outcome.kept:
            click.echo(f"  {name}: 本来如此 / was so already")
        for name in outcome.changed:
            click.echo(f"  {name}: 已设置并回读 / set and read back")
        for name in outcome.undone:
            click.echo(f"  {name}: 已恢复原值 / put back as it was")
        for name in outcome.left:
            click.echo(f"  {name}: 已被改动且未能恢复 / CHANGED, and could not be put back")
    if outcome.stopped:
        raise DeviceFailure(
            f"已在 {outcome.refused} 处停止；改动的状态见上 /"
            f" stopped at {outcome.refused}: above is what became of each setting"
        )
    if outcome.refused:
        raise DeviceFailure(f"被拒绝 / refused: {outcome.refused}: {outcome.why}")

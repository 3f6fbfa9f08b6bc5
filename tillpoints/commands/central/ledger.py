"""`tillpoints central ledger`: is the ledger what its log says, and making it so again."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from sqlalchemy.exc import OperationalError

from central.database import reading, writing
from central.ledger.queries import totals
from central.ledger.verify import rebuild as rebuild_ledger
from central.ledger.verify import verify as verify_ledger
from tillpoints.central_access import central, config_option, json_option, lang_option
from tillpoints.exits import Failure


@click.group("ledger")
def command() -> None:
    """Check the ledger against its log of events, or fold it again out of that log."""


@command.command()
@config_option
@lang_option
@json_option
def verify(config: Path, lang: str, as_json: bool) -> None:
    """Hash every chain again, add every sum up again, fold the ledger again; change nothing.

    Exits 1 and names each place where the ledger is not what its log says.
    """
    with central(config) as parts, _room(), reading(parts.engine) as connection:
        findings = verify_ledger(connection, parts.config.shard_key)
        facts = totals(connection, parts.config.shard_key)
    if as_json:
        told = {"ok": not findings, "findings": findings, "totals": facts}
        click.echo(json.dumps(msgspec.to_builtins(told), ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(f"{finding.check}  {finding.where}  {finding.detail}")
        click.echo(
            f"事件 {facts.events}，记账 {facts.transfers}，问题 {len(findings)}"
            if lang == "zh"
            else f"{facts.events} events, {facts.transfers} transfers, {len(findings)} problems"
        )
    if findings:
        raise Failure("账本与事件日志不一致 / the ledger is not what its log says")


@command.command()
@config_option
@lang_option
@json_option
def rebuild(config: Path, lang: str, as_json: bool) -> None:
    """Fold every balance again out of the log of events and put right what differs, all or nothing.

    For a ledger that `verify` found damaged; stop the server first. A sound ledger stays the same.
    """
    with central(config) as parts, _room(), writing(parts.engine) as connection:
        events = rebuild_ledger(connection, parts.config.shard_key)
    if as_json:
        click.echo(json.dumps({"events": events}))
    elif lang == "zh":
        click.echo(f"已按 {events} 个事件重建账本")
    else:
        click.echo(f"rebuilt the ledger out of {events} events")


@contextmanager
def _room() -> Iterator[None]:
    """Say where room is wanted if a disk is full."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_FULL:
            raise
        raise Failure(
            "磁盘已满：账本在 SQLITE_TMPDIR（默认 /var/tmp）里重算，请腾出空间或换一个文件夹 / "
            "a disk is full: the ledger is folded again in SQLITE_TMPDIR, else in /var/tmp; "
            "make room there or name another folder"
        ) from error

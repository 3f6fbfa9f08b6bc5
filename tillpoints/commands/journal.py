"""`tillpoints journal`: look at a till's journal and check it. Reads only; the agent may run."""

import json
import sqlite3
from pathlib import Path

import click
import msgspec

from edge_agent.journal.log import Link, Place
from loyalty.events import KINDS
from tillpoints.exits import Failure
from tillpoints.state_folder import open_reader, state_options

_SECRET_SHOWN = 4


@click.group()
def command() -> None:
    """Show and verify a till's journal."""


@command.command()
@state_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def verify(state: Path | None, config: Path | None, as_json: bool) -> None:
    """Check pages, chain and projections of the whole journal; exit 1 if anything is wrong."""
    try:
        with open_reader(state, config) as journal:
            report = journal.verify()
    except sqlite3.DatabaseError as error:
        raise Failure(f"the journal's file is damaged: {error}") from error
    if as_json:
        click.echo(json.dumps({"ok": not report.problems, **msgspec.to_builtins(report)}))
    else:
        head = f"epoch {report.epoch}, head {report.head_seq} {report.head_hash[:16]}"
        click.echo(f"{report.events} events, {head}")
        for problem in report.problems:
            click.echo(f"  ! {problem}")
    if report.problems:
        raise Failure(f"the journal has {len(report.problems)} problem(s)")


@command.command()
@state_options
@click.option("--after", type=int, default=0, help="Start behind this seq.")
@click.option("--limit", type=click.IntRange(min=1), default=50, help="Show at most this many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event.")
def show(state: Path | None, config: Path | None, after: int, limit: int, as_json: bool) -> None:
    """Show events as they are stored, oldest first; voucher codes only by their last symbols."""
    with open_reader(state, config) as journal:
        identity = journal.identity()
        epoch = identity.epoch if identity else 0
        links = journal.links(Place(epoch, after), limit)
    for link in links:
        shown = described(link)
        if as_json:
            click.echo(json.dumps(shown, ensure_ascii=False))
        else:
            click.echo(f"{link.place.epoch}/{link.place.seq:<7} {shown['kind']:13}{shown['body']}")


def described(link: Link) -> dict[str, object]:
    """Return one event as people may see it: a voucher's code is money to whoever reads it."""
    body = msgspec.json.decode(link.frame.body)
    if "voucher_code" in body:
        body["voucher_code"] = "*" * 12 + body["voucher_code"][-_SECRET_SHOWN:]
    known = KINDS.get(link.frame.kind)
    return {
        "epoch": link.place.epoch,
        "seq": link.place.seq,
        "kind": known.__name__ if known else str(link.frame.kind),
        "version": link.frame.kind_version,
        "hash": link.hash.hex(),
        "body": body,
    }

"""`tillpoints queue`: what a till still has to send. Nothing here can drop an event."""

import base64
import json
import os
import random
from pathlib import Path
from typing import Any

import click
from msgspec import structs

from edge_agent.journal.errors import JournalError, JournalInUse
from edge_agent.journal.log import Link, Place
from edge_agent.journal.reader import Reader
from loyalty.events import KINDS
from tillpoints.exits import Failure, SyncFailure
from tillpoints.state_folder import open_reader, state_folder, state_options

_LISTED = 20


@click.group()
def command() -> None:
    """What a till still has to send."""


@command.command(name="list")
@state_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def list_(state: Path | None, config: Path | None, as_json: bool) -> None:
    """Say how many events wait, since when, and whether central takes them."""
    with open_reader(state, config) as journal:
        told = _summary(journal)
    if as_json:
        click.echo(json.dumps(told))
        return
    name = told["device"] or "not enrolled"
    click.echo(f"{name}: {told['depth']} events to send, {told['acked_seq']} sent")
    if told["stranded"]:
        click.echo(f"{told['stranded']} events of an earlier epoch wait to be sent again")
    if told["refused"]:
        click.echo(f"central takes no more of this chain: {told['refused']}")
    for event in told["events"]:
        click.echo(f"  {event['epoch']}/{event['seq']}  {event['kind']}")
    if told["depth"] > len(told["events"]):
        click.echo(f"  … and {told['depth'] - len(told['events'])} more")


def _summary(journal: Reader) -> dict[str, Any]:
    identity = journal.identity()
    if identity is None:
        nothing: dict[str, Any] = {
            "depth": 0,
            "acked_seq": 0,
            "head_seq": 0,
            "stranded": 0,
            "refused": None,
            "events": [],
        }
        return {"device": None, "epoch": None, **nothing}
    outbox = journal.outbox()
    waiting = journal.links(Place(outbox.epoch, outbox.acked_seq), _LISTED)
    return {
        "device": identity.name,
        "epoch": outbox.epoch,
        "depth": outbox.depth,
        "acked_seq": outbox.acked_seq,
        "head_seq": outbox.head_seq,
        "stranded": outbox.stranded,
        "refused": outbox.refused,
        "events": [_named(link) for link in waiting],
    }


def _named(link: Link) -> dict[str, object]:
    known = KINDS.get(link.frame.kind)
    return {
        "epoch": link.place.epoch,
        "seq": link.place.seq,
        "kind": known.__name__ if known else str(link.frame.kind),
    }


@command.command()
@state_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def retry(state: Path | None, config: Path | None, as_json: bool) -> None:
    """Send what waits, now. Only while the agent is stopped: a running one tries by itself."""
    from edge_agent.config import load
    from edge_agent.journal.clock import moment
    from edge_agent.journal.journal import Journal
    from edge_agent.sync.calls import Caller
    from edge_agent.sync.syncer import Syncer
    from edge_agent.sync.transport import HttpTransport

    with open_reader(state, config) as reader:
        identity = reader.identity()
    if identity is None:
        raise SyncFailure("this device is not enrolled")
    try:
        journal = Journal.open(state_folder(state, config))
    except JournalInUse as error:
        raise Failure("the agent is running and tries by itself every few seconds") from error
    except JournalError as error:
        raise Failure(str(error)) from error
    ca_file = load(config).central.ca_file if config is not None else ""
    transport = HttpTransport(identity.central_url, ca_file=ca_file)
    with journal:
        syncer = Syncer(journal, Caller(journal, transport), session="retry", rng=random.Random())
        while syncer.step(moment()) == 0.0 and not syncer.in_trouble:
            pass
        status = syncer.status()
    transport.close()
    if as_json:
        click.echo(json.dumps(structs.asdict(status), default=structs.asdict))
    else:
        click.echo(f"{status.queue} events left to send")
    if status.problem is not None:
        raise SyncFailure(f"{status.problem.code}: {status.problem.detail}")


@command.command()
@state_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file to write; it must not exist.",
)
@click.option("--json", "as_json", is_flag=True, help="Say what was written as one JSON object.")
def export(state: Path | None, config: Path | None, out: Path, as_json: bool) -> None:
    """Write what waits to a file, one JSON line per event, to carry it by hand.

    The file holds the exact bytes and hashes, so it proves itself; voucher codes are in it.
    """
    with open_reader(state, config) as journal:
        if journal.identity() is None:
            raise Failure("this device is not enrolled, so nothing waits")
        outbox = journal.outbox()
        links = journal.links(Place(outbox.epoch, outbox.acked_seq))
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Failure(str(error)) from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        for link in links:
            file.write(json.dumps(_exact(link)) + "\n")
        file.flush()
        os.fsync(file.fileno())
    if as_json:
        click.echo(json.dumps({"file": str(out), "events": len(links)}))
    else:
        click.echo(f"{len(links)} events written to {out}")


def _exact(link: Link) -> dict[str, object]:
    return {
        **_named(link),
        "kind": link.frame.kind,
        "kind_version": link.frame.kind_version,
        "hash": link.hash.hex(),
        "body": base64.b64encode(link.frame.body).decode(),
    }

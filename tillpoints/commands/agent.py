"""`tillpoints agent`: run the agent of a till or kiosk, and give it its identity."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tillpoints.exits import ConfigurationFailure, Failure, SyncFailure

if TYPE_CHECKING:
    from edge_agent.journal.journal import Journal
    from edge_agent.sync.transport import HttpTransport

_config = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The agent's settings, agent.toml.",
)


@click.group("agent")
def command() -> None:
    """Run the edge agent of a till or kiosk."""


@command.command()
@_config
def run(config_path: Path) -> None:
    """Run the agent until SIGTERM or Ctrl-C."""
    from edge_agent.agent import Agent
    from edge_agent.config import ConfigError, load
    from edge_agent.journal.errors import JournalError

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("edge_agent").setLevel(logging.INFO)
    try:
        agent = Agent(load(config_path))
    except ConfigError as error:
        raise ConfigurationFailure(str(error)) from error
    except (JournalError, OSError) as error:
        raise Failure(str(error)) from error
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.stop())
    try:
        agent.start()
        click.echo(f"screens on port {agent.web_port}")
        agent.run()
    except JournalError as error:
        raise Failure(str(error)) from error
    finally:
        agent.close()


@command.command()
@_config
@click.option("--code", required=True, help="The one-time code of `tillpoints fleet enrol`.")
def enrol(config_path: Path, code: str) -> None:
    """Give this device its identity; repeat it safely if the network fails."""
    from edge_agent.sync import enrol as enrolment
    from edge_agent.sync.calls import Offline, Refused

    with _while_stopped(config_path) as (journal, transport, url):
        answer = enrolment.enrol(journal, transport, url=url, code=code)
    if isinstance(answer, Offline):
        raise SyncFailure(f"central at {url} cannot be reached: {answer.detail}")
    if isinstance(answer, Refused):
        raise SyncFailure(f"central refused the code: {answer.code}: {answer.detail}")
    click.echo(f"{answer.name} ({answer.role}) of shop {answer.shop_id or '-'} is enrolled")


@command.command("rotate-key")
@_config
def rotate_key(config_path: Path) -> None:
    """Give this device a new key; the old one opens nothing from then on.

    Stop the agent first. Repeat it safely if the network fails.
    """
    from edge_agent.sync.calls import Offline, Refused
    from edge_agent.sync.rekey import rekey

    with _while_stopped(config_path) as (journal, transport, url):
        trouble = rekey(journal, transport)
    if isinstance(trouble, Offline):
        raise SyncFailure(f"central at {url} cannot be reached: {trouble.detail}; ask again")
    if isinstance(trouble, Refused):
        raise SyncFailure(f"central refused the key: {trouble.code}: {trouble.detail}")
    click.echo("this device has a new key")


@contextmanager
def _while_stopped(config_path: Path) -> "Iterator[tuple[Journal, HttpTransport, str]]":
    """Give the journal of an agent that does not run, and the way to its central."""
    from edge_agent.config import ConfigError, load
    from edge_agent.journal.errors import JournalError, JournalInUse
    from edge_agent.journal.journal import Journal
    from edge_agent.sync.transport import HttpTransport

    try:
        config = load(config_path)
    except ConfigError as error:
        raise ConfigurationFailure(str(error)) from error
    url = config.central.url
    try:
        with Journal.open(config.state_path) as journal:
            yield journal, HttpTransport(url, ca_file=config.central.ca_file), url
    except JournalInUse as error:
        raise Failure(f"{error}: stop the agent first, and start it again afterwards") from error
    except JournalError as error:
        raise Failure(str(error)) from error

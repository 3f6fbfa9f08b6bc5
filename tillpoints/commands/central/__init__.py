"""`tillpoints central`: set up and run the mall's server, bring its records in, read its ledger."""

from pathlib import Path

import click

from central.config import ConfigError
from tillpoints.central_access import central, config_option, load_config
from tillpoints.commands.central import imports, ledger, statement
from tillpoints.exits import ConfigurationFailure


@click.group()
def command() -> None:
    """Set up and run the mall's server, bring its records in, read its ledger."""


@command.command()
@config_option
def init(config: Path) -> None:
    """Make the keys and the database, or bring the database to this version.

    Running it again changes nothing that is there; keys are never written over.
    """
    from central.setup import SetUpError, set_up

    try:
        done = set_up(load_config(config))
    except SetUpError as error:
        raise ConfigurationFailure(str(error)) from error
    click.echo("\n".join(f"{line.zh} / {line.en}" for line in done))


@command.command()
@config_option
def serve(config: Path) -> None:
    """Run the server until SIGTERM or SIGINT.

    Prints its address once it listens. Answers /healthz (the process) and /readyz (the database).
    """
    from central.server import Server

    with central(config):
        pass  # whatever would stop the server is said here, before there are worker processes
    try:
        server = Server(load_config(config))
    except ConfigError as error:
        raise ConfigurationFailure(str(error)) from error
    server.run()


command.add_command(imports.command)
command.add_command(statement.command)
command.add_command(ledger.command)

"""`tillpoints central`: set up and run the mall's server, bring its records in, read its ledger."""

from pathlib import Path

import click

from central.config import ConfigError
from tillpoints.central_access import central, config_option, load_config
from tillpoints.commands.central import (
    activity,
    backup,
    imports,
    ledger,
    member,
    reminders,
    rotate_key,
    settlement,
    statement,
    user,
    worker,
)
from tillpoints.exits import ConfigurationFailure, Failure


@click.group()
def command() -> None:
    """Set up and run the mall's server, bring its records in, read its ledger."""


@command.command()
@config_option
@click.option(
    "--citus",
    "on_citus",
    is_flag=True,
    help="Spread the tables over a Citus cluster too; print the SQL if the database is on none.",
)
@click.option(
    "--new-keys",
    is_flag=True,
    help="Take other keys than those the tills know; every till must be enrolled again.",
)
def init(config: Path, on_citus: bool, new_keys: bool) -> None:
    """Make the keys and the database, or bring the database to this version.

    Running it again changes nothing that is there; keys are never written over.
    """
    from central import citus
    from central.setup import SetUpError, distribute, set_up

    loaded = load_config(config)
    try:
        done = set_up(loaded, new_keys=new_keys)
        spread = distribute(loaded) if on_citus else None
    except SetUpError as error:
        raise ConfigurationFailure(str(error)) from error
    lines = [f"{line.zh} / {line.en}" for line in [*done, *([spread] if spread else [])]]
    click.echo("\n".join(lines), err=on_citus)
    if on_citus and spread is None:
        click.echo("数据库没有 Citus 扩展 / the database has no Citus extension", err=True)
        click.echo(citus.script(), nl=False)


@command.command()
@config_option
def serve(config: Path) -> None:
    """Run the server until SIGTERM or SIGINT.

    Prints its address once it listens. Answers /healthz (the process) and /readyz (the database).
    """
    from central.serving.server import ServedAlready, Server

    with central(config):
        pass  # whatever would stop the server is said here, before there are worker processes
    try:
        server = Server(load_config(config))
    except ConfigError as error:
        raise ConfigurationFailure(str(error)) from error
    except ServedAlready as error:
        raise Failure(str(error)) from error
    server.run()


command.add_command(imports.command)
command.add_command(statement.command)
command.add_command(ledger.command)
command.add_command(user.command)
command.add_command(backup.backup)
command.add_command(backup.restore)
command.add_command(worker.worker)
command.add_command(worker.jobs)
command.add_command(member.command)
command.add_command(reminders.command)
command.add_command(settlement.command)
command.add_command(activity.command)
command.add_command(rotate_key.command)

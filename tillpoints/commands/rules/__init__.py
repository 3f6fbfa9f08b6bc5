"""`tillpoints rules`: what a rule book says and would do, before it goes live."""

import click

from tillpoints.commands.rules import check, diff, recalculate, trial


@click.group()
def command() -> None:
    """Check a rule book, compare it with another one, try it on last month's receipts."""


command.add_command(check.command)
command.add_command(diff.command)
command.add_command(trial.command)
command.add_command(recalculate.command)

"""`tillpoints central user`: who may sign in to the service desk's pages."""

import sys
import time
from pathlib import Path

import click

from central.database import writing
from central.staff.accounts import AccountError, add
from tillpoints.central_access import central, config_option
from tillpoints.exits import Failure


@click.group("user")
def command() -> None:
    """Keep the accounts of those who sign in to central's pages."""


@command.command("add")
@click.argument("login")
@config_option
@click.option("--name", default="", help="How the pages call them; the login if not told.")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from the standard input's first line."
)
def add_user(login: str, config: Path, name: str, *, password_stdin: bool) -> None:
    """Make an account of the service desk, or give one a new password.

    The password is asked for twice; it is never an argument, which others on the machine could see.
    """
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("密码 / password", hide_input=True, confirmation_prompt=True)
    with central(config) as parts:
        try:
            with writing(parts.engine) as connection:
                now_ms = time.time_ns() // 1_000_000
                add(connection, parts.config.shard_key, login, name, password, now_ms)
        except AccountError as error:
            raise Failure(str(error)) from error
    click.echo(f"账号已就绪 / the account is ready: {login}")

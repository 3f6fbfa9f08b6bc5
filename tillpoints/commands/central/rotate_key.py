"""`tillpoints central rotate-key`: other keys for central, without a till that notices."""

from pathlib import Path

import click

from central import rotating
from tillpoints.central_access import central, config_option
from tillpoints.exits import Failure

_NAMES_MAX = 10


@click.group("rotate-key")
def command() -> None:
    """Put another key of central's in force."""


@command.command()
@config_option
def tenant(config: Path) -> None:
    """Know every card under another tenant key from now on.

    The keys file gets one more line: copy it to where your copy is. Restart the server then: each
    device hears of the key at its next contact, fetches a member file made under it, and takes
    both together; until then it goes on with what it has. What it recorded under the key before
    still finds its member. That key counts until the next rotation, which is refused while an
    enrolled device has not moved: after a leak, rotate again as soon as it is not.
    """
    with central(config) as parts:
        try:
            told = rotating.rotate(parts)
        except rotating.DevicesBehind as error:
            names = ", ".join(error.names[:_NAMES_MAX])
            more = " …" if len(error.names) > _NAMES_MAX else ""
            raise Failure(
                f"{len(error.names)} 台终端未换用现行密钥，请让其联网，停用的请注销 / {error}:"
                f" let them connect, revoke those that will not: {names}{more}"
            ) from error
        except OSError as error:
            raise Failure(str(error)) from error
    click.echo(f"新密钥已生效，{told} 位会员；请重启服务并备份 {parts.config.keys_file}")
    click.echo(f"the new key is in force, {told} members: restart the server, copy the keys file")

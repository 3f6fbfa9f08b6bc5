"""`tillpoints central backup` and `restore`: what central holds into one file, and out of it."""

import secrets
import time
from pathlib import Path

import click

from central import backup as copying
from central.database import connect, reading, writing
from tillpoints.central_access import central, config_option, load_config
from tillpoints.exits import Failure

_INCARNATION_BYTES = 16
#: What only the lost database knew, and what is open to the wrong people until it is done again.
_BEFORE_SERVING = """\
启动服务前，请补做备份之后的事：
  1. fleet revoke：停用当时已停用的终端；否则被盗终端的密钥重新有效
  2. central import：导入会员、奖品、门店和规则
  3. fleet enrol：登记当时新增的终端，等待它们补传
before the server starts, do again what was done since the backup:
  1. fleet revoke: the devices revoked since; else the key of a stolen till works again
  2. central import: members, rewards, shops and rules
  3. fleet enrol: the devices added since, so that they are awaited"""
_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command()
@_FILE
@config_option
def backup(file: Path, config: Path) -> None:
    """Copy database and pictures into FILE, read it to its end, and note what is safe in it.

    Runs beside the server. Tills then learn how far their events are covered. Keep FILE on
    another machine, and a copy of the keys file with it.
    """
    with central(config) as parts:
        try:
            with reading(parts.engine) as connection:
                copying.write(connection, file, parts.config.pictures_folder)
            sound = copying.check(file)
        except (OSError, copying.BackupError) as error:
            raise Failure(str(error)) from error
        with writing(parts.engine) as connection:
            copying.note_durable(connection, sound)
    _tell(file, sound)


@click.command()
@_FILE
@config_option
def restore(file: Path, config: Path) -> None:
    """Make the database of central.toml, which must be empty, out of the backup FILE.

    The pictures of rewards come back with it.

    Tills send again what FILE lacks. What nobody but the lost database had is gone: decisions of
    the desk, revocations, members, grants, rule books and accounts made after the backup; make them
    anew before the server starts.

    Leases wait 15 minutes, until the longest lost one has run out. Vouchers from before wait until
    every device of the backup has told everything, or is revoked: `fleet status` names those
    awaited. The keys file must be the database's own, as it was backed up with it.
    """
    loaded = load_config(config)
    if loaded.database.is_sqlite:
        Path(str(loaded.database.parsed.database)).touch(mode=0o600)
    engine = connect(loaded.database)
    fresh = iter(lambda: secrets.token_bytes(_INCARNATION_BYTES), b"")
    try:
        with writing(engine) as connection:
            now_ms = time.time_ns() // 1_000_000
            sound = copying.restore(connection, file, loaded.pictures_folder, now_ms, fresh)
    except (OSError, copying.BackupError) as error:
        raise Failure(str(error)) from error
    finally:
        engine.dispose()
    _tell(file, sound)
    click.echo(_BEFORE_SERVING)


def _tell(file: Path, sound: copying.Sound) -> None:
    events = sum(seq for seq, _ in sound.heads.values())
    chains, rows, pictures = len(sound.heads), sound.rows, sound.pictures
    facts = f"{chains} 条链，{events} 个事件，{rows} 行，{pictures} 张图片，校验无误"
    click.echo(f"{file}: {facts}")
    click.echo(f"{chains} chains, {events} events, {rows} rows, {pictures} pictures, all checked")

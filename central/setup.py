"""`central init`: keys, tables and the one row of the programme.

Can be run again at any time: it brings an older database to this version and changes nothing else.
"""

import secrets
from pathlib import Path

from msgspec import Struct
from sqlalchemy import insert, select, update
from sqlalchemy.exc import OperationalError

from central import keys, migrations
from central.config import Config
from central.database import connect, writing
from central.schema import shard

_INCARNATION_BYTES = 16


class SetUpError(ValueError):
    """The server cannot be set up as its configuration says; the text says why."""


class Done(Struct, frozen=True):
    """One thing that `init` did or found, in both languages."""

    zh: str
    en: str


def set_up(config: Config) -> list[Done]:
    """Make what is missing and return what was done. Raises SetUpError."""
    try:
        made = keys.create(Path(config.keys_file))
        keys.load(Path(config.keys_file))
    except (OSError, keys.KeysError) as error:
        raise SetUpError(f"keys: {error}") from error
    done = [
        Done(f"已生成密钥 {config.keys_file}", f"made the keys {config.keys_file}")
        if made
        else Done("密钥已存在，未改动", "the keys are there already")
    ]
    if config.database.is_sqlite:
        # It will hold names and phone numbers; SQLite gives its other files the same mode.
        Path(str(config.database.parsed.database)).touch(mode=0o600)
    engine = connect(config.database)
    try:
        with writing(engine) as connection:
            migrations.upgrade(connection)
            found = connection.execute(
                select(shard.c.programme, shard.c.zone).where(shard.c.shard_key == config.shard_key)
            ).one_or_none()
            if found is None:
                connection.execute(
                    insert(shard).values(
                        shard_key=config.shard_key,
                        turn=0,
                        feed_position=0,
                        incarnation=secrets.token_bytes(_INCARNATION_BYTES),
                        programme=config.programme,
                        zone=config.zone,
                    )
                )
            elif found.zone != config.zone:
                # The days on which points end were reckoned in that zone, by tills as well.
                raise SetUpError(f"zone: this programme was set up in {found.zone}; it stays there")
            elif found.programme != config.programme:
                connection.execute(
                    update(shard)
                    .where(shard.c.shard_key == config.shard_key)
                    .values(programme=config.programme)
                )
    except OperationalError as error:
        raise SetUpError(f"database: {error.orig}") from error
    finally:
        engine.dispose()
    done.append(Done("数据库已就绪", "the database is ready"))
    return done

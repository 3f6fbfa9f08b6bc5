"""`central init`: keys, tables and the one row of the programme.

Can be run again at any time: it brings an older database to this version and changes nothing else.
"""

import secrets
from pathlib import Path

from msgspec import Struct
from sqlalchemy.exc import OperationalError

from central import citus, keys, migrations
from central.config import Config
from central.database import connect, writing
from central.ledger.shards import (
    ZoneChanged,
    keep_own_key,
    keep_tenant_number,
    open_shard,
    own_key,
)

_INCARNATION_BYTES = 16


class SetUpError(ValueError):
    """The server cannot be set up as its configuration says; the text says why."""


class Done(Struct, frozen=True):
    """One thing that `init` did or found, in both languages."""

    zh: str
    en: str


def set_up(config: Config, *, new_keys: bool = False) -> list[Done]:
    """Make what is missing and return what was done. Raises SetUpError.

    Keys other than those of this database are taken only as `new_keys`: no till believes them
    before it is enrolled again.
    """
    try:
        if config.database.is_sqlite:
            # It will hold names and phone numbers; SQLite gives its other files the same mode.
            Path(str(config.database.parsed.database)).touch(mode=0o600)
        _make_tables(config)
    except ZoneChanged as error:
        raise SetUpError(f"zone: {error}") from error
    except OperationalError as error:
        raise SetUpError(f"database: {error.orig}") from error
    except OSError as error:
        raise SetUpError(f"database: {error}") from error
    return [_own_keys(config, new_keys=new_keys), Done("数据库已就绪", "the database is ready")]


def distribute(config: Config) -> Done | None:
    """Spread the tables of a set-up database over its Citus cluster; None if it is on none."""
    engine = connect(config.database)
    try:
        with writing(engine) as connection:
            if not citus.is_there(connection):
                return None
            count = citus.distribute(connection)
    finally:
        engine.dispose()
    return Done(f"已在集群上分布 {count} 张表", f"distributed {count} tables over the cluster")


def _own_keys(config: Config, *, new_keys: bool) -> Done:
    path, engine = Path(config.keys_file), connect(config.database)
    try:
        with writing(engine) as connection:
            known = own_key(connection, config.shard_key)
            if known is not None and not new_keys and not path.exists():
                raise SetUpError(
                    f"keys: {path} is missing, and the tills know this database by its keys: put"
                    " your copy there; without one, `--new-keys` and enrol every till again"
                )
            made = keys.create(path)
            public = keys.load(path).central_public
            if known not in (None, public) and not new_keys:
                raise SetUpError(f"keys: {path} {keys.OTHERS}")
            if known not in (None, public):
                keep_tenant_number(connection, config.shard_key, 0)
            keep_own_key(connection, config.shard_key, public)
    except (OSError, keys.KeysError) as error:
        raise SetUpError(f"keys: {error}") from error
    finally:
        engine.dispose()
    if made:
        return Done(f"已生成密钥 {path}", f"made the keys {path}")
    return Done("密钥已存在，未改动", "the keys are there already")


def _make_tables(config: Config) -> None:
    engine = connect(config.database)
    try:
        with writing(engine) as connection:
            migrations.upgrade(connection)
            incarnation = secrets.token_bytes(_INCARNATION_BYTES)
            open_shard(connection, config.shard_key, config.programme, config.zone, incarnation)
    finally:
        engine.dispose()

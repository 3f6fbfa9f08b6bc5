"""The database's versions, as Alembic revisions in `versions/`, run from inside the program.

Every revision runs in one transaction together with those before it: a database is either at the
version this program knows, or where it was. A server asks only which version it meets, and what
Alembic brings is a quarter of its start: it is imported by who upgrades.
"""

from functools import cache
from importlib import resources

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

#: Alembic's own table.
_VERSION = Table("alembic_version", MetaData(), Column("version_num", String))


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the database to a version (else this program's), inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "central:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def version(connection: Connection) -> str | None:
    """Return the version of a database; None if it was never set up."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.execute(select(_VERSION.c.version_num)).scalar_one_or_none()


def is_known(version: str) -> bool:
    """Tell whether this program knows a version of the database."""
    return version in _known()


def is_current(connection: Connection) -> bool:
    """Tell whether the database has exactly the version this program was written for."""
    return version(connection) == _known()[-1]


@cache
def _known() -> list[str]:
    """Return every version, the newest last: each file is named `NNNN_what.py` after its own."""
    files = (resources.files(__name__) / "versions").iterdir()
    return sorted(file.name.split("_")[0] for file in files if file.name.endswith(".py"))

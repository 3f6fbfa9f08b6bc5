"""The database's versions, as Alembic revisions in `versions/`, run from inside the program.

Every revision runs in one transaction together with those before it: a database is either at the
version this program knows, or where it was.
"""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the database to a version (else this program's), inside the caller's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def version(connection: Connection) -> str | None:
    """Return the version of a database; None if it was never set up."""
    return MigrationContext.configure(connection).get_current_revision()


def is_known(version: str) -> bool:
    """Tell whether this program knows a version of the database."""
    return any(one.revision == version for one in _scripts().walk_revisions())


def is_current(connection: Connection) -> bool:
    """Tell whether the database has exactly the version this program was written for."""
    return version(connection) == _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "central:migrations")
    return config

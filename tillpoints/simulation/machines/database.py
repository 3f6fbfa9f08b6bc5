"""Central's database as a file of a run: the empty one that each begins with, and how it is opened.

SQLite copies its log into the file early here. A run never comes to the product's own 65,536
pages, and faults are to meet this copying too.
"""

from pathlib import Path

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from central import migrations
from central.config import Database
from central.database import connect, writing

FILE = "central.db"
#: After how many pages of its log: drawn for each run.
CHECKPOINT_PAGES = (100, 400, 1_600)

_template: dict[str, bytes] = {}


def opened(file: Path, checkpoint_pages: int) -> Engine:
    """Return the engine of a database, as central opens it."""
    engine = connect(Database(f"sqlite:///{file}"))

    def checkpoint_early(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA wal_autocheckpoint = {checkpoint_pages}")
        cursor.close()

    event.listen(engine, "connect", checkpoint_early)
    return engine


def empty(folder: Path) -> dict[str, bytes]:
    """Return a database with every table and no row, made once in this process."""
    if not _template:
        path = folder / "template.db"
        engine = connect(Database(f"sqlite:///{path}"))
        with writing(engine) as connection:
            migrations.upgrade(connection)
        engine.dispose()
        _template[FILE] = path.read_bytes()
    return dict(_template)

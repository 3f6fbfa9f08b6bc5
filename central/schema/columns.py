"""How tables and columns of central are made: the rules of `central.schema`, in one place."""

from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.sql.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "uq": "%(table_name)s_%(column_0_N_name)s_unique",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s",
    }
)


def big(name: str, *, null: bool = False) -> Column[int]:
    """Return a 64-bit integer column."""
    return Column(name, BigInteger, nullable=null)


def small(name: str, *, null: bool = False) -> Column[int]:
    """Return a 16-bit integer column: a truth value, or a number some enum of ours names."""
    return Column(name, SmallInteger, nullable=null)


def data(name: str, *, null: bool = False) -> Column[bytes]:
    """Return a column of bytes."""
    return Column(name, LargeBinary, nullable=null)


def text(name: str, *, null: bool = False) -> Column[str]:
    """Return a column of text; days are ISO dates of the mall's zone."""
    return Column(name, Text, nullable=null)


def table(name: str, key: str, *rest: SchemaItem, clustered: bool = False) -> Table:
    """Return a table whose primary key is the shard key and the columns named in `key`.

    A clustered one is its key's index on SQLite, where others are a table and an index beside it:
    for narrow rows that a turn writes by the thousand.
    """
    primary = PrimaryKeyConstraint("shard_key", *key.split())
    shard_key = Column("shard_key", BigInteger, nullable=False, autoincrement=False)
    return Table(name, metadata, shard_key, *rest, primary, sqlite_with_rowid=not clustered)

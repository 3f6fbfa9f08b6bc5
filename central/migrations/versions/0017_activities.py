"""What members did of each activity, and the codes that were made for it."""

from alembic import op
from sqlalchemy import BigInteger, Column, Index, MetaData, PrimaryKeyConstraint, Table, Text

revision = "0017"
down_revision = "0016"

metadata = MetaData(
    naming_convention={"pk": "%(table_name)s_pk", "ix": "%(table_name)s_%(column_0_N_name)s"}
)


def _table(name: str, key: str, *columns: Column[object] | Index) -> None:
    shard_key = Column("shard_key", BigInteger, nullable=False, autoincrement=False)
    Table(name, metadata, shard_key, *columns, PrimaryKeyConstraint("shard_key", *key.split()))


_table(
    "activity_batch",
    "batch",
    Column("batch", Text, nullable=False),
    Column("content", Text, nullable=False),
)
_table(
    "activity_doing",
    "activity_id member",
    Column("activity_id", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("day", Text, nullable=False),
    Column("result", BigInteger, nullable=False),
    Column("result_ms", BigInteger, nullable=False),
    Column("stamps", BigInteger, nullable=False),
    Column("spent_fen", BigInteger, nullable=False),
    Column("bought_on", Text, nullable=False),
    Column("rounds", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("referrer", Text, nullable=False),
    Index(None, "shard_key", "member"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)

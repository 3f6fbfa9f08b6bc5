"""What awards share and were worked out with, and what the worker's jobs have done."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)

revision = "0013"
down_revision = "0012"

metadata = MetaData(
    naming_convention={"pk": "%(table_name)s_pk", "ix": "%(table_name)s_%(column_0_N_name)s"}
)


def _table(name: str, key: str, *columns: Column[object] | Index) -> None:
    shard_key = Column("shard_key", BigInteger, nullable=False, autoincrement=False)
    Table(name, metadata, shard_key, *columns, PrimaryKeyConstraint("shard_key", *key.split()))


_table(
    "rule_use",
    "name",
    Column("name", Text, nullable=False),
    Column("used", BigInteger, nullable=False),
)
_table(
    "sale_fact",
    "fingerprint",
    Column("fingerprint", LargeBinary, nullable=False),
    Column("content", Text, nullable=False),
)
_table(
    "member_profile",
    "member",
    Column("member", Text, nullable=False),
    Column("content", Text, nullable=False),
)
_table(
    "job_run",
    "job day started_ms",
    Column("job", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=True),
    Column("state", SmallInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "shard_key", "started_ms"),
)
_table(
    "job_leader",
    "",
    Column("worker", Text, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)

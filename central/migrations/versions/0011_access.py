"""A member's PIN, and the passes they have shown."""

from alembic import op
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

revision = "0011"
down_revision = "0010"

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pk"})

member_access = Table(
    "member_access",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("member", Text, nullable=False),
    Column("pin_hash", Text, nullable=True),
    Column("opening_hash", Text, nullable=True),
    Column("opening_until_ms", BigInteger, nullable=False),
    Column("wrong", SmallInteger, nullable=False),
    Column("waits_until_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("shard_key", "member"),
)

pass_shown = Table(
    "pass_shown",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("member", Text, nullable=False),
    Column("slot", BigInteger, nullable=False),
    Column("device_id", LargeBinary, nullable=False),
    Column("request_id", Text, nullable=False),
    PrimaryKeyConstraint("shard_key", "member", "slot"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)

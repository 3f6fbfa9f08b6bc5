"""Points that do not count yet."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

revision = "0015"
down_revision = "0014"

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

Table(
    "pending_lot",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("account_id", LargeBinary, nullable=False),
    Column("lot_id", LargeBinary, nullable=False),
    Column("counts_from", Text, nullable=False),
    Column("expires_on", Text, nullable=False),
    Column("remaining", BigInteger, nullable=False),
    Column("subject", Text, nullable=False),
    PrimaryKeyConstraint("shard_key", "account_id", "lot_id"),
    CheckConstraint("remaining > 0", name="remaining"),
    Index(None, "shard_key", "counts_from", "account_id"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)

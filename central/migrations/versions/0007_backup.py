"""How far the last sound backup goes, and when this database came out of one."""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, PrimaryKeyConstraint, Table

revision = "0007"
down_revision = "0006"

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pk"})

durable = Table(
    "durable",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("device_id", LargeBinary, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("through_seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("shard_key", "device_id", "epoch"),
)

restored = Table(
    "restored",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("restored_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("shard_key"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)

"""Which run of a device may spend leases now."""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text

revision = "0008"
down_revision = "0007"

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pk"})

arm = Table(
    "arm",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("device_id", LargeBinary, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("session", Text, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("leases", Text, nullable=False),
    PrimaryKeyConstraint("shard_key", "device_id", "epoch"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)
    op.drop_column("stream", "session")  # never written
    op.drop_column("stream", "armed_until_ms")

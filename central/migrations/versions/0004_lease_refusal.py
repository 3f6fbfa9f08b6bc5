"""Requests for leases that were answered with no: their late copies get the same answer."""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text

revision = "0004"
down_revision = "0003"

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pk"})

lease_refusal = Table(
    "lease_refusal",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("device_id", LargeBinary, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("details", Text, nullable=False),
    PrimaryKeyConstraint("shard_key", "device_id", "request_id"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)

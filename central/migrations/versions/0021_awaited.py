"""Who has not told since a restore what the restored file may lack."""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, PrimaryKeyConstraint, Table

revision = "0021"
down_revision = "0020"

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pk"})

Table(
    "awaited",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("device_id", LargeBinary, nullable=False),
    PrimaryKeyConstraint("shard_key", "device_id"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)

"""Which rows of the feed belong to one turn and must not be parted between two pages."""

from alembic import op
from sqlalchemy import BigInteger, Column, MetaData, PrimaryKeyConstraint, Table

revision = "0003"
down_revision = "0002"

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pk"})

feed_turn = Table(
    "feed_turn",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("first_position", BigInteger, nullable=False),
    Column("last_position", BigInteger, nullable=False),
    PrimaryKeyConstraint("shard_key", "first_position"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)

"""Files of the member directory, and how far the feed counts on them."""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text

revision = "0005"
down_revision = "0004"

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pk"})

member_file = Table(
    "member_file",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("delta_from", Text),
    Column("delta_to", Text),
    Column("incarnation", LargeBinary, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("shard_key", "name"),
)

feed_floor = Table(
    "feed_floor",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    PrimaryKeyConstraint("shard_key"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)

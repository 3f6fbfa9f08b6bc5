"""Papers in review, the papers themselves, and the templates that decisions teach."""

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

revision = "0006"
down_revision = "0005"

metadata = MetaData(
    naming_convention={"pk": "%(table_name)s_pk", "ix": "%(table_name)s_%(column_0_N_name)s"}
)

review = Table(
    "review",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("review_id", Text, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("shop_id", Text, nullable=False),
    Column("paper_hash", Text, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("decided_ms", BigInteger),
    Column("content", Text, nullable=False),
    PrimaryKeyConstraint("shard_key", "review_id"),
    Index(None, "shard_key", "state", "opened_ms"),
)
Index("review_by_paper", review.c.shard_key, review.c.paper_hash)

review_paper = Table(
    "review_paper",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("paper_hash", Text, nullable=False),
    Column("device_id", LargeBinary, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("job", LargeBinary, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("shard_key", "paper_hash"),
)

template = Table(
    "template",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("shop_id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("canonical", LargeBinary, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("shard_key", "shop_id"),
)

taught = Table(
    "taught",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("review_id", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    PrimaryKeyConstraint("shard_key", "review_id"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)

"""What members are to hear of on a day."""

from alembic import op
from sqlalchemy import BigInteger, Column, Index, MetaData, PrimaryKeyConstraint, Table, Text

revision = "0020"
down_revision = "0019"

metadata = MetaData(
    naming_convention={"pk": "%(table_name)s_pk", "ix": "%(table_name)s_%(column_0_N_name)s"}
)

Table(
    "reminder",
    metadata,
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    *(Column(name, Text, nullable=False) for name in ("day", "member", "subject", "content")),
    PrimaryKeyConstraint("shard_key", "day", "member", "subject"),
    Index(None, "shard_key", "member", "day"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)

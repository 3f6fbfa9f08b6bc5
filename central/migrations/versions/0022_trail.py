"""What devices tell of gaps in their papers."""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, PrimaryKeyConstraint

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "trail",
        Column("shard_key", BigInteger, nullable=False, autoincrement=False),
        Column("device_id", LargeBinary, nullable=False),
        Column("skipped", BigInteger, nullable=False),
        Column("drawers", BigInteger, nullable=False),
        Column("lost", BigInteger, nullable=False),
        Column("told_ms", BigInteger, nullable=False),
        PrimaryKeyConstraint("shard_key", "device_id", name="trail_pk"),
    )

"""What tills tell as witnesses of the ledger's seals."""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, PrimaryKeyConstraint

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "witness",
        Column("shard_key", BigInteger, nullable=False, autoincrement=False),
        Column("device_id", LargeBinary, nullable=False),
        Column("incarnation", LargeBinary, nullable=False),
        Column("told_ms", BigInteger, nullable=False),
        Column("held_turn", BigInteger, nullable=False),
        Column("held_digest", LargeBinary, nullable=False),
        Column("told_turn", BigInteger, nullable=False),
        PrimaryKeyConstraint("shard_key", "device_id", name="witness_pk"),
    )

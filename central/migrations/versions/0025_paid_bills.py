"""What points and coupons paid of a bill, so that a refund of it gives back what is due."""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, PrimaryKeyConstraint, Text

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "paid_bill",
        Column("shard_key", BigInteger, nullable=False, autoincrement=False),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("content", Text, nullable=False),
        PrimaryKeyConstraint("shard_key", "fingerprint", name="paid_bill_pk"),
    )

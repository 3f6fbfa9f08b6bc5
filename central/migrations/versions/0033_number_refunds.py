"""Refunds that know no more of their sale than its number, and a sale heard of behind its own.

Those of before are in the log: `central ledger rebuild` finds them.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, PrimaryKeyConstraint, Text, text

revision = "0033"
down_revision = "0032"

_RAISED = text("reason IN ('voucher_used', 'off_catalogue', 'same_number')")


def upgrade() -> None:
    op.create_table(
        "number_refund",
        Column("shard_key", BigInteger, nullable=False, autoincrement=False),
        Column("reference", LargeBinary, nullable=False),
        Column("content", Text, nullable=False),
        PrimaryKeyConstraint("shard_key", "reference", name="number_refund_pk"),
    )
    op.drop_index("inbox_raised", "inbox")
    columns = ["shard_key", "reason"]
    op.create_index(
        "inbox_raised", "inbox", columns, postgresql_where=_RAISED, sqlite_where=_RAISED
    )

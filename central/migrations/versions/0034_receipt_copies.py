"""What became of sales that did not count as they came, by the device that told them.

`central ledger rebuild` fills the table. What else is raised now: a sale of one member for whose
paper another till had scanned another one.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, PrimaryKeyConstraint, text

revision = "0034"
down_revision = "0033"

_REASONS = "'voucher_used', 'off_catalogue', 'same_number', 'scanned_elsewhere'"
_RAISED = text(f"reason IN ({_REASONS})")


def upgrade() -> None:
    op.create_table(
        "receipt_copy",
        Column("shard_key", BigInteger, nullable=False, autoincrement=False),
        Column("device_id", LargeBinary, nullable=False),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("epoch", BigInteger, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("sale", LargeBinary, nullable=False),
        PrimaryKeyConstraint("shard_key", "device_id", "fingerprint", name="receipt_copy_pk"),
    )
    op.drop_index("inbox_raised", "inbox")
    columns = ["shard_key", "reason"]
    op.create_index(
        "inbox_raised", "inbox", columns, postgresql_where=_RAISED, sqlite_where=_RAISED
    )

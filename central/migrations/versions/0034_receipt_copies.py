"""What became of sales that did not count as they came, by the device that told them.

Empty: `central ledger rebuild` fills it.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, PrimaryKeyConstraint

revision = "0034"
down_revision = "0033"


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

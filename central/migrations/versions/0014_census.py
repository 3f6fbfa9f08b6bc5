"""Keep what a device said it has written, so that central knows when it was told everything."""

from alembic import op
from sqlalchemy import BigInteger, Column

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("contact", Column("epoch", BigInteger, nullable=True))
    op.add_column("contact", Column("last_written", BigInteger, nullable=True))

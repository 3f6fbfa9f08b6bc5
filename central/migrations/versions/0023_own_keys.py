"""Which key is this central's own: what tills believe must not change by a lost file."""

from alembic import op
from sqlalchemy import Column, LargeBinary

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column("shard", Column("central_public", LargeBinary, nullable=True))

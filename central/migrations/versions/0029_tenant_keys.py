"""Which tenant key is in use, each device uses, and each card's tag was made under."""

from alembic import op
from sqlalchemy import Column, SmallInteger

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("shard", Column("tenant_number", SmallInteger, nullable=True))
    op.add_column("device", Column("tenant_number", SmallInteger, nullable=True))
    op.add_column("member_card", Column("key_number", SmallInteger, nullable=True))

"""How far the time of an event can be trusted."""

from alembic import op
from sqlalchemy import Column, SmallInteger

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("inbox", Column("quality", SmallInteger, nullable=True))

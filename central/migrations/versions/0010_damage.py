"""Find the events that are damaged on their device's disk as fast as those that wait."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.drop_index("inbox_open", "inbox")
    op.execute(
        "CREATE INDEX inbox_open ON inbox (shard_key, verdict) WHERE verdict IN (2, 3, 4, 6, 7)"
    )

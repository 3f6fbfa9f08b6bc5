"""What rewards cost and when: central judges by it what was spent at a device that was cut off.

What the catalogue has today counts for all the time before.
"""

import json

from alembic import op
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Text, text

revision = "0030"
down_revision = "0029"

_TERMS = (
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("reward_id", Text, nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    PrimaryKeyConstraint("shard_key", "reward_id", "from_ms", name="reward_terms_pk"),
)
_RAISED = text("reason IN ('voucher_used', 'off_catalogue')")


def upgrade() -> None:
    terms = op.create_table("reward_terms", *_TERMS)
    found = op.get_bind().execute(text("SELECT * FROM reward")).all()
    rows = [
        {
            "shard_key": row.shard_key,
            "reward_id": row.reward_id,
            "from_ms": 0,
            "content": _terms(row.points, row.offered, row.details),
        }
        for row in found
    ]
    op.bulk_insert(terms, rows)
    columns = ["shard_key", "reason"]
    op.create_index(
        "inbox_raised", "inbox", columns, postgresql_where=_RAISED, sqlite_where=_RAISED
    )


def _terms(points: int, offered: int, details: str | None) -> str:
    """Return terms as version 0030 kept them."""
    said = {} if details is None else {"details": json.loads(details)}
    return json.dumps({"from_ms": 0, "points": points, "offered": bool(offered), **said})

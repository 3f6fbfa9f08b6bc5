"""How many purchases a member's wallet knows of, and the day of the first: who is new.

Counted from the sales that stand. A programme of ten million sales takes some minutes.
"""

from collections.abc import Iterator
from itertools import islice

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

_PAGE_ROWS = 5_000
#: A wallet's kind in one byte, and then its holder.
_WALLET = b"\x01member:"
# A card that nobody owned when its sale was awarded had no tier. A sale that gave no points is the
# last thing that touched its wallet if nothing came behind it.
_BOUGHT = """
    SELECT s.shard_key, COALESCE(c.member, s.holder_key) AS member, COUNT(*) AS purchases,
        MIN(s.sold_on) AS bought_on, MAX(CASE WHEN s.points = 0 THEN i.turn ELSE 0 END) AS turn
    FROM sale s
    JOIN inbox i ON i.shard_key = s.shard_key
        AND i.device_id = s.device_id AND i.epoch = s.epoch AND i.seq = s.seq
    LEFT JOIN card c ON c.shard_key = s.shard_key
        AND s.holder_kind = 'card' AND c.tag = s.holder_key
    WHERE s.state = 1 AND s.eligible_fen > s.refunded_fen
        AND (s.holder_kind = 'member' OR (c.member IS NOT NULL AND s.tier_id <> ''))
    GROUP BY s.shard_key, COALESCE(c.member, s.holder_key)
"""
# Who has bought and never had a point has no wallet yet.
_NEW = """
    INSERT INTO account (shard_key, account_id, kind, posted, held, last_transfer, turn)
    VALUES (:shard_key, :account_id, 1, 0, 0, 0, :turn) ON CONFLICT DO NOTHING
"""
_NOTE = """
    UPDATE account SET purchases = :purchases, bought_on = :bought_on,
        turn = CASE WHEN turn < :turn THEN :turn ELSE turn END
    WHERE shard_key = :shard_key AND account_id = :account_id
"""


def upgrade() -> None:
    op.add_column("account", sa.Column("purchases", sa.BigInteger, nullable=True))
    op.add_column("account", sa.Column("bought_on", sa.Text, nullable=True))
    op.drop_column("activity_doing", "bought_on")
    connection = op.get_bind()
    rows = _rows()
    while page := list(islice(rows, _PAGE_ROWS)):
        connection.execute(sa.text(_NEW), page)
        connection.execute(sa.text(_NOTE), page)


def _rows() -> Iterator[dict[str, object]]:
    """Yield what version 0028 notes of each member who has bought."""
    paged = {"yield_per": _PAGE_ROWS}
    for row in op.get_bind().execute(sa.text(_BOUGHT), execution_options=paged):
        yield {
            "shard_key": row.shard_key,
            "account_id": _WALLET + row.member.encode(),
            "purchases": int(row.purchases),
            "bought_on": row.bought_on,
            "turn": int(row.turn),
        }

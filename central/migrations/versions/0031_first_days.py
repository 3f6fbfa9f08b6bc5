"""The days of the first few purchases that a member kept: who is new once the first came back.

Read from the sales that stand. A programme of ten million sales takes some minutes.
"""

from collections.abc import Iterator
from itertools import groupby, islice

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

_PAGE_ROWS = 5_000
#: A wallet's kind in one byte, and then its holder.
_WALLET = b"\x01member:"
_DAYS = """
    SELECT shard_key, member, sold_on FROM (
        SELECT shard_key, member, sold_on, ROW_NUMBER() OVER (
            PARTITION BY shard_key, member ORDER BY sold_on
        ) AS place
        FROM (
            SELECT s.shard_key, COALESCE(c.member, s.holder_key) AS member, s.sold_on
            FROM sale s
            LEFT JOIN card c ON c.shard_key = s.shard_key
                AND s.holder_kind = 'card' AND c.tag = s.holder_key
            WHERE s.state = 1 AND s.eligible_fen > s.refunded_fen
                AND (s.holder_kind = 'member' OR (c.member IS NOT NULL AND s.tier_id <> ''))
        ) kept
    ) numbered
    WHERE place <= 8
    ORDER BY shard_key, member, sold_on
"""
_NOTE = """
    UPDATE account SET bought_on = :bought_on
    WHERE shard_key = :shard_key AND account_id = :account_id
"""


def upgrade() -> None:
    rows = _rows()
    while page := list(islice(rows, _PAGE_ROWS)):
        op.get_bind().execute(sa.text(_NOTE), page)


def _rows() -> Iterator[dict[str, object]]:
    """Yield what version 0031 notes of each member who has bought more than once."""
    paged = {"yield_per": _PAGE_ROWS}
    found = op.get_bind().execute(sa.text(_DAYS), execution_options=paged)
    for (shard_key, member), bought in groupby(found, lambda row: (row.shard_key, row.member)):
        days = [row.sold_on for row in bought]
        if len(days) > 1:
            account_id = _WALLET + member.encode()
            yield {
                "shard_key": shard_key,
                "account_id": account_id,
                "bought_on": " ".join(days),
            }

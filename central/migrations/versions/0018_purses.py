"""A wallet's lots in its account's row, instead of rows of their own.

The lots are carried over account by account. A ledger of millions of lots takes a few minutes.
"""

from collections.abc import Iterator
from datetime import date
from itertools import groupby

import msgspec
import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

revision = "0018"
down_revision = "0017"

_PAGE_ROWS = 5_000
_LOTS = """
    SELECT shard_key, account_id, lot_id, expires_on, remaining FROM lot
    ORDER BY shard_key, account_id, lot_id
"""
_CARRY = """
    UPDATE account SET next_expiry = :next_expiry, lots = :lots
    WHERE shard_key = :shard_key AND account_id = :account_id
"""


def upgrade() -> None:
    op.add_column("account", sa.Column("next_expiry", sa.Text, nullable=True))
    op.add_column("account", sa.Column("lots", sa.LargeBinary, nullable=True))
    connection = op.get_bind()
    page: list[dict[str, object]] = []
    for purse in _purses(connection):
        page.append(purse)
        if len(page) == _PAGE_ROWS:
            connection.execute(sa.text(_CARRY), page)
            page = []
    if page:
        connection.execute(sa.text(_CARRY), page)
    op.drop_table("lot")


def _purses(connection: Connection) -> Iterator[dict[str, object]]:
    """Yield what an account's new columns hold, as version 0018 packed lots."""
    rows = connection.execute(sa.text(_LOTS), execution_options={"yield_per": _PAGE_ROWS})
    for (shard_key, account_id), lots in groupby(rows, key=lambda row: (row[0], bytes(row[1]))):
        held = [(bytes(row[2]), date.fromisoformat(row[3]), row[4]) for row in lots]
        yield {
            "shard_key": shard_key,
            "account_id": account_id,
            "next_expiry": min(until for _, until, _ in held).isoformat(),
            "lots": msgspec.msgpack.encode(held),
        }

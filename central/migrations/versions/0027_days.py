"""Receipts by the day printed on them, and then by their fingerprints.

Receipts of one day come together, and so they land on a few pages, where fingerprints alone would
each have one of their own in a large ledger. A ledger of ten million takes some minutes.
"""

import re
from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

revision = "0027"
down_revision = "0026"

_PAGE_ROWS = 5_000
_NEW = sa.Table(
    "receipt_key",
    sa.MetaData(naming_convention={"pk": "%(table_name)s_pk"}),
    sa.Column("shard_key", sa.BigInteger, nullable=False, autoincrement=False),
    sa.Column("printed_on", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    sa.Column("device_id", sa.LargeBinary, nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("shard_key", "printed_on", "fingerprint"),
    sqlite_with_rowid=False,
)
# A sale says what was printed; of what takes back, only its event does.
_OLD = """
    SELECT k.shard_key, k.fingerprint, k.device_id, k.epoch, k.seq, s.printed_on,
        CASE WHEN s.printed_on IS NULL THEN i.body END AS body
    FROM old_receipt_key k
    LEFT JOIN sale s ON s.shard_key = k.shard_key
        AND s.device_id = k.device_id AND s.epoch = k.epoch AND s.seq = k.seq
    LEFT JOIN inbox i ON i.shard_key = k.shard_key
        AND i.device_id = k.device_id AND i.epoch = k.epoch AND i.seq = k.seq
    ORDER BY k.shard_key, s.printed_on
"""
#: In JSON no text can hold this but the field itself: its quotes would be escaped.
_PRINTED = re.compile(rb'"printed_at":"([^"\\]*)')


def upgrade() -> None:
    connection = op.get_bind()
    op.execute("CREATE TABLE old_receipt_key AS SELECT * FROM receipt_key")
    op.drop_table("receipt_key")
    _NEW.create(connection)
    page: list[dict[str, object]] = []
    for row in _rows(connection):
        page.append(row)
        if len(page) == _PAGE_ROWS:
            connection.execute(_NEW.insert(), page)
            page = []
    if page:
        connection.execute(_NEW.insert(), page)
    op.drop_table("old_receipt_key")


def _rows(connection: Connection) -> Iterator[dict[str, object]]:
    for row in connection.execute(sa.text(_OLD), execution_options={"yield_per": _PAGE_ROWS}):
        printed = row.printed_on
        if printed is None:
            said = _PRINTED.search(bytes(row.body or b""))
            printed = said[1].decode()[:10] if said else ""
        yield {
            "shard_key": row.shard_key,
            "printed_on": _day(printed),
            "fingerprint": bytes(row.fingerprint),
            "device_id": bytes(row.device_id),
            "epoch": row.epoch,
            "seq": row.seq,
        }


def _day(printed: str) -> str:
    """Return a day of this century as version 0027 kept it; nothing for what is none."""
    try:
        day = date.fromisoformat(printed)
    except ValueError:
        return ""
    return printed if 2000 <= day.year < 2100 and day.isoformat() == printed else ""

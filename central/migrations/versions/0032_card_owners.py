"""Whose each card was when: what a till tells late of a card goes by that.

Read from central's own events. A programme of a million members takes a minute.
"""

from collections.abc import Iterator
from itertools import islice

import msgspec
import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Text

revision = "0032"
down_revision = "0031"

_PAGE_ROWS = 5_000
_OWNERS = (
    Column("shard_key", BigInteger, nullable=False, autoincrement=False),
    Column("tag", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("later", Text, nullable=True),
    PrimaryKeyConstraint("shard_key", "tag", name="card_owner_pk"),
)
#: Members as central set them, in the order of the log; its device is all zeros.
_EVENTS = """
    SELECT shard_key, body, latest_ms FROM inbox
    WHERE device_id = :device AND kind = 102 AND verdict = 0
    ORDER BY shard_key, turn, place
"""


def upgrade() -> None:
    table = op.create_table("card_owner", *_OWNERS, sqlite_with_rowid=False)
    rows = _rows()
    while page := list(islice(rows, _PAGE_ROWS)):
        op.get_bind().execute(table.insert(), page)


def _rows() -> Iterator[dict[str, object]]:
    """Yield what version 0032 keeps of each card that ever was a member's."""
    owners: dict[tuple[int, str], list[tuple[int, str]]] = {}
    paged = {"yield_per": _PAGE_ROWS}
    events = op.get_bind().execute(sa.text(_EVENTS), {"device": bytes(16)}, execution_options=paged)
    for shard_key, body, latest_ms in events:
        said = msgspec.json.decode(bytes(body))
        for tag in said["tags"]:
            had = owners.setdefault((shard_key, tag), [])
            if not had or had[-1][1] != said["member"]:
                had.append((latest_ms, said["member"]))
    for (shard_key, tag), ((since_ms, member), *later) in sorted(owners.items()):
        told = msgspec.json.encode(later).decode() if later else None
        row = {"shard_key": shard_key, "tag": tag, "member": member}
        yield {**row, "since_ms": since_ms, "later": told}

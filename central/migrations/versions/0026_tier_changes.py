"""Each change of a member's tier, found by its member: statements tell them.

The changes of before are taken from central's own events. A programme of a million members takes
a minute.
"""

from collections.abc import Iterator

import msgspec
import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Column, Connection, PrimaryKeyConstraint, Text

revision = "0026"
down_revision = "0025"

_PAGE_ROWS = 5_000
_TIER_SET = 110
_MORE = ("points", "below_since", "granted_until", "why")
#: Central's own events that were applied, in the order of the log; its device is all zeros.
_EVENTS = """
    SELECT shard_key, seq, kind, body, latest_ms FROM inbox
    WHERE device_id = :device AND kind IN (102, 110) AND verdict = 0
    ORDER BY shard_key, turn, place
"""


def upgrade() -> None:
    table = op.create_table(
        "tier_change",
        Column("shard_key", BigInteger, nullable=False, autoincrement=False),
        Column("member", Text, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("content", Text, nullable=False),
        PrimaryKeyConstraint("shard_key", "member", "seq", name="tier_change_pk"),
    )
    connection = op.get_bind()
    page: list[dict[str, object]] = []
    for row in _changes(connection):
        page.append(row)
        if len(page) == _PAGE_ROWS:
            connection.execute(table.insert(), page)
            page = []
    if page:
        connection.execute(table.insert(), page)


def _changes(connection: Connection) -> Iterator[dict[str, object]]:
    """Yield the rows that version 0026 writes for these events."""
    tiers: dict[tuple[int, str], str] = {}
    events = connection.execute(
        sa.text(_EVENTS), {"device": bytes(16)}, execution_options={"yield_per": _PAGE_ROWS}
    )
    for shard_key, seq, kind, body, latest_ms in events:
        said = msgspec.json.decode(bytes(body))
        member, tier_id = said["member"], said["tier_id"]
        before = tiers.get((shard_key, member))
        tiers[shard_key, member] = tier_id
        change = {"at_ms": latest_ms, "tier_id": tier_id, "cause": said.get("cause", "set")}
        if kind == _TIER_SET:
            change |= {name: said[name] for name in _MORE if said.get(name)}
        elif before in (None, tier_id):
            continue
        content = msgspec.json.encode(change).decode()
        yield {"shard_key": shard_key, "member": member, "seq": seq, "content": content}

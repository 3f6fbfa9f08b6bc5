"""What activities are called, by the newest rule book that has each. Reads only."""

from sqlalchemy import Connection, desc, select

from central import schema
from loyalty.rules.rulebook import from_canonical


def activity_names(connection: Connection, shard_key: int) -> dict[str, dict[str, str]]:
    """Return the names of every activity there ever was by its id, as the values of a reason."""
    t = schema.rule_book
    query = select(t.c.canonical).where(t.c.shard_key == shard_key)
    found: dict[str, dict[str, str]] = {}
    for canonical in connection.execute(query.order_by(desc(t.c.effective_ms))).scalars():
        for one in from_canonical(canonical).activities:
            found.setdefault(one.id, {"zh": one.name_zh, "en": one.name_en})
    return found

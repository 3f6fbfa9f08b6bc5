"""Reminders of a day with whom they are for, as the mall's messages need them.

Numbers and phones stand in what is returned: it is for staff, never for a log.
"""

from datetime import date

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, and_, func, select

from central import schema
from loyalty.rules.reasons import Reason
from loyalty.wording import say

#: Reminders are for the days around them; then they go.
KEPT_DAYS = 90


class Reminder(Struct, frozen=True):
    """One message to be sent: to whom, about what, and its words."""

    day: str
    number: str
    phone: str
    subject: str
    zh: str
    en: str


def reminders(
    connection: Connection, shard_key: int, day: date, limit: int | None = None
) -> list[Reminder]:
    """Return the reminders of a day in the order of members; of a removed member there is none."""
    t, m = schema.reminder, schema.member
    same = and_(m.c.shard_key == t.c.shard_key, m.c.member == t.c.member)
    columns = (t.c.day, m.c.number, m.c.phone, t.c.subject, t.c.content)
    query = select(*columns).join_from(t, m, same).where(t.c.shard_key == shard_key)
    query = query.where(t.c.day == day.isoformat()).order_by(t.c.member, t.c.subject)
    return [_reminder(*row) for row in connection.execute(query.limit(limit))]


def count(connection: Connection, shard_key: int, day: date) -> int:
    """Return how many reminders a day has."""
    t = schema.reminder
    query = select(func.count()).where(t.c.shard_key == shard_key, t.c.day == day.isoformat())
    return connection.execute(query).scalar_one()


def _reminder(day: str, number: str, phone: str | None, subject: str, content: str) -> Reminder:
    reason = msgspec.json.decode(content, type=Reason)
    return Reminder(day, number, phone or "", subject, say(reason, "zh"), say(reason, "en"))

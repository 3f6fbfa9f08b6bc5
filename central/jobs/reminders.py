"""What members are to be reminded of on a day, written down for the mall's own messages.

A day's reminders are worked out whole and stand in place of those it had, so doing it again
changes nothing but what members did since: who has spent their points hears nothing of their end.
The same is not said again for a month. What fell due on days without a run, because no worker was
up, is said on the next day that has one.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select

from central import schema
from central.app import Parts, now_ms
from central.database import reading, writing
from central.jobs import runs, tier_review
from central.ledger.books import book_in_force
from central.ledger.judging.accounts import debt_id, wallet_id
from central.ledger.judging.rows import Account
from central.ledger.writing import bulk
from central.ledger.writing.loading import read
from central.members.reminded import KEPT_DAYS
from central.rewards.offered import offered
from central.sync.reward_offers import details_of
from loyalty.catalogue import price
from loyalty.events import Holder
from loyalty.rules import reminders
from loyalty.rules.reasons import Reason
from loyalty.rules.reminders import Due, Reachable
from loyalty.rules.rulebook import RuleBook

#: For so long nobody hears again of the same.
_AGAIN_DAYS = 30
_COLUMNS = ("shard_key", "day", "member", "subject", "content")
Row = tuple[Any, ...]


def run(parts: Parts, day: date) -> tuple[int, str]:
    """Write the reminders of `day` down; return how many, and how many of each sort.

    Those of a day that is over go by what members own now.
    """
    today = datetime.now(tz=parts.config.tz()).date()
    with reading(parts.engine) as connection:
        book = book_in_force(connection, parts.config.shard_key, now_ms())
        rewards = _rewards(connection, parts.config.shard_key, day)
        days = _days(connection, parts, "reminders", day)
    _begin(parts, day, "expiry/", "tier/", "reward/")
    if book is None or not reminders.wanted(book):
        none = "规则不要求提醒 / the rule book asks for none"
        return 0, none if book else "没有规则 / no rule book"
    counts: dict[str, int] = {}
    for members in tier_review.pages(parts, max(day, today), book):
        for subject in _write(parts, day, list(_of_page(parts, days, book, rewards, members))):
            sort = subject.partition("/")[0]
            counts[sort] = counts.get(sort, 0) + 1
    told = [f"{sort} {counts[sort]}" for sort in sorted(counts)]
    told += ["按会员现有积分 / by what members own now"] if day < today else []
    return sum(counts.values()), ", ".join(told)


def statements(parts: Parts, day: date) -> tuple[int, str]:
    """Note whose statement of the month before is due on `day`; none on other days of a month."""
    with reading(parts.engine) as connection:
        book = book_in_force(connection, parts.config.shard_key, now_ms())
        days = _days(connection, parts, "statements", day)
    _begin(parts, day, "statement/")
    asked = [one for one in days if book is not None and one.day == book.statement_day]
    if book is None or not asked:
        return 0, "这一天不出对账单 / no statements are due on this day"
    month = (asked[-1].replace(day=1) - timedelta(days=1)).isoformat()[:7]
    due = Due(f"statement/{month}", Reason("statement_due", {"month": month}))
    done = 0
    for members in tier_review.pages(parts, day, book):
        with reading(parts.engine) as connection:
            ids = [wallet_id(Holder("member", member)) for member, _ in members]
            known = read(connection, parts.config.shard_key, "accounts", ids)
            heard = _heard(connection, parts, day, [each for each, _ in members])
        rows = [
            (member, due)
            for (member, _), account in zip(members, ids, strict=True)
            if _is_used(known[account]) and (member, due.subject) not in heard
        ]
        done += len(_write(parts, day, rows))
    return done, month


def _is_used(account: Account | None) -> bool:
    """Tell whether there is anything to state: who bought for no points has none."""
    return account is not None and account.last_transfer > 0


def _days(connection: Connection, parts: Parts, job: str, day: date) -> list[date]:
    """Return `day` and, before it, the days since the job's last one, if that is not long ago."""
    yesterday = day - timedelta(days=1)
    since = day - timedelta(days=_AGAIN_DAYS)
    last = runs.last_done(connection, parts.config.shard_key, job, since, yesterday) or yesterday
    return [last + timedelta(days=each) for each in range(1, (day - last).days + 1)]


def _rewards(connection: Connection, shard_key: int, day: date) -> list[Reachable]:
    """Return the rewards on offer at the prices of a day, the cheapest first."""
    found = []
    for row in offered(connection, shard_key):
        points = price(row.points, details_of(row.details), day.isoformat())
        found.append(Reachable(row.reward_id, points, row.name_zh, row.name_en))
    return sorted(found, key=lambda one: (one.points, one.reward_id))


def _begin(parts: Parts, day: date, *subjects: str) -> None:
    """Take back what was written for the day before, and what is too old to be sent."""
    t = schema.reminder
    old = (day - timedelta(days=KEPT_DAYS)).isoformat()
    with writing(parts.engine) as connection:
        mine = delete(t).where(t.c.shard_key == parts.config.shard_key)
        connection.execute(mine.where(t.c.day < old))
        for subject in subjects:
            same = t.c.subject.startswith(subject, autoescape=True)
            connection.execute(mine.where(t.c.day == day.isoformat(), same))


def _of_page(
    parts: Parts,
    days: list[date],
    book: RuleBook,
    rewards: list[Reachable],
    members: tier_review.Reviewed,
) -> Iterator[tuple[str, Due]]:
    """Yield what members of a page are reminded of and did not hear of lately."""
    shard_key = parts.config.shard_key
    wallets = {member: wallet_id(Holder("member", member)) for member, _ in members}
    debts = {member: debt_id(Holder("member", member)) for member, _ in members}
    with reading(parts.engine) as connection:
        ids = [*wallets.values(), *debts.values()]
        accounts = read(connection, shard_key, "accounts", ids)
        lots = read(connection, shard_key, "lots", list(wallets.values()))
        heard = _heard(connection, parts, days[-1], list(wallets))
    for member, points in members:
        wallet = accounts[wallets[member]] or Account()
        owed = accounts[debts[member]] or Account()
        held = lots[wallets[member]] or ()
        available = max(wallet.available + owed.posted, 0)
        for due in reminders.due(book, days, held, available, points, rewards):
            if (member, due.subject) not in heard:
                yield member, due


def _heard(
    connection: Connection, parts: Parts, day: date, members: list[str]
) -> set[tuple[str, str]]:
    """Return what members hear of on other days: before `day`, and since if it is over."""
    t = schema.reminder
    month = timedelta(days=_AGAIN_DAYS)
    since = (day - month).isoformat()
    today = datetime.now(tz=parts.config.tz()).date()
    until = max(day, min(today, day + month)).isoformat()
    query = select(t.c.member, t.c.subject).where(t.c.shard_key == parts.config.shard_key)
    query = query.where(t.c.member.in_(members), t.c.day != day.isoformat())
    query = query.where(t.c.day > since, t.c.day <= until)
    return {(row.member, row.subject) for row in connection.execute(query)}


def _write(parts: Parts, day: date, found: list[tuple[str, Due]]) -> list[str]:
    """Write reminders down; return their subjects."""
    rows: list[Row] = []
    for member, due in found:
        content = msgspec.json.encode(due.reason, order="deterministic").decode()
        rows.append((parts.config.shard_key, day.isoformat(), member, due.subject, content))
    if rows:
        with writing(parts.engine) as connection:
            bulk.upsert(connection, schema.reminder, _COLUMNS, rows)
    return [due.subject for _, due in found]

"""Every member's tier, by what the rule book in force says that tiers are reached by.

Members are taken in the order of their pseudonyms beside the sums they are reviewed by, so that a
million of them need no memory of their own.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection, and_, func, or_, select

from central import schema
from central.app import Parts, now_ms
from central.database import reading, writing
from central.jobs import runs
from central.ledger.books import book_in_force
from central.ledger.commands import Decision
from central.ledger.judging.accounts import debt_id, wallet_id
from central.ledger.judging.member_rows import Profile
from central.ledger.judging.rows import SaleState
from central.ledger.judging.state import State
from central.ledger.queries import moved_since
from central.ledger.writing.turns import run_turn
from central.ledger.writing.wants import Want
from loyalty.events import Holder, Moment, TierSet
from loyalty.rules.lots import expires_on
from loyalty.rules.rulebook import RuleBook
from loyalty.rules.tiers import Standing, reviewed

MEMBERS_MAX = 1_024
#: A review, and what it goes by for each member.
Reviewed = tuple[tuple[str, int], ...]


class ReviewTiers(Struct, frozen=True):
    """Review some members' tiers on a day; answers how many changed."""

    day: date
    members: Reviewed
    book: RuleBook

    def wants(self) -> Iterable[Want]:
        """Return the members and how their tiers stand."""
        for member, _ in self.members:
            yield "members", member
            yield "profiles", member

    def decide(self, state: State, at: Moment) -> Decision:
        """Return an event for each member whose standing changes."""
        bodies = []
        for member, points in self.members:
            known = state.members.get(member)
            if known is None:
                continue
            profile = state.profiles.get(member) or Profile()
            before = standing(known.tier_id, profile)
            after = reviewed(before, points, self.day, self.book)
            if after != before:
                cause = _cause(before, after, self.book)
                bodies.append(tier_set(at, member, after, cause, points))
        return Decision(tuple(bodies), lambda _: len(bodies))


def run(parts: Parts, day: date) -> tuple[int, str]:
    """Review every member's tier on `day`; return how many changed, and by which basis.

    A day that is over is judged by what members owned when it ended, or by its receipts as they
    stand now. A day before one that was reviewed is left alone: it knows less of how a member
    stands now.
    """
    today = datetime.now(tz=parts.config.tz()).date()
    with reading(parts.engine) as connection:
        book = book_in_force(connection, parts.config.shard_key, now_ms())
        behind = day + timedelta(days=1)
        later = runs.last_done(connection, parts.config.shard_key, "tiers", behind, today)
    if book is None:
        return 0, "没有规则 / no rule book"
    if later is not None:
        return 0, f"{later} 已评过 / {later} was reviewed"
    changed = 0
    for members in pages(parts, day, book):
        with writing(parts.engine) as connection:
            command = ReviewTiers(day, members, book)
            (answer,) = run_turn(connection, parts.config.shard_key, [command], now_ms())
        if not isinstance(answer, int):
            raise answer if isinstance(answer, Exception) else TypeError(str(answer))
        changed += answer
    if day >= today:
        return changed, book.tier_basis
    if book.tier_basis == "balance":
        return changed, f"balance：{day} 日终的积分 / as {day} ended"
    return changed, f"rolling：{day} 及以前的小票 / receipts until {day}"


def standing(tier_id: str, profile: Profile) -> Standing:
    """Return how a member's tier stands."""
    granted = profile.granted_id or tier_id if profile.granted_until else ""
    return Standing(tier_id, _day(profile.below_since), _day(profile.granted_until), granted)


def tier_set(
    at: Moment,
    member: str,
    after: Standing,
    cause: Literal["up", "down", "grace", "kept", "grant"],
    points: int,
) -> TierSet:
    """Return the event that gives a member a standing."""
    return TierSet(
        at=at,
        member=member,
        tier_id=after.tier_id,
        cause=cause,
        points=points,
        below_since=after.below_since.isoformat() if after.below_since else "",
        granted_until=after.granted_until.isoformat() if after.granted_until else "",
    )


def _cause(
    before: Standing, after: Standing, book: RuleBook
) -> Literal["up", "down", "grace", "kept"]:
    order = {tier.id: place for place, tier in enumerate(book.tiers)}
    was, becomes = order.get(before.tier_id, 0), order[after.tier_id]
    if was != becomes:
        return "up" if becomes > was else "down"
    return "grace" if after.below_since else "kept"


def pages(parts: Parts, day: date, book: RuleBook) -> Iterator[Reviewed]:
    """Yield every member, page by page, with what the book says that tiers are reached by.

    What they own goes by the end of `day` if that is over.
    """
    shard_key, after = parts.config.shard_key, ""
    ended = datetime.combine(day + timedelta(days=1), time.min, parts.config.tz())
    with reading(parts.engine) as connection:
        lately = _Earned(connection, shard_key, day, book) if book.tier_basis == "rolling" else None
        since: dict[bytes, int] = {}
        if lately is None and ended <= datetime.now(tz=ended.tzinfo):
            since = moved_since(connection, shard_key, int(ended.timestamp() * 1000))
        while True:
            members = _members(connection, shard_key, after)
            if lately is not None:
                yield tuple((member, lately.of(member)) for member in members)
            else:
                owned = _owned(connection, shard_key, members, since)
                yield tuple((member, owned.get(member, 0)) for member in members)
            if len(members) < MEMBERS_MAX:
                return
            after = members[-1]


def _members(connection: Connection, shard_key: int, after: str) -> list[str]:
    t = schema.member_tier
    query = select(t.c.member).where(t.c.shard_key == shard_key, t.c.member > after)
    return list(connection.execute(query.order_by(t.c.member).limit(MEMBERS_MAX)).scalars())


def _owned(
    connection: Connection, shard_key: int, members: list[str], since: dict[bytes, int]
) -> dict[str, int]:
    """Return what members own, debts subtracted, without what moved `since`."""
    t = schema.account
    whose = {
        make(Holder("member", member)): member
        for member in members
        for make in (wallet_id, debt_id)
    }
    query = select(t.c.account_id, t.c.posted).where(t.c.shard_key == shard_key)
    found: dict[str, int] = {}
    for account_id, posted in connection.execute(query.where(t.c.account_id.in_(whose))):
        owned = posted - since.get(account_id, 0)
        found[whose[account_id]] = found.get(whose[account_id], 0) + owned
    return found


class _Earned:
    """What members earned in the months before a day, asked for in the order of pseudonyms."""

    def __init__(self, connection: Connection, shard_key: int, day: date, book: RuleBook) -> None:
        t, card = schema.sale, schema.card_owner
        since = expires_on(day, -book.tier_months).isoformat()
        # A sale keeps a card that was nobody's; its points went to the first member who had it.
        whose = func.coalesce(card.c.member, t.c.holder_key)
        same = and_(
            card.c.shard_key == t.c.shard_key,
            t.c.holder_kind == "card",
            card.c.tag == t.c.holder_key,
        )
        query = (
            select(whose.label("member"), func.sum(t.c.points - t.c.taken_back))
            .join_from(t, card, same, isouter=True)
            .where(t.c.shard_key == shard_key, t.c.state == int(SaleState.AWARDED))
            .where(or_(t.c.holder_kind == "member", card.c.member.is_not(None)))
            .where(t.c.sold_on > since, t.c.sold_on <= day.isoformat())
            .group_by(whose)
            .order_by(whose)
        )
        rows = connection.execute(query.execution_options(yield_per=MEMBERS_MAX))
        self._rows = ((member, int(points)) for member, points in rows)
        self._next = next(self._rows, None)

    def of(self, member: str) -> int:
        """Return what a member earned; the one asked for before stood before them."""
        while self._next is not None and self._next[0] < member:
            self._next = next(self._rows, None)
        return self._next[1] if self._next is not None and self._next[0] == member else 0


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None

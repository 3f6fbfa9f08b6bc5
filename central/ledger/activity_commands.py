"""What staff, and other systems of the mall, decide about activities: codes, doings, their end."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from msgspec import Struct

from central.ledger.commands import Decision, refused
from central.ledger.judging import referrals
from central.ledger.judging.activities import Weighed, When, closed_key, stated, weigh
from central.ledger.judging.state import State
from central.ledger.writing.wants import Want, of_holder
from loyalty.activity_codes import find
from loyalty.events import ActivityClosed, ActivityIssued, ActivityRecorded, Holder, Moment
from loyalty.rules.activities import BY_BUYING
from loyalty.rules.reasons import Reason


class IssueCodes(Struct, frozen=True):
    """Make codes of an activity; answers the Batch, or a Reason why not.

    `batch` is a fresh random id. `book` is the rule book in force.
    """

    batch: str
    activity_id: str
    book: str
    valid_until: date
    staff: str
    count: int = 0
    result: int = 0
    member: str = ""
    brought_by: str = ""

    def wants(self) -> Iterable[Want]:
        """Return the batch and the book."""
        yield from (("batches", self.batch), ("books", self.book))
        yield "uses", closed_key(self.activity_id)

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the one event of it."""
        book = state.books.get(self.book)
        activity = find(book, self.activity_id) if book is not None else None
        if activity is None or activity.kind in (*BY_BUYING, "sign_up"):
            return refused("activity_unknown")
        if state.uses.get(closed_key(self.activity_id)):
            return refused("activity_over", zh=activity.name_zh, en=activity.name_en)
        if (activity.kind == "referral") != bool(self.brought_by):
            return refused("activity_needs_referrer")
        if activity.kind in ("game", "contest") and not self.count:
            return refused("activity_needs_single_codes")
        body = ActivityIssued(
            at=at,
            batch=self.batch,
            activity_id=self.activity_id,
            valid_until=self.valid_until.isoformat(),
            staff=self.staff,
            count=self.count,
            result=self.result,
            member=self.member,
            brought_by=self.brought_by,
        )
        return Decision((body,), lambda later: later.batches.get(self.batch))


class RecordActivity(Struct, frozen=True):
    """Note that a member did an activity; answers the Doing, or a Reason why it does not count."""

    activity_id: str
    member: str
    book: str
    staff: str
    result: int = 0
    brought_by: str = ""

    def wants(self) -> Iterable[Want]:
        """Return what the activity and the member are."""
        yield from (("books", self.book), ("doings", (self.activity_id, self.member)))
        yield from of_holder(Holder("member", self.member))

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the one event of it; none if it counts for nothing."""
        book = state.books.get(self.book)
        if book is None:
            return refused("activity_unknown")
        if state.members.get(self.member) is None:
            return refused("member_unknown")
        code = stated(self.activity_id, self.result, self.brought_by)
        found = weigh(state, code, self.member, now(state, at), book)
        if isinstance(found, Reason):
            return Decision((), lambda _: found)
        day = found.day.isoformat()
        if found.given.referrer and not referrals.is_new(state, self.member, day):
            return refused("activity_not_new")
        body = ActivityRecorded(
            at=at,
            activity_id=self.activity_id,
            book=self.book,
            member=self.member,
            staff=self.staff,
            result=self.result,
            brought_by=self.brought_by,
        )
        return Decision((body,), lambda later: later.doings.get((self.activity_id, self.member)))


class SignedUp(Struct, frozen=True):
    """Give a new member what the book has for signing up; answers None."""

    member: str
    book: str

    def wants(self) -> Iterable[Want]:
        """Return the book and the member."""
        yield "books", self.book
        yield from of_holder(Holder("member", self.member))

    def decide(self, state: State, at: Moment) -> Decision:
        """Return an event for each activity of that kind that the member can still do."""
        book = state.books.get(self.book)
        bodies = []
        for activity in book.activities if book is not None else ():
            code = stated(activity.id, 0, "")
            if activity.kind == "sign_up" and book is not None:
                found = weigh(state, code, self.member, now(state, at), book)
                if isinstance(found, Weighed):
                    body = ActivityRecorded(at, activity.id, self.book, self.member, "sign-up")
                    bodies.append(body)
        return Decision(tuple(bodies), lambda _: None)


class CloseCodes(Struct, frozen=True):
    """End the use of a batch of codes; answers the Batch, or a Reason why not."""

    batch: str
    staff: str

    def wants(self) -> Iterable[Want]:
        """Return the batch."""
        yield "batches", self.batch

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the one event of it; none if it is closed already."""
        batch = state.batches.get(self.batch)
        if batch is None:
            return refused("activity_unknown")
        body = ActivityClosed(at, batch.activity_id, "", self.staff, batch=self.batch)
        bodies = () if batch.closed_ms else (body,)
        return Decision(bodies, lambda later: later.batches.get(self.batch))


class CloseActivity(Struct, frozen=True):
    """End an activity; the winners of a contest (by rank) get their points. Answers the event.

    `winners` were read from the ranking; a Reason says why it is not closed.
    """

    activity_id: str
    book: str
    staff: str
    winners: tuple[str, ...] = ()

    def wants(self) -> Iterable[Want]:
        """Return the book, and the winners with what they did."""
        yield from (("books", self.book), ("uses", closed_key(self.activity_id)))
        for member in self.winners:
            yield "doings", (self.activity_id, member)
            yield from of_holder(Holder("member", member))

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the one event of it, or why there is none."""
        book = state.books.get(self.book)
        activity = find(book, self.activity_id) if book is not None else None
        if activity is None or activity.kind in BY_BUYING:
            return refused("activity_unknown")
        if state.uses.get(closed_key(self.activity_id)):
            return refused("activity_over", zh=activity.name_zh, en=activity.name_en)
        winners = self.winners[: len(activity.ranks)]
        body = ActivityClosed(at, self.activity_id, self.book, self.staff, winners=winners)
        return Decision((body,), lambda _: body)


def now(state: State, at: Moment) -> When:
    """Return the mall's day of a moment of central's clock."""
    today = datetime.fromtimestamp(at.wall_ms / 1000, tz=UTC).astimezone(state.zone).date()
    return When(today, today, at.wall_ms)

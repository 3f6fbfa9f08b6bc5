"""What activities give, each member once: codes that devices scanned, and what staff record.

A device promised nothing, so central may refuse: its verdict is what the member is told. What was
done counts by when it happened, decided for the member where that is not sure (SYNC 2.7).
"""

from datetime import date
from typing import NamedTuple

from msgspec import structs

from central.ledger.judging import references, referrals
from central.ledger.judging.activity_points import affords, credit
from central.ledger.judging.activity_rows import Batch, Doing
from central.ledger.judging.entry import Entry, Impossible, bounded
from central.ledger.judging.rows import Judgement
from central.ledger.judging.state import State
from central.ledger.judging.wallets import scanned
from loyalty.activity_codes import ActivityCode, Given, find, judged, names
from loyalty.activity_events import (
    ActivityClosed,
    ActivityDone,
    ActivityIssued,
    ActivityRecorded,
)
from loyalty.rules.reasons import Reason
from loyalty.rules.rulebook import RuleBook
from loyalty.wire import Verdict

_FOR_EVER = "9999-12-31"
_NOTHING = Doing()


class When(NamedTuple):
    """When something was done: on one of these days, and not before this moment."""

    first_day: date
    last_day: date
    earliest_ms: int


class Weighed(NamedTuple):
    """What a doing gives, and on which of the days it counts."""

    given: Given
    day: date


def done(entry: Entry, body: ActivityDone) -> Judgement:
    """Judge an activity whose code a device scanned."""
    batch = entry.state.batches.get(body.batch)
    if batch is None:
        reference = references.to_batch(body.batch)
        return Judgement(Verdict.PENDING_REF, "activity_code_unknown", reference=reference)
    number = bounded("the code's number", body.number)
    if (
        body.activity_id != batch.activity_id
        or number > batch.count
        or bool(number) != bool(batch.count)
    ):
        raise Impossible(f"there is no code {body.batch}-{number} of {body.activity_id}")
    book = entry.state.books.get(body.book)
    if book is None:
        reference = references.to_rule_book(body.book)
        return Judgement(Verdict.PENDING_UPGRADE, references.BOOK_UNKNOWN, reference=reference)
    owner = scanned(entry, body.holder)
    if owner.kind == "card":
        return Judgement(Verdict.REFUSED_FINAL, "activity_members_only")
    if batch.closed_ms and entry.event.earliest_ms > batch.closed_ms:
        return Judgement(Verdict.REFUSED_FINAL, "activity_closed")
    return _do(entry, batch.code(body.batch, number), owner.key, book, body.book)


def recorded(entry: Entry, body: ActivityRecorded) -> Judgement:
    """Judge an activity that somebody told central of."""
    book = entry.state.books.get(body.book)
    if book is None:
        raise Impossible(f"rule book {body.book} was here and is gone")
    code = stated(body.activity_id, body.result, body.brought_by)
    return _do(entry, code, body.member, book, body.book)


def issued(entry: Entry, body: ActivityIssued) -> Judgement:
    """Keep what a batch of codes says; doings that came before it wait no longer."""
    if entry.state.batches.get(body.batch) is not None:
        raise Impossible(f"the codes {body.batch} are made already")
    batch = Batch(
        activity_id=body.activity_id,
        valid_until=body.valid_until,
        count=bounded("count", body.count),
        result=bounded("result", body.result),
        member=body.member,
        brought_by=body.brought_by,
        staff=body.staff,
        made_ms=body.at.wall_ms,
    )
    entry.state.batches.put(body.batch, batch)
    entry.wakes.append(references.to_batch(body.batch))
    return Judgement(Verdict.APPLIED)


def closed(entry: Entry, body: ActivityClosed) -> Judgement:
    """End a batch of codes or an activity; a contest's winners get the points of their ranks."""
    if body.batch:
        batch = entry.state.batches.get(body.batch)
        if batch is None:
            raise Impossible(f"there are no codes {body.batch}")
        entry.state.batches.put(body.batch, structs.replace(batch, closed_ms=body.at.wall_ms))
        return Judgement(Verdict.APPLIED)
    book = entry.state.books.get(body.book)
    activity = find(book, body.activity_id) if book is not None else None
    if book is None or activity is None or entry.state.uses.get(closed_key(body.activity_id)):
        raise Impossible(f"activity {body.activity_id} is unknown, or is closed already")
    entry.state.uses.put(closed_key(body.activity_id), body.at.wall_ms)
    for member, points in zip(body.winners, activity.ranks, strict=False):
        doing = entry.state.doings.get((activity.id, member)) or _NOTHING
        credit(entry, activity, member, points, entry.last_day(), book)
        entry.state.doings.put(
            (activity.id, member), structs.replace(doing, points=doing.points + points)
        )
    return Judgement(Verdict.APPLIED)


def weigh(
    state: State, code: ActivityCode, member: str, when: When, book: RuleBook
) -> Weighed | Reason:
    """Return what a doing gives a member by all that central knows, or why nothing."""
    refusal: Reason | None = None
    for day in dict.fromkeys((when.last_day, when.first_day)):
        found = judged(code, member, day, book, _Known(state, member))
        if isinstance(found, Given):
            found = _by_central(state, found, member, when) or found
        if isinstance(found, Given):
            return Weighed(found, day)
        refusal = refusal or found
    assert refusal is not None
    return refusal


def stated(activity_id: str, result: int, brought_by: str) -> ActivityCode:
    """Return what is told of a doing for which no code was scanned, as a code would say it."""
    return ActivityCode(0, activity_id, _FOR_EVER, result=result, brought_by=brought_by)


def closed_key(activity_id: str) -> str:
    """Return the counter that holds when an activity was closed, ms UTC."""
    return f"activity-closed/{activity_id}"


def _do(entry: Entry, code: ActivityCode, member: str, book: RuleBook, version: str) -> Judgement:
    state, event = entry.state, entry.event
    when = When(entry.first_day(), entry.last_day(), event.earliest_ms)
    weighed = weigh(state, code, member, when, book)
    if isinstance(weighed, Reason):
        return Judgement(Verdict.REFUSED_FINAL, weighed.code)
    given, day = weighed
    activity = given.activity
    if code.number:
        state.uses.put(_code_key(code), 1)
    key = (activity.id, member)
    before = state.doings.get(key) or _NOTHING
    doing = structs.replace(before, times=before.times + 1, day=day.isoformat())
    if activity.every_day:  # what was done days ago may still come: the last day is not enough
        state.uses.put(_day_key(activity.id, member, day), 1)
    if activity.kind == "contest":
        best = (before.result, -before.result_ms)
        if not before.times or (code.result, -event.latest_ms) > best:
            doing = structs.replace(doing, result=code.result, result_ms=event.latest_ms)
        state.doings.put(key, doing)
        return Judgement(Verdict.APPLIED, "activity_entered")
    if given.referrer:
        first_day = when.first_day.isoformat()  # the fewest purchases lie before it
        doing = structs.replace(doing, referrer=given.referrer, day=first_day)
        return referrals.begin(entry, activity, member, doing, version)
    credit(entry, activity, member, given.points, day, book)
    state.doings.put(key, structs.replace(doing, points=doing.points + given.points))
    return Judgement(Verdict.APPLIED, "", given.points)


class _Known:
    """What the ledger knows of what a member and others did before."""

    def __init__(self, state: State, member: str) -> None:
        self._state = state
        self._member = member

    def has_done(self, activity_id: str, day: date | None) -> bool:
        doing = self._state.doings.get((activity_id, self._member)) or _NOTHING
        if day is None or doing.day == day.isoformat():
            return doing.times > 0
        return bool(self._state.uses.get(_day_key(activity_id, self._member, day)))

    def is_used(self, batch: str, number: int) -> bool:
        code = ActivityCode(0, "", "", batch, number)
        return bool(self._state.uses.get(_code_key(code)))


def _by_central(state: State, given: Given, member: str, when: When) -> Reason | None:
    """Return why a doing gives nothing that only central can know."""
    activity = given.activity
    closed_ms = state.uses.get(closed_key(activity.id)) or 0
    if closed_ms and (activity.kind == "contest" or when.earliest_ms > closed_ms):
        return Reason("activity_over", names(activity))
    if given.referrer and referrals.is_pair(state, activity, member, given.referrer):
        return Reason("activity_pair")
    if not affords(state, activity, given.points + given.referrer_points):
        return Reason("activity_spent", names(activity))
    return None


def _code_key(code: ActivityCode) -> str:
    return f"activity-code/{code.batch}/{code.number}"


def _day_key(activity_id: str, member: str, day: date) -> str:
    return f"activity-day/{activity_id}/{member}/{day.isoformat()}"

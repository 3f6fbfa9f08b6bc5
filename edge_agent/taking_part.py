"""A member takes part in an activity by its code, at a till or a kiosk, online or not.

The code is checked with central's public key alone, and refused where this device knows why it
cannot count. Else it is written down, and nothing is promised: that a member does an activity once
over all devices is for central to say, and its verdict is told here when it comes.
"""

from collections.abc import Callable
from datetime import date
from typing import Literal

from msgspec import Struct

from edge_agent.effects import HeldSlip, Member, Now, Terms
from edge_agent.journal.activities import DoneHere
from edge_agent.journal.errors import JournalError
from edge_agent.journal.identity import Identity
from edge_agent.journal.journal import Journal
from edge_agent.journal.reader import Reader
from edge_agent.phrases import Phrase, Tone, own_words, phrase, told_why
from edge_agent.recording import kept_slip
from edge_agent.slips.compose import ActivitySlip
from edge_agent.slips.origin import called, origin
from loyalty.activity_codes import (
    ActivityCode,
    Given,
    NotAnActivityCode,
    find,
    judged,
    names,
    read_signed,
)
from loyalty.events import ActivityDone
from loyalty.rules.reasons import Reason

#: So long a code that was scanned first waits for its member.
WAITS_S = 60.0


class Took(Struct, frozen=True):
    """How it went. `points` are there once central has credited them."""

    state: Literal["waits", "noted", "credited", "refused"]
    phrase: Phrase
    name_zh: str = ""
    name_en: str = ""
    points: int | None = None

    @property
    def tone(self) -> Tone:
        """How a cashier hears it."""
        if self.state == "refused":
            return "error"
        return "info" if self.state == "waits" else "ok"


class TakingPart:
    """Decides on activity codes at one device. Called by the agent's loop only."""

    def __init__(self, journal: Journal, identity: Identity, online: Callable[[], bool]) -> None:
        self._journal = journal
        self._identity = identity
        self._online = online
        self._code: tuple[ActivityCode, float] | None = None
        self._last = ""

    def scanned(self, signed: str, member: Member | None, now: Now, terms: Terms) -> Took:
        """Take a code for the member who is here; without one it waits for the next scan."""
        self._code = None
        identity = self._identity
        try:
            code = read_signed(signed, identity.central_key, identity.shard_key)
        except NotAnActivityCode:
            return Took("refused", phrase(Reason("activity_forged")))
        if member is not None:
            return self._take(code, member, now, terms)
        self._code = (code, now.boottime_s + WAITS_S)
        activity = find(terms.book, code.activity_id)
        if activity is None:
            return Took("refused", phrase(Reason("activity_unknown")))
        words = phrase(Reason("activity_waits", names(activity)))
        return Took("waits", words, activity.name_zh, activity.name_en)

    def waits(self, now: Now) -> bool:
        """Tell whether a code waits for its member."""
        return self._code is not None and now.boottime_s <= self._code[1]

    def forget(self) -> None:
        """Let no code wait any more."""
        self._code = None

    def member_came(self, member: Member, now: Now, terms: Terms) -> Took | None:
        """Take the code that waits for this member; None if none does."""
        waiting, self._code = self._code, None
        if waiting is None or now.boottime_s > waiting[1]:
            return None
        return self._take(waiting[0], member, now, terms)

    def news(self, terms: Terms, whose: Member | None = None) -> list[Took]:
        """Return what central has said since, each once: of one member's, or of the last one here.

        A refusal is told whoever it is about, unless one member alone is asked for.
        """
        told = []
        for one in self._journal.activities_untold():
            mine = one.subject == self._last if whose is None else one.member == whose.holder.key
            if whose is not None and not mine:
                continue
            self._journal.refusal_told(one.subject)
            if mine or one.refused:
                told.append(_told(one, terms))
        return told

    def _take(self, code: ActivityCode, member: Member, now: Now, terms: Terms) -> Took:
        if member.new_card:
            return Took("refused", phrase(Reason("activity_members_only")))
        key = member.holder.key
        given = judged(code, key, now.today, terms.book, _Known(self._journal, key))
        if isinstance(given, Reason):
            return self._refused(given, code, key, terms)
        body = ActivityDone(
            at=now.moment,
            holder=member.holder,
            activity_id=code.activity_id,
            batch=code.batch,
            number=code.number,
            book=terms.version,
            day=now.today.isoformat() if now.today else "",
        )
        slips = [] if self._online() else [kept_slip(_slip(given, body, member, now, terms))]
        try:
            self._journal.append([body], slips=slips)
        except JournalError:
            return Took("refused", own_words("not_recorded"))
        done = DoneHere(key, code.activity_id, code.batch, code.number, body.day, None, "", 0)
        self._last = done.subject
        words = phrase(Reason("activity_noted", names(given.activity)))
        return Took("noted", words, given.activity.name_zh, given.activity.name_en)

    def _refused(self, why: Reason, code: ActivityCode, member: str, terms: Terms) -> Took:
        """Refuse what this device knows cannot count; what central said of it before is said."""
        activity = find(terms.book, code.activity_id)
        before = [
            one
            for one in self._journal.activities_of(member)
            if one.activity_id == code.activity_id and one.refused
        ]
        if before and why.code in ("activity_done", "activity_today"):
            return _told(before[-1], terms)
        zh, en = (activity.name_zh, activity.name_en) if activity else ("", "")
        return Took("refused", phrase(why), zh, en)


class _Known:
    """What this device knows of what a member and others did here."""

    def __init__(self, journal: Reader, member: str) -> None:
        self._journal = journal
        self._member = member

    def has_done(self, activity_id: str, day: date | None) -> bool:
        done = self._journal.activities_of(self._member)
        days = [one.day for one in done if one.activity_id == activity_id]
        return bool(days) if day is None else day.isoformat() in days

    def is_used(self, batch: str, number: int) -> bool:
        return self._journal.activity_by_code(batch, number) is not None


def _told(one: DoneHere, terms: Terms) -> Took:
    """Return central's word on an activity, in words."""
    activity = find(terms.book, one.activity_id)
    named = names(activity) if activity else {"zh": one.activity_id, "en": one.activity_id}
    state: Literal["credited", "noted", "refused"] = "credited" if one.points else "noted"
    if one.refused:
        # Which day was a code's last one does not come back with central's word.
        reason = "activity_over" if one.reason == "activity_expired" else one.reason
        state, why = "refused", told_why(reason, **named)
        words = Reason("activity_refused", {**named, "why_zh": why.zh, "why_en": why.en})
    elif one.reason:
        words = Reason(one.reason, named)
    else:
        words = Reason("activity_credited", {**named, "points": f"{one.points:,}"})
    return Took(state, phrase(words), named["zh"], named["en"], one.points or None)


def _slip(given: Given, body: ActivityDone, member: Member, now: Now, terms: Terms) -> HeldSlip:
    identity = f"{body.batch}{body.number:04}{body.holder.key}"
    zh = terms.language == "zh"
    content = ActivitySlip(
        origin=origin(now, terms, identity),
        member=called(member, terms),
        activity=given.activity.name_zh if zh else given.activity.name_en,
    )
    return HeldSlip(f"{identity[:32]}-activity-{now.moment.wall_ms}", identity, content)

"""What the ledger learns about members and their cards."""

from msgspec import structs

from central.ledger.judging import owners
from central.ledger.judging.entry import Entry, Impossible
from central.ledger.judging.member_rows import Profile, TierChange
from central.ledger.judging.rows import Judgement, Member
from central.ledger.judging.wallets import move_card, pay_debt
from loyalty.events import Holder, MemberFacts, MemberSet, TierSet
from loyalty.wire import Verdict


def set_member(entry: Entry, body: MemberSet) -> Judgement:
    """Set a member's tier and cards; what was earned on a new card moves to the member."""
    known = entry.state.members.get(body.member)
    tags = tuple(sorted(set(body.tags)))
    for tag in known.tags if known is not None else ():
        if tag not in tags:
            entry.state.cards.put(tag, None)
    for tag in tags:
        holder = entry.state.cards.get(tag)
        if holder == body.member:
            continue
        if holder is not None:
            _lose(entry, holder, tag)
        move_card(entry, tag, body.member)
        entry.state.cards.put(tag, body.member)
        owners.had(entry.state, tag, body.member, entry.event.latest_ms)
    pay_debt(entry, Holder("member", body.member), body.member)
    entry.state.members.put(body.member, Member(body.tier_id, tags))
    if known is not None and known.tier_id != body.tier_id:
        profile = entry.state.profiles.get(body.member) or Profile()
        change = TierChange(entry.event.latest_ms, body.tier_id, "set")
        _stands(entry, body.member, profile, change)
    return Judgement(Verdict.APPLIED)


def set_facts(entry: Entry, body: MemberFacts) -> Judgement:
    """Keep what the rules may ask of a member; how the tier stands is not changed."""
    if not 0 <= body.birth_month <= 12:
        raise Impossible(f"birth month {body.birth_month}")
    known = entry.state.profiles.get(body.member) or Profile()
    labels = tuple(sorted(set(body.labels)))
    facts = structs.replace(known, labels=labels, birth_month=body.birth_month)
    entry.state.profiles.put(body.member, facts)
    return Judgement(Verdict.APPLIED)


def set_tier(entry: Entry, body: TierSet) -> Judgement:
    """Give a member another tier, or note until when the one they have stays."""
    member = entry.state.members.get(body.member)
    if member is None:
        raise Impossible(f"there is no member {body.member}")
    known = entry.state.profiles.get(body.member) or Profile()
    change = TierChange(
        entry.event.latest_ms,
        body.tier_id,
        body.cause,
        body.points,
        body.below_since,
        body.granted_until,
        body.why,
    )
    granted_id = ""
    if body.granted_until:
        granted_id = body.tier_id if body.cause == "grant" else known.granted_id or member.tier_id
    _stands(entry, body.member, known, change, granted_id)
    entry.state.members.put(body.member, structs.replace(member, tier_id=body.tier_id))
    return Judgement(Verdict.APPLIED)


def _stands(
    entry: Entry, member: str, known: Profile, change: TierChange, granted_id: str = ""
) -> None:
    """Note a change of a member's tier, and how it stands now."""
    stands = structs.replace(
        known,
        below_since=change.below_since,
        granted_until=change.granted_until,
        cause=change.cause,
        tier_points=change.points,
        tier_day=entry.last_day().isoformat(),
        why=change.why,
        granted_id=granted_id,
    )
    entry.state.profiles.put(member, stands)
    entry.state.tier_changes.put((member, entry.event.identity.seq), change)


def _lose(entry: Entry, member: str, tag: str) -> None:
    """Take a card from the member who had it; what was earned on it stays theirs."""
    known = entry.state.members.get(member)
    if known is not None:
        left = tuple(other for other in known.tags if other != tag)
        entry.state.members.put(member, Member(known.tier_id, left))

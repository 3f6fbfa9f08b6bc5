"""What the ledger learns about members and their cards."""

from central.ledger.entry import Entry
from central.ledger.rows import Judgement, Member
from central.ledger.wallets import move_card, pay_debt
from loyalty.events import Holder, MemberSet
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
    pay_debt(entry, Holder("member", body.member), body.member)
    entry.state.members.put(body.member, Member(body.tier_id, tags))
    return Judgement(Verdict.APPLIED)


def _lose(entry: Entry, member: str, tag: str) -> None:
    """Take a card from the member who had it; what was earned on it stays theirs."""
    known = entry.state.members.get(member)
    if known is not None:
        left = tuple(other for other in known.tags if other != tag)
        entry.state.members.put(member, Member(known.tier_id, left))

"""From a scanned or typed code to the member who holds it, by the local directory."""

from msgspec import structs

from edge_agent.effects import Member
from edge_agent.journal.identity import Identity
from edge_agent.journal.reader import Reader
from edge_agent.phrases import Phrase, own_words, phrase
from loyalty.codes import (
    BadCode,
    MemberNumber,
    MemberPass,
    OtherCode,
    PaymentCode,
    Scan,
    is_like_short_code,
    mask_number,
)
from loyalty.events import Holder, Moment
from loyalty.passes import NotAPass, read_pass
from loyalty.rules.earning import Reason


def member_of(
    scan: Scan, identity: Identity, journal: Reader, at: Moment, *, typed: bool
) -> Member | Phrase:
    """Return the member a code stands for at a moment, or why it stands for none.

    A member number that nobody here knows is a new card if it carries our mark or was typed by a
    person; a bare number from a scanner may as well be a product's.
    """
    match scan:
        case MemberPass(signed=signed):
            return _of_pass(signed, identity, journal, at)
        case MemberNumber(number=number, prefixed=prefixed):
            member = holder_member(journal, journal.holder_of_code(number))
            if member.new_card and not (prefixed or typed):
                return phrase(Reason("scan_not_member"))
            return structs.replace(member, number_tail=mask_number(number))
        case OtherCode(text=text):
            holder = journal.holder_of_code(text)
            if holder.kind == "card" and typed and is_like_short_code(text):
                return phrase(Reason("scan_bad_check"))
            if holder.kind == "card":
                return phrase(Reason("scan_not_member"))
            member = holder_member(journal, holder)
            return structs.replace(member, number_tail=mask_number(text))
        case PaymentCode():
            return phrase(Reason("scan_payment_code"))
        case BadCode():
            return phrase(Reason("scan_bad_check"))
    return own_words("claim_not_here")


def _of_pass(signed: str, identity: Identity, journal: Reader, at: Moment) -> Member | Phrase:
    """Return who shows a pass. Without a sure time it may be an old picture: it proves nothing."""
    try:
        shown = read_pass(signed, identity.central_key, identity.shard_key)
    except NotAPass:
        return own_words("pass_not_ours")
    now_ms = journal.sure_ms(at)
    if now_ms is not None and not shown.is_fresh(now_ms):
        return phrase(Reason("pass_old"))
    member = holder_member(journal, Holder("member", shown.member))
    return structs.replace(member, shown_pass="" if now_ms is None else signed)


def holder_member(journal: Reader, holder: Holder) -> Member:
    """Return what the directory and this device's own promises say of a holder."""
    standing = journal.standing(holder)
    known = holder.kind == "member"
    return Member(
        holder=standing.holder,
        masked_name=standing.masked_name,
        number_tail="",
        tier_id=standing.tier_id,
        balance=standing.balance if known or standing.balance is not None else standing.pending,
        pending=standing.pending,
        new_card=not known,
    )

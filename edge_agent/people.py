"""From a scanned or typed code to the member who holds it, by the local directory."""

from edge_agent.effects import Member
from edge_agent.journal.reader import Reader
from edge_agent.phrases import Phrase, own_words, phrase
from loyalty.codes import BadCode, MemberNumber, OtherCode, PaymentCode, Scan, card_tag, mask_number
from loyalty.earning import Reason
from loyalty.events import Holder


def member_of(scan: Scan, tenant_key: bytes, journal: Reader, *, typed: bool) -> Member | Phrase:
    """Return the member a code stands for, or why it stands for none.

    A member number that nobody here knows is a new card if it carries our mark or was typed by a
    person; a bare number from a scanner may as well be a product's.
    """
    match scan:
        case MemberNumber(number=number, prefixed=prefixed):
            member = holder_member(journal, journal.holder_of(card_tag(tenant_key, number)))
            if member.new_card and not (prefixed or typed):
                return phrase(Reason("scan_not_member"))
            return _with_tail(member, mask_number(number))
        case OtherCode(text=text):
            holder = journal.holder_of(card_tag(tenant_key, text))
            if holder.kind == "card":
                return phrase(Reason("scan_not_member"))
            return _with_tail(holder_member(journal, holder), mask_number(text))
        case PaymentCode():
            return phrase(Reason("scan_payment_code"))
        case BadCode():
            return phrase(Reason("scan_bad_check"))
    return own_words("claim_not_here")


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


def _with_tail(member: Member, tail: str) -> Member:
    return Member(
        member.holder,
        member.masked_name,
        tail,
        member.tier_id,
        member.balance,
        member.pending,
        member.new_card,
    )

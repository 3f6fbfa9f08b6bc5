"""Who and where a slip is about: the origin of each slip and how it names a member."""

from edge_agent.effects import Member, Now, Terms
from edge_agent.slips.parts import Origin

UNKNOWN_MEMBER = {"zh": "持卡人", "en": "Card holder"}


def origin(now: Now, terms: Terms, identity: str) -> Origin:
    """Return where a slip comes from; its number is the start of the identity it is about."""
    shop = terms.shop.name_zh if terms.language == "zh" else terms.shop.name_en
    return Origin(
        mall=terms.programme,
        shop=shop,
        till=terms.device,
        printed_at=now.local or "",
        number=identity[:10].upper(),
    )


def called(member: Member, terms: Terms) -> str:
    """Return how a slip names a member: masked name and the tail of the number."""
    name = UNKNOWN_MEMBER[terms.language] if member.new_card else member.masked_name
    return f"{name} {member.number_tail}".strip()

"""Member files for tests, made of plain dictionaries."""

import hashlib

from loyalty.member_file import (
    Header,
    MemberFile,
    card_record,
    key_check,
    key_of,
    member_record,
    open_card_record,
)

TENANT_KEY = b"t" * 32


def member_file(
    members, cards, open_cards, position=1, tiers=("", "basic", "gold"), tenant_key=TENANT_KEY
):
    """Return a file's bytes.

    Members: pseudonym to (tier, balance, masked name); cards: tag to pseudonym; open cards: tag to
    balance.
    """
    header = Header(
        key_check(tenant_key), position, tiers, (len(members), len(cards), len(open_cards))
    )
    rows = [
        member_record(key_of(member), tiers.index(tier), balance, name)
        for member, (tier, balance, name) in sorted(members.items())
    ]
    rows += [card_record(key_of(tag), key_of(member)) for tag, member in sorted(cards.items())]
    rows += [open_card_record(key_of(tag), left) for tag, left in sorted(open_cards.items())]
    return header.encode() + b"".join(rows)


def opened(data):
    """Return bytes as a member file to look things up in."""
    return MemberFile(lambda offset, size: data[offset : offset + size], len(data))


def name_of(data):
    """Return the name of a file."""
    return hashlib.sha256(data).hexdigest()

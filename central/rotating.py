"""Another tenant key: every card gets a tag under it, in one transaction.

From the moment it is in force tills hear of it as they come, each together with a member file
whose tags are under it. Those that have not come go on under the key before, whose tags stay in the
ledger until the next rotation; that one waits for them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection, select

from central.app import Parts, now_ms
from central.database import writing
from central.keys import Keys, add_tenant_key, load
from central.ledger.commands import SetMember
from central.ledger.shards import keep_tenant_number, tenant_number
from central.ledger.writing.turns import run_turn
from central.members.cards import Card, Cards
from central.records import chunks, find
from central.schema import member, member_tier
from central.sync.tenant_moves import behind

_PAGE_MEMBERS = 5_000


class DevicesBehind(RuntimeError):
    """Devices do not use today's tenant key yet; `names` are theirs."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        super().__init__(f"{len(names)} devices do not use today's tenant key yet")


def rotate(parts: Parts) -> int:
    """Put another tenant key in force; return how many members it is told of.

    Raises DevicesBehind, KeysError and OSError: then the key in force stays. A key that a rotation
    wrote to the keys file before it failed is the one that the next takes.
    """
    path, shard_key = Path(parts.config.keys_file), parts.config.shard_key
    with writing(parts.engine) as connection:
        number = tenant_number(connection, shard_key)
        late = behind(connection, shard_key, number)
        if late:
            raise DevicesBehind(late)
        keys = load(path)
        if len(keys.tenant_keys) == number + 1:
            keys = add_tenant_key(path)
        told = _retag(connection, shard_key, keys.at(number + 1))
        keep_tenant_number(connection, shard_key, number + 1)
    return told


def _retag(connection: Connection, shard_key: int, keys: Keys) -> int:
    cards = Cards(connection, shard_key, keys.tenant_keys, keys.tenant_number)
    told, moment_ms = 0, now_ms()
    for page in _pages(connection, shard_key):
        held = cards.held(page)
        codes = {name: {card.code for card in held.get(name, {}).values()} for name in page}
        wanted = {name: cards.of(codes[name]) for name in page}
        waiting = cards.waiting({code for some in codes.values() for code in some})
        for name in page if waiting else ():
            wanted[name] |= {tag: one for tag, one in waiting.items() if one.code in codes[name]}
        cards.keep(wanted)
        for part in chunks(_commands(connection, shard_key, wanted)):
            told += len(part)
            for answer in run_turn(connection, shard_key, part, moment_ms):
                if isinstance(answer, Exception):
                    raise answer
    return told


def _pages(connection: Connection, shard_key: int) -> Iterator[Sequence[str]]:
    """Yield the members by pseudonym, some at a time."""
    last: str | None = ""
    while last is not None:
        behind_last = (member.c.shard_key == shard_key, member.c.member > last)
        query = select(member.c.member).where(*behind_last).order_by(member.c.member)
        page = connection.execute(query.limit(_PAGE_MEMBERS)).scalars().all()
        yield page
        last = page[-1] if page else None


def _commands(
    connection: Connection, shard_key: int, wanted: dict[str, dict[str, Card]]
) -> list[SetMember]:
    tiers = find(connection, member_tier, shard_key, "member", list(wanted))
    return [
        SetMember(row.member, row.tier_id, tuple(sorted(wanted[row.member])))
        for row in sorted(tiers, key=lambda row: row.member)
    ]

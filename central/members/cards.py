"""The cards of members: each code by its tags under the tenant keys that still count.

Under today's key tills find a card. Under the one before, tills that have not heard of today's
still do. Under those from before that, only what was earned on a card can be waiting: then its tag
is told to the ledger too, which moves it to the member.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from sqlalchemy import Connection, delete, insert

from central.ledger.judging.accounts import wallet_id
from central.records import chunks, find
from central.schema import account, member_card
from loyalty.codes import card_tag
from loyalty.events import Holder

#: How many tenant keys tags are made under: today's, and the one that late tills still have.
KEYS_IN_FORCE = 2


class Card(Struct, frozen=True):
    """A code as scanned, and the number of the tenant key that its tag was made under."""

    code: str
    key_number: int


class Cards:
    """The cards of one shard, `number` being that of today's tenant key."""

    def __init__(
        self, connection: Connection, shard_key: int, tenant_keys: Sequence[bytes], number: int
    ) -> None:
        self._connection = connection
        self._shard_key = shard_key
        first = max(0, number + 1 - KEYS_IN_FORCE)
        self._in_force = [(one, tenant_keys[one]) for one in range(first, number + 1)]
        self._retired = [(one, tenant_keys[one]) for one in range(first)]

    def of(self, codes: Iterable[str]) -> dict[str, Card]:
        """Return cards by their tags under the keys in force."""
        return _tagged(self._in_force, codes)

    def waiting(self, codes: Iterable[str]) -> dict[str, Card]:
        """Return those cards on which something was earned under a key that is in force no more."""
        cards = {
            wallet_id(Holder("card", tag)): (tag, card)
            for tag, card in _tagged(self._retired, codes).items()
        }
        rows = find(self._connection, account, self._shard_key, "account_id", list(cards))
        return dict(cards[bytes(row.account_id)] for row in rows)

    def held(self, members: Sequence[str]) -> dict[str, dict[str, Card]]:
        """Return the cards that members have by member and tag."""
        found: dict[str, dict[str, Card]] = {}
        for row in find(self._connection, member_card, self._shard_key, "member", members):
            card = Card(row.alias, row.key_number or 0)
            found.setdefault(row.member, {})[row.tag] = card
        return found

    def keep(self, cards: dict[str, dict[str, Card]]) -> None:
        """Let members have these cards and no others."""
        t = member_card
        for part in chunks(list(cards)):
            whose = (t.c.shard_key == self._shard_key, t.c.member.in_(part))
            self._connection.execute(delete(t).where(*whose))
        rows = [
            {
                "shard_key": self._shard_key,
                "tag": tag,
                "member": member,
                "alias": card.code,
                "key_number": card.key_number,
            }
            for member, held in cards.items()
            for tag, card in held.items()
        ]
        if rows:
            self._connection.execute(insert(t), rows)


def _tagged(keys: Iterable[tuple[int, bytes]], codes: Iterable[str]) -> dict[str, Card]:
    codes = list(codes)
    return {card_tag(key, code): Card(code, number) for number, key in keys for code in codes}

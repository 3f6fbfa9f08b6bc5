"""The members' table, and what the ledger is told of a member.

The only place where a person and a pseudonym stand side by side. Names, phones and card numbers
stay here; the ledger learns the pseudonym, the tier and the hashed tags of the cards, by events
on central's own chain.
"""

import secrets
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from msgspec import Struct, structs
from sqlalchemy import Connection, Row

from central.ledger.commands import SetMember
from central.ledger.judging.member_rows import Profile
from central.ledger.rule_commands import SetFacts
from central.ledger.writing.projections import profile_of
from central.members.cards import Card, Cards
from central.members.sheet import MemberLine
from central.records import Tally, Values, find, put
from central.schema import member, member_card, member_profile, member_tier
from central.sheets import Problem
from loyalty.codes import MEMBER_NUMBER_DIGITS, make_member_number, mask_name

_PSEUDONYM_BYTES = 8
#: Labels, and the month of birth (0: not told).
Facts = tuple[tuple[str, ...], int]
_NOTHING_TOLD: Facts = ((), 0)


class Conflict(ValueError):
    """The file contradicts the members that are there; `problems` say on which lines."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(f"{len(problems)} problems")


class Saved(Struct, frozen=True):
    """What saving came to, and what the ledger must be told because of it.

    `facts` are what the rules may ask of members, where that changed. `joined` are the new
    members who joined today: others joined where they came from.
    """

    tally: Tally
    commands: tuple[SetMember, ...]
    facts: tuple[SetFacts, ...] = ()
    joined: tuple[str, ...] = ()


class _Known(Struct, frozen=True):
    """A member as the database has them; `cards` are theirs by tag."""

    member: str
    number: str
    phone: str | None
    joined_on: str
    tier_id: str
    cards: dict[str, Card]
    facts: Facts


class _Wanted(Struct, frozen=True):
    """A member as they shall be; `cards` are all of theirs by tag."""

    line: int
    row: Values
    tier_id: str
    cards: dict[str, Card]
    facts: Facts
    before: _Known | None


class Registry:
    """Saves the members of one shard; who joins without a date joins `today`."""

    def __init__(
        self,
        connection: Connection,
        shard_key: int,
        cards: Cards,
        first_tier: str,
        today: date,
    ) -> None:
        self._connection = connection
        self._shard_key = shard_key
        self._cards = cards
        self._first_tier = first_tier
        self._today = today.isoformat()

    def save(self, lines: Sequence[MemberLine]) -> Saved:
        """Add and change members as a file has them. Raises Conflict."""
        known = self._match(lines)
        taken = {line.number for line in lines}
        wanted = self._with_waiting(
            [self._wanted(line, before, taken) for line, before in zip(lines, known, strict=True)]
        )
        self._refuse_shared(wanted)
        changes = put(self._connection, member, self._shard_key, [each.row for each in wanted])
        renewed = {row["member"] for row in changes.news}
        told = [each for each in wanted if each.row["member"] in renewed or _is_news(each)]
        moved = [each for each in told if _cards_before(each) != each.cards]
        self._cards.keep({each.row["member"]: each.cards for each in moved})
        commands = tuple(
            SetMember(each.row["member"], each.tier_id, tuple(sorted(each.cards))) for each in told
        )
        added = len(changes.added)
        new = (each.row for each in wanted if each.before is None)
        joined = tuple(row["member"] for row in new if row["joined_on"] == self._today)
        facts = tuple(
            SetFacts(each.row["member"], *each.facts) for each in told if _facts_change(each)
        )
        done = Tally(added, len(told) - added, len(lines) - len(told))
        return Saved(done, commands, facts, joined)

    def _match(self, lines: Sequence[MemberLine]) -> list[_Known | None]:
        """Find each line's member: by number, or without one by phone. Raises Conflict."""
        numbers = [line.number for line in lines if line.number]
        phones = [line.phone for line in lines if not line.number]
        by_number = {row.number: row for row in self._find("number", numbers)}
        by_phone: dict[str | None, list[Row[Any]]] = {}
        for row in self._find("phone", phones):
            by_phone.setdefault(row.phone, []).append(row)
        problems, found = [], []
        for line in lines:
            rows = [by_number.get(line.number)] if line.number else by_phone.get(line.phone, [None])
            found.append(rows[0])
            if len(rows) > 1:
                zh, en = "多位会员使用此手机号，请填会员号", "several members: give the number"
                problems.append(Problem(line.line, "phone", zh, en))
        _refuse_twice(lines, found, problems)
        return self._complete(found)

    def _find(self, column: str, values: Sequence[object]) -> Iterator[Row[Any]]:
        return find(self._connection, member, self._shard_key, column, values)

    def _complete(self, found: list[Row[Any] | None]) -> list[_Known | None]:
        """Add tiers and cards to the members that were found."""
        members = [row.member for row in found if row is not None]
        tiers = {
            row.member: row.tier_id
            for row in find(self._connection, member_tier, self._shard_key, "member", members)
        }
        cards = self._cards.held(members)
        profiles = {
            row.member: profile_of(row.content)
            for row in find(self._connection, member_profile, self._shard_key, "member", members)
        }
        return [
            None
            if row is None
            else _Known(
                member=row.member,
                number=row.number,
                phone=row.phone,
                joined_on=row.joined_on,
                tier_id=tiers.get(row.member, self._first_tier),
                cards=cards.get(row.member, {}),
                facts=_facts_of(profiles.get(row.member)),
            )
            for row in found
        ]

    def _wanted(self, line: MemberLine, before: _Known | None, taken: set[str]) -> _Wanted:
        number = before.number if before else line.number or self._new_number(taken)
        codes = {number}
        if line.aliases is not None:
            codes.update(line.aliases)
        elif before is not None:
            codes.update(card.code for card in before.cards.values())
        row = {
            "member": before.member if before else secrets.token_hex(_PSEUDONYM_BYTES),
            "number": number,
            "name": line.name,
            "masked_name": mask_name(line.name),
            "phone": line.phone or (before.phone if before else None),
            "joined_on": line.joined_on or (before.joined_on if before else self._today),
        }
        tier_id = line.tier_id or (before.tier_id if before else self._first_tier)
        labels, month = before.facts if before else _NOTHING_TOLD
        facts = (
            labels if line.labels is None else line.labels,
            month if line.birth_month is None else line.birth_month,
        )
        return _Wanted(line.line, row, tier_id, self._cards.of(codes), facts, before)

    def _with_waiting(self, wanted: Sequence[_Wanted]) -> list[_Wanted]:
        """Add the cards on which something waits under a tenant key of long ago."""
        waiting: dict[str, dict[str, Card]] = {}
        codes = {card.code for each in wanted for card in each.cards.values()}
        for tag, card in self._cards.waiting(codes).items():
            waiting.setdefault(card.code, {})[tag] = card
        return [
            structs.replace(each, cards=each.cards | more)
            if (more := _of_codes(waiting, each))
            else each
            for each in wanted
        ]

    def _new_number(self, taken: set[str]) -> str:
        """Draw a number that no member has and no line of this file names."""
        while True:
            digits = "".join(secrets.choice("0123456789") for _ in range(MEMBER_NUMBER_DIGITS - 1))
            number = make_member_number(digits)
            if number not in taken and next(self._find("number", [number]), None) is None:
                taken.add(number)
                return number

    def _refuse_shared(self, wanted: Sequence[_Wanted]) -> None:
        """Refuse a card that two members would have. Raises Conflict."""
        owner = {
            row.tag: row.member
            for row in find(
                self._connection,
                member_card,
                self._shard_key,
                "tag",
                [tag for each in wanted for tag in each.cards],
            )
        }
        for each in wanted:  # a card taken from one member may go to another in the same file
            for tag in _cards_before(each):
                if tag not in each.cards:
                    owner.pop(tag, None)
        problems = []
        for each in wanted:
            if any(
                owner.setdefault(tag, each.row["member"]) != each.row["member"]
                for tag in each.cards
            ):
                zh, en = "此卡已属于另一位会员", "another member has this card"
                problems.append(Problem(each.line, "aliases", zh, en))
        if problems:
            raise Conflict(problems)


def _of_codes(by_code: dict[str, dict[str, Card]], wanted: _Wanted) -> dict[str, Card]:
    codes = {card.code for card in wanted.cards.values()}
    return {tag: card for code in codes for tag, card in by_code.get(code, {}).items()}


def _cards_before(wanted: _Wanted) -> dict[str, Card]:
    return wanted.before.cards if wanted.before else {}


def _is_news(wanted: _Wanted) -> bool:
    before = wanted.before
    if before is None or before.cards != wanted.cards or before.tier_id != wanted.tier_id:
        return True
    return _facts_change(wanted)


def _facts_change(wanted: _Wanted) -> bool:
    return wanted.facts != (wanted.before.facts if wanted.before else _NOTHING_TOLD)


def _facts_of(profile: Profile | None) -> Facts:
    return (profile.labels, profile.birth_month) if profile is not None else _NOTHING_TOLD


def _refuse_twice(
    lines: Sequence[MemberLine], found: Sequence[Row[Any] | None], problems: list[Problem]
) -> None:
    """Refuse a file that names one member by number on one line and by phone on another."""
    seen: dict[str, int] = {}
    for line, row in zip(lines, found, strict=True):
        if row is not None and seen.setdefault(row.member, line.line) != line.line:
            zh, en = (
                f"与第 {seen[row.member]} 行是同一会员",
                f"the member of line {seen[row.member]}",
            )
            problems.append(Problem(line.line, "", zh, en))
    if problems:
        raise Conflict(problems)

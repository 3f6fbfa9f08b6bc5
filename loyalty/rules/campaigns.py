"""One campaign of the rule book: what it gives, when, where, to whom, and how much at most.

A campaign multiplies what the shops' rates and the tier give (`times`) or adds points (`points`,
for each full `every_fen` if that is set). Of each stacking group the best counts; what the groups
give is multiplied and added across groups. Campaigns of one group share its caps.
"""

from collections.abc import Callable
from datetime import date
from enum import IntEnum
from typing import Literal

from msgspec import Struct

from loyalty.rules.spans import Span, Weekday, holds

CapOf = Literal["receipt", "day", "member", "budget"]


class Met(IntEnum):
    """Whether a condition holds. A till does not know everything that central knows (P10)."""

    NO = 0
    UNKNOWN = 1
    YES = 2


class Who(Struct, frozen=True, gc=False):
    """What the rules may ask of a member. None: not known here, so central will say.

    `birth_month` is 0 for a member who has not told it. `had` are the campaigns for a first
    purchase that this member has had.
    """

    tier_id: str = ""
    labels: frozenset[str] | None = None
    birth_month: int | None = None
    had: frozenset[str] | None = None


class Campaign(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, gc=False
):
    """A campaign as people write it. Amounts in fen, days in the mall's zone, both included.

    `minimum_fen` is asked of what earns on the receipt, of `products` alone if they are named.
    `expiry_months` 0 is what the member's tier or the book says. Caps of 0 are none.
    """

    id: str
    name_zh: str
    name_en: str
    times: str = ""
    points: int = 0
    every_fen: int = 0
    group: str = ""
    from_day: date | None = None
    until_day: date | None = None
    weekdays: tuple[Weekday, ...] = ()
    hours: tuple[str, ...] = ()
    shops: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    minimum_fen: int = 0
    tiers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    birthday_month: bool = False
    first_purchase: bool = False
    cap_receipt: int = 0
    cap_day: int = 0
    cap_member: int = 0
    budget: int = 0
    expiry_months: int = 0

    def stack(self) -> str:
        """Return the stacking group; a campaign that names none is a group of its own."""
        return self.group or f"={self.id}"

    def shared(self) -> tuple[int, int, int, int, int]:
        """Return what campaigns of one group must have in common."""
        caps = (self.cap_receipt, self.cap_day, self.cap_member, self.budget)
        return (*caps, self.expiry_months)

    def in_shop(self, shop_id: str, category: str) -> bool:
        """Tell whether the campaign counts in a shop."""
        if not self.shops and not self.categories:
            return True
        return shop_id in self.shops or category in self.categories

    def met(self, covered_fen: int, who: Who, when: Span | None) -> Met:
        """Tell whether a receipt with `covered_fen` of what the campaign covers meets it.

        `when` is None where nobody knows the time. The shop was asked before (`in_shop`).
        """
        if covered_fen <= 0 or covered_fen < self.minimum_fen:
            return Met.NO
        if self.tiers and who.tier_id not in self.tiers:
            return Met.NO
        asked = self._for(who, when)
        return asked if asked is Met.NO else min(asked, self._timely(when))

    def _timely(self, when: Span | None) -> Met:
        if not (self.from_day or self.until_day or self.weekdays or self.hours):
            return Met.YES
        if when is None:
            return Met.UNKNOWN
        held = holds(when, self.from_day, self.until_day, self.weekdays, self.hours)
        return Met.YES if held else Met.NO

    def _for(self, who: Who, when: Span | None) -> Met:
        answer = Met.YES
        if self.labels:
            answer = _known(who.labels, lambda has: not has.isdisjoint(self.labels))
        if self.birthday_month and answer is not Met.NO:
            born = who.birth_month
            if born is None or (when is None and born):
                answer = Met.UNKNOWN
            elif when is None or born not in when.months():
                answer = Met.NO
        if self.first_purchase and answer is not Met.NO:
            answer = min(answer, _known(who.had, lambda had: self.id not in had))
        return answer


def _known(facts: frozenset[str] | None, holds_for: Callable[[frozenset[str]], bool]) -> Met:
    if facts is None:
        return Met.UNKNOWN
    return Met.YES if holds_for(facts) else Met.NO

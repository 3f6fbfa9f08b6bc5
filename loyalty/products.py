"""Which goods the rules speak of: lines of a receipt found by words in them or by their codes.

A receipt's lines never leave its till (P10). What leaves is how much of the earning amount each
combination of the book's product groups has, which is all that the rules ask of lines.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from loyalty.receipt import Item

#: More combinations than this on one receipt: the smallest count as goods of no group.
PARTS_MAX = 32
_TOKEN = re.compile(r"[0-9A-Za-z]+(?:[-.][0-9A-Za-z]+)*")


class Products(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A group of goods: a line is one of them if it holds a word or, as a whole word, a code."""

    id: str
    name_zh: str
    name_en: str
    words: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()

    def holds(self, line: str) -> bool:
        """Tell whether a line's name is of this group, whatever its width and case."""
        folded = fold(line)
        if any(fold(word) in folded for word in self.words):
            return True
        return bool(self.codes) and not _tokens(folded).isdisjoint(map(fold, self.codes))


class Part(Struct, frozen=True, array_like=True, gc=False):
    """`fen` of the earning amount went into goods that are in all of these groups."""

    products: tuple[str, ...]
    fen: int


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return a text as it is compared: width folded, case folded, no blanks around it."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def is_code(text: str) -> bool:
    """Tell whether a text can be found as a code, which is one whole word of a line."""
    return _TOKEN.fullmatch(fold(text)) is not None


@lru_cache(maxsize=4096)
def _tokens(folded: str) -> frozenset[str]:
    return frozenset(_TOKEN.findall(folded))


def parts_of(
    items: Iterable[Item], earning_fen: int, products: tuple[Products, ...]
) -> tuple[Part, ...]:
    """Return how much of `earning_fen` each combination of groups has, in the order of the groups.

    Discounts and tenders that do not earn lie on all lines alike: if the lines add up to more than
    what earns, every combination gets its share, rounded down. How the goods are split into lines
    changes nothing.
    """
    if not products or earning_fen <= 0:
        return ()
    order = {group.id: place for place, group in enumerate(products)}
    sums: dict[tuple[str, ...], int] = {}
    for item in items:
        if not item.topup:
            groups = tuple(group.id for group in products if group.holds(item.name))
            if groups or item.amount_fen > 0:  # a discount on the whole is no goods of its own
                sums[groups] = sums.get(groups, 0) + item.amount_fen
    total = sum(fen for fen in sums.values() if fen > 0)
    share = min(earning_fen, total)
    known = [(groups, fen * share // total) for groups, fen in sums.items() if groups and fen > 0]
    largest = sorted(known, key=lambda one: (-one[1], one[0]))[:PARTS_MAX]
    in_order = sorted(largest, key=lambda one: [order[group] for group in one[0]])
    return tuple(Part(groups, fen) for groups, fen in in_order if fen > 0)

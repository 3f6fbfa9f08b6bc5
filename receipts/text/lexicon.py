"""Searching labels for terms of the vocabulary, in one pass, the longest at a place first."""

import re
from collections.abc import Iterable
from typing import Generic, TypeVar

from receipts.text import amount_words, paper_words
from receipts.text.amount_words import Role

Value = TypeVar("Value")

_SEPARATORS = re.compile(r"[|\n]")
_LETTERS = re.compile("[A-Z]+")


def _tree(terms: list[str]) -> str:
    """Return an expression for the terms, the longest first, in which no beginning is twice.

    As one flat list of words the expression would try hundreds of them at every place.
    """
    branches: dict[str, list[str]] = {}
    for term in terms:
        if term:
            branches.setdefault(term[0], []).append(term[1:])
    parts = [re.escape(first) + _tree(rests) for first, rests in sorted(branches.items())]
    whole = parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})" if parts else ""
    return f"(?:{whole})?" if parts and "" in terms else whole


def _longest_run(term: str) -> int:
    """Return how many letters in a row a label has at least if it holds this term."""
    return max((len(run) for run in _LETTERS.findall(term)), default=0)


class Lexicon(Generic[Value]):
    """Terms with a value each; of equal terms the first one given counts."""

    def __init__(self, entries: Iterable[tuple[str, Value]]) -> None:
        self._values: dict[str, Value] = {}
        for words, value in entries:
            for term in _SEPARATORS.split(words):
                if term.strip():
                    self._values.setdefault(term.strip(), value)
        latin = [term for term in self._values if term.isascii()]
        chinese = [term for term in self._values if not term.isascii()]
        self._latin = re.compile(rf"(?<![A-Z]){_tree(latin)}(?![A-Z])") if latin else None
        self._letters = re.compile(f"[A-Z]{{{min(map(_longest_run, latin), default=1)}}}")
        self._chinese = re.compile(_tree(chinese)) if chinese else None

    def find(self, label: str) -> list[tuple[str, Value]]:
        """Return the terms in an upper-case label with their values, in printed order."""
        hits: list[tuple[int, str]] = []
        if self._latin is not None and self._letters.search(label):
            hits += [(match.start(), match[0]) for match in self._latin.finditer(label)]
        if self._chinese is not None and not label.isascii():
            hits += [(match.start(), match[0]) for match in self._chinese.finditer(label)]
        hits.sort()
        return [(term, self._values[term]) for _, term in hits]

    def touches(self, label: str) -> bool:
        """Return whether `find` would find anything."""
        if self._latin is not None and self._letters.search(label) and self._latin.search(label):
            return True
        return self._chinese is not None and self._chinese.search(label) is not None


#: Label of an amount -> its role, and the kind of tender where it is one.
AMOUNTS: Lexicon[tuple[Role, str]] = Lexicon(
    [(words, (Role.TENDER, kind)) for kind, words in amount_words.TENDERS.items()]
    + [(words, (role, "")) for role, words in amount_words.ROLES.items()]
)
HEADINGS: Lexicon[str] = Lexicon((words, kind) for kind, words in paper_words.HEADINGS.items())
SALE_HEADINGS: Lexicon[str] = Lexicon([(paper_words.SALE_HEADINGS, "sale")])
ANYWHERE: Lexicon[str] = Lexicon((words, kind) for kind, words in paper_words.ANYWHERE.items())
PAYMENT_FIELDS: Lexicon[str] = Lexicon([(paper_words.PAYMENT_FIELDS, "field")])
REPORT_FIELDS: Lexicon[str] = Lexicon([(paper_words.REPORT_FIELDS, "field")])
PRINTED_AGAIN: Lexicon[str] = Lexicon(
    [(paper_words.REPRINT, "reprint"), (paper_words.COPY_MARKS, "copy")]
)
FOR_OTHERS: Lexicon[str] = Lexicon([(paper_words.FOR_OTHERS, "others")])
NO_SALES: Lexicon[str] = Lexicon((words, kind) for kind, words in paper_words.NO_SALES.items())
FOOTERS: Lexicon[str] = Lexicon([(paper_words.FOOTER_PHRASES, "footer")])
#: All words but those beside amounts and in footers: most lines hold none of them and are done
#: after this one search.
SIGNS: Lexicon[None] = Lexicon(
    (words, None)
    for words in (
        *paper_words.HEADINGS.values(), paper_words.SALE_HEADINGS, *paper_words.ANYWHERE.values(),
        paper_words.PAYMENT_FIELDS, paper_words.REPRINT, paper_words.COPY_MARKS, "COPY",
        paper_words.REPORT_FIELDS,
        *paper_words.NUMBERS.values(), paper_words.OTHER_NUMBERS, *paper_words.TIMES.values(),
    )
)  # fmt: skip
NUMBERS: Lexicon[str] = Lexicon(
    [
        *((words, rank) for rank, words in paper_words.NUMBERS.items()),
        (paper_words.OTHER_NUMBERS, "other"),
    ]
)
TIMES: Lexicon[int | None] = Lexicon((words, rank) for rank, words in paper_words.TIMES.items())
NOT_A_SHOP: Lexicon[str] = Lexicon([(paper_words.NOT_A_SHOP, "not")])

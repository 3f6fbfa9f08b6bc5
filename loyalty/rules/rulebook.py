"""The rule book: how a programme turns spending into points, as one immutable, hashed document.

People write it as TOML; tills and central hold it as canonical JSON whose SHA-256 is its version.
Every event names the version it was computed with, so any sum can be computed again. What a book
leaves out is not in its bytes, so a book that uses nothing new keeps its version for ever.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache

import msgspec
from msgspec import Struct, structs

from loyalty.rules.book_checks import Finding, problems_of
from loyalty.rules.book_places import Places
from loyalty.rules.book_slips import slips_of, strangers
from loyalty.rules.book_types import GRAMMAR as GRAMMAR  # noqa: PLC0414
from loyalty.rules.book_types import UNEARNING_TENDERS as UNEARNING_TENDERS  # noqa: PLC0414
from loyalty.rules.book_types import Benefit as Benefit  # noqa: PLC0414
from loyalty.rules.book_types import NewerRuleBook as NewerRuleBook  # noqa: PLC0414
from loyalty.rules.book_types import Problem as Problem  # noqa: PLC0414
from loyalty.rules.book_types import Rate as Rate  # noqa: PLC0414
from loyalty.rules.book_types import Rounding as Rounding  # noqa: PLC0414
from loyalty.rules.book_types import RuleBook as RuleBook  # noqa: PLC0414  # named here for others
from loyalty.rules.book_types import RuleBookError as RuleBookError  # noqa: PLC0414
from loyalty.rules.book_types import Tier as Tier  # noqa: PLC0414
from loyalty.rules.book_types import grammar_of
from loyalty.settings import UnknownKey, refuse_unknown

_LINE_OF_TOML = re.compile(r"\(at line (\d+), column \d+\)")
_PATH = re.compile(r"`\$\.?([^`]*)`")


class _Grammar(Struct):
    grammar: int = 1


def canonical(book: RuleBook) -> bytes:
    """Return the one spelling of a rule book: deterministic JSON, UTF-8."""
    return msgspec.json.encode(book, order="deterministic")


def version(book: RuleBook) -> str:
    """Return the content hash that names this rule book, 64 hex digits."""
    return hashlib.sha256(canonical(book)).hexdigest()


def signed_message(version: str, effective_ms: int) -> bytes:
    """Return what central signs: which book counts from when."""
    return b"tillpoints rule book 1" + bytes.fromhex(version) + effective_ms.to_bytes(8, "big")


@lru_cache(maxsize=16)  # a till asks for the one in force with every message
def from_canonical(data: bytes) -> RuleBook:
    """Return the rule book of canonical bytes.

    Raises NewerRuleBook for a later version's, RuleBookError for what is none.
    """
    try:
        grammar = msgspec.json.decode(data, type=_Grammar).grammar
        if grammar > GRAMMAR:
            raise NewerRuleBook(grammar)
        book = msgspec.json.decode(data, type=RuleBook)
    except msgspec.DecodeError as error:
        raise RuleBookError((Problem(0, "", "规则有误", str(error)),)) from error
    if findings := problems_of(book):
        raise RuleBookError(tuple(_problem(each, None) for each in findings))
    return book


def from_toml(text: str) -> RuleBook:
    """Return the rule book a person wrote. Raises RuleBookError naming each line and reason."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE_OF_TOML.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        rule = Places(text).rule_around(line)
        raise RuleBookError((Problem(line, rule, "不是 TOML 格式", str(error)),)) from error
    places = Places(text)
    try:
        refuse_unknown(given, RuleBook)
        book = msgspec.convert(given, type=RuleBook)
    except UnknownKey as error:
        zh = f"没有“{error.key}”这一项"
        zh += f"，是否为“{error.close}”？" if error.close else ""
        path = error.path
        en = str(error).rpartition(".")[2] if _rule(given, path) else str(error)
        wrong = Finding(path, _rule(given, path), zh, en)
        raise RuleBookError((_problem(wrong, places),)) from error
    except msgspec.ValidationError as error:
        path = _path_of(str(error))
        wrong = Finding(path, _rule(given, path), "填写有误", str(error).replace("`$.", "`"))
        raise RuleBookError((_problem(wrong, places),)) from error
    book = structs.replace(book, grammar=grammar_of(book))
    if findings := [*problems_of(book), *slips_of(book)]:
        raise RuleBookError(tuple(_problem(each, places) for each in findings))
    return book


def strange(
    text: str, book: RuleBook, shops: Iterable[str], categories: Iterable[str]
) -> tuple[Problem, ...]:
    """Return where the book of a TOML text names shops and categories that the mall lacks."""
    places = Places(text)
    return tuple(_problem(one, places) for one in strangers(book, shops, categories))


def _problem(finding: Finding, places: Places | None) -> Problem:
    line = places.line_of(finding.path) if places else 0
    return Problem(line, finding.rule, finding.zh, finding.en)


def _path_of(message: str) -> tuple[str | int, ...]:
    """Return the place that msgspec names: `$.campaigns[2].hours[0]`."""
    found = _PATH.search(message)
    steps = re.findall(r"[^.\[\]]+|\[\d+\]", found[1]) if found else []
    return tuple(int(step[1:-1]) if step[0] == "[" else step for step in steps)


def _rule(given: dict[str, object], path: tuple[str | int, ...]) -> str:
    """Name the rule that a path leads into by what its writer calls it."""
    if path and isinstance(given.get(str(path[0])), dict):
        return str(path[0])
    if len(path) < 2 or not isinstance(path[1], int):
        return ""
    tables = given.get(str(path[0]))
    table = tables[path[1]] if isinstance(tables, list) and path[1] < len(tables) else None
    name = table.get("name_zh") or table.get("id") if isinstance(table, dict) else None
    return f"{path[0]}[{path[1] + 1}] “{name}”" if name else f"{path[0]}[{path[1] + 1}]"

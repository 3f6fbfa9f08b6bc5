"""What the writer of a rule book cannot have meant: slips of the finger that types allow.

Asked only of a book that a person brings: one that is in force counts on with its slips, and no
till may refuse it for them.
"""

import difflib
from collections.abc import Iterable, Iterator

from msgspec import Struct

from loyalty.products import is_code
from loyalty.receipt import TENDER_KINDS
from loyalty.rules import activity_checks
from loyalty.rules.book_checks import Finding, at, named
from loyalty.rules.book_limits import unnamed, values
from loyalty.rules.book_types import RuleBook

#: Benefits of which a tier has so many; the others it has or has not.
_COUNTED = ("parking_hours", "early_rewards_days")
#: ISO 4217, those with two minor digits, as every amount here has.
_CURRENCIES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
    GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD
    LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB
    PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP
    SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_YEARS = range(2000, 2200)
#: Lists in which the same may stand twice.
_MAY_REPEAT = ("ranks",)
#: Names that only the book itself knows; two of them that are nearly alike are one, mistyped.
_NEARLY = 0.8


def slips_of(book: RuleBook) -> Iterator[Finding]:
    """Yield names without a word, rules that never do anything, names that lead nowhere."""
    for one in unnamed(book):
        yield named(book, one)
    yield from _money(book)
    yield from _lists(book)
    yield from _days(book)
    yield from _nearly_alike(book)
    for place, tier in enumerate(book.tiers):
        for which, benefit in enumerate(tier.benefits):
            if benefit.amount < (benefit.kind in _COUNTED):
                zh, en = "权益的 amount 须大于 0", "a benefit's amount must be more than 0"
                path = ("tiers", place, "benefits", which, "amount")
                yield named(book, (path, zh, en))
    for place, group in enumerate(book.products):
        for code in group.codes:
            if code.strip() and not is_code(code):
                zh = f"“{code}”不是一个编码（只含字母、数字、- 和 .），中文请写在 words 里"
                en = f"{code!r} is no code of letters, digits, - and .: put it into words"
                yield at("products", place, group.name_zh, "codes", zh, en)
    for place, activity in enumerate(book.activities):
        for key, zh, en in activity_checks.in_vain(activity):
            yield at("activities", place, activity.name_zh, key, zh, en)


def strangers(book: RuleBook, shops: Iterable[str], categories: Iterable[str]) -> list[Finding]:
    """Return where a book names shops and categories that the mall does not have."""
    known = {"shops": set(shops), "categories": set(categories), "category": {*categories, "*"}}
    found = []
    for path, key, value in values(book, ()):
        if key in known and path[0] in ("rates", "campaigns"):
            for name in (value,) if isinstance(value, str) else _texts(value):
                if name not in known[key]:
                    zh, en = _unknown(name, known[key])
                    found.append(named(book, (path, zh, en)))
    return found


def _money(book: RuleBook) -> Iterator[Finding]:
    if book.currency not in _CURRENCIES.split():
        zh = f"“{book.currency}”不是 ISO 4217 的货币代码（如 CNY）"
        en = f"{book.currency!r} is no currency of ISO 4217 with two minor digits, like CNY"
        yield Finding(("currency",), "", zh, en)
    for kind in book.unearning_tenders:
        if kind.strip() and kind not in TENDER_KINDS:
            zh, en = _unknown(kind, TENDER_KINDS)
            yield Finding(("unearning_tenders",), "", zh, en)


def _lists(book: RuleBook) -> Iterator[Finding]:
    """Yield what is blank in a list, or in it twice, and groups and categories that are blank."""
    for path, key, value in values(book, ()):
        if key in ("group", "category") and value != "" and not str(value).strip():
            yield named(book, (path, f"{key} 不能为空白", f"{key} must not be blank"))
        if key == "group" and str(value).startswith("="):  # how a campaign without one is called
            yield named(book, (path, "group 不能以 = 开头", "group must not begin with ="))
        if key == "category" and value == "":
            yield named(book, (path, "category 不能为空", "category must not be empty"))
        if not isinstance(value, tuple) or key in _MAY_REPEAT:
            continue
        if key not in ("words", "codes") and any(not text.strip() for text in _texts(value)):
            yield named(book, (path, f"{key} 中有空白的一项", f"{key} holds a blank entry"))
        if len(set(value)) != len(value) and key != "weekdays":
            yield named(book, (path, f"{key} 中同一项写了两次", f"{key} holds an entry twice"))


def _days(book: RuleBook) -> Iterator[Finding]:
    for table in ("campaigns", "activities"):
        for place, one in enumerate(getattr(book, table)):
            for key in ("from_day", "until_day"):
                day = getattr(one, key)
                if day is not None and day.year not in _YEARS:
                    zh, en = f"{day} 的年份有误", f"{day} is no year of this programme"
                    yield at(table, place, one.name_zh, key, zh, en)


def _nearly_alike(book: RuleBook) -> Iterator[Finding]:
    """Yield groups and labels that stand once and are spelled almost like another one."""
    for key in ("group", "labels"):
        spelled: dict[str, int] = {}
        for one in book.campaigns:
            for name in _names(one, key):
                spelled[name] = spelled.get(name, 0) + 1
        for place, one in enumerate(book.campaigns):
            for name in _names(one, key):
                others = [other for other in spelled if other != name and spelled[other] > 1]
                close = difflib.get_close_matches(name, others, n=1, cutoff=_NEARLY)
                if close and spelled[name] == 1:
                    zh, en = (
                        f"“{name}”是否为“{close[0]}”？",
                        f"{name!r}: did you mean {close[0]!r}?",
                    )
                    yield at("campaigns", place, one.name_zh, key, zh, en)


def _names(one: Struct, key: str) -> tuple[str, ...]:
    value = getattr(one, key)
    return ((value,) if value else ()) if isinstance(value, str) else value


def _texts(value: object) -> tuple[str, ...]:
    entries = value if isinstance(value, tuple) else ()
    return tuple(one for one in entries if isinstance(one, str))


def _unknown(name: str, known: Iterable[str]) -> tuple[str, str]:
    listed = sorted(known)
    close = difflib.get_close_matches(name, listed, n=1)
    if close:
        return (
            f"没有“{name}”，是否为“{close[0]}”？",
            f"there is no {name!r}; did you mean {close[0]!r}?",
        )
    every = ", ".join(listed) or "-"
    return f"没有“{name}”，已有：{every}", f"there is no {name!r}; known are {every}"

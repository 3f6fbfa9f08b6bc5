"""What types cannot refuse in a rule book: names that lead nowhere, numbers that make no sense.

Every finding is made, not only the first, and names the rule as its writer does.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from loyalty.rules import activity_checks
from loyalty.rules.book_limits import Beyond, beyond
from loyalty.rules.book_types import Rate, RuleBook, Tier, fraction
from loyalty.rules.campaigns import Campaign
from loyalty.rules.spans import hours_of
from loyalty.rules.tender import TENDER_KIND

#: More than this no mall has, and a till must read the whole book.
CAMPAIGNS_MAX = 500
PRODUCTS_MAX = 64
_SHORTEST_MONTH_DAYS = LAST_DAY_OF_ALL = 28
_FEN_MAX = 10**9
_OF_TENDER = (
    ("points_per_yuan", 1, 1_000_000),
    ("from_fen", 0, _FEN_MAX),
    ("share_percent_max", 1, 100),
    ("step_points", 0, _FEN_MAX),
)
_CAPS = ("cap_receipt", "cap_day", "pending_days", "tier_grace_days")
_REMIND = ("remind_tier_points", "remind_reward_points")


class Finding(Struct, frozen=True):
    """One thing that is wrong, where it stands in the document and in which rule."""

    path: tuple[str | int, ...]
    rule: str
    zh: str
    en: str


def problems_of(book: RuleBook) -> list[Finding]:
    """Return everything that is wrong with a book."""
    return [
        *_book(book),
        *_rates(book),
        *_tiers(book),
        *_products(book),
        *_campaigns(book),
        *activities(book),
        *(named(book, one) for one in beyond(book)),
        *_tender(book),
    ]


def named(book: RuleBook, wrong: Beyond) -> Finding:
    """Return what is wrong at a path, under the name of the rule that stands there."""
    path, zh, en = wrong
    if len(path) < 2 or not isinstance(path[1], int):
        return Finding(path, "", zh, en)
    rule = getattr(book, str(path[0]))[path[1]]
    return Finding(path, f"{path[0]}[{path[1] + 1}] “{rule.name_zh}”", zh, en)


def activities(book: RuleBook) -> Iterator[Finding]:
    """Yield what is wrong with the activities."""
    ids = [one.id for one in book.activities]
    yield from _doubles("activities", ids)
    for place, one in enumerate(book.activities):
        for key, zh, en in activity_checks.wrong_with(one):
            yield at("activities", place, one.name_zh, key, zh, en)


def _book(book: RuleBook) -> Iterator[Finding]:
    for name in ("claim_days", "voucher_days", "redeem_limit_points", "tier_months"):
        if getattr(book, name) <= 0:
            yield Finding((name,), "", f"{name} 须大于 0", f"{name} must be more than 0")
    least = 1 if book.expiry_to == "day" else 0
    if book.expiry_months < least:
        en = f"expiry_months must be more than {least - 1}"
        yield Finding(("expiry_months",), "", f"expiry_months 须大于 {least - 1}", en)
    if book.remainder == "carry" and book.rounding != "floor":
        zh = "carry 只用于 rounding = 'floor'：其他取整没有零头可累计"
        en = "carry needs rounding = 'floor': other roundings leave nothing over"
        yield Finding(("remainder",), "", zh, en)
    if book.statement_day > LAST_DAY_OF_ALL or min((*book.remind_expiry_days, 1)) < 1:
        wrong = "statement_day" if book.statement_day > LAST_DAY_OF_ALL else "remind_expiry_days"
        zh, en = f"{wrong} 超出范围", f"{wrong} is out of range"
        yield Finding((wrong,), "", zh, en)
    for name in (*_CAPS, *_REMIND, "statement_day", "offline_points"):
        if getattr(book, name) < 0:
            yield Finding((name,), "", f"{name} 不能小于 0", f"{name} must not be less than 0")
    shortest = min(_validities(book))
    if book.pending_days > shortest * _SHORTEST_MONTH_DAYS:
        zh = f"待生效期长于最短的有效期 {shortest} 个月，积分会在生效前到期"
        en = f"longer than the shortest validity of {shortest} months: points would end unspent"
        yield Finding(("pending_days",), "", zh, en)
    known = {group.id for group in book.products}
    yield from _unknown(("unearning_products",), "", book.unearning_products, known)


def _tender(book: RuleBook) -> Iterator[Finding]:
    """Yield what is wrong with points as money: every step must be worth whole fen."""
    paying = book.tender
    if paying is None:
        return
    for key, least, most in _OF_TENDER:
        if not least <= getattr(paying, key) <= most:
            zh, en = f"{key} 须为 {least} 至 {most}", f"{key} must be from {least} to {most}"
            yield Finding(("tender", key), "tender", zh, en)
            return
    if paying.step * 100 % paying.points_per_yuan:
        zh, en = f"{paying.step} 分不是整分钱", f"{paying.step} points are no whole fen"
        yield Finding(("tender", "step_points"), "tender", zh, en)
    if TENDER_KIND not in book.unearning_tenders:
        zh = f"用积分付的部分不计分：unearning_tenders 须有 {TENDER_KIND}"
        en = f"what points pay earns nothing: unearning_tenders must name {TENDER_KIND}"
        yield Finding(("unearning_tenders",), "tender", zh, en)


def _validities(book: RuleBook) -> Iterator[int]:
    """Yield for how many months points may count by the book, a tier or a campaign."""
    yield book.expiry_months
    yield from (tier.expiry_months for tier in book.tiers if tier.expiry_months)
    yield from (one.expiry_months for one in book.campaigns if one.expiry_months)


def _rates(book: RuleBook) -> Iterator[Finding]:
    if not any(rate.category == "*" for rate in book.rates if not _special(rate)):
        zh = "rates 须有一条 category = '*' 的通用规则"
        en = "rates must hold exactly one rate with category '*'"
        yield Finding(("rates",), "rates", zh, en)
    named: set[str] = set()
    shops: set[str] = set()
    for place, rate in enumerate(book.rates):
        if rate.products:
            continue
        if not rate.shops and rate.category in named:
            zh = f"类别 {rate.category} 已有一条规则"
            en = f"there is exactly one rate with category {rate.category!r}, and it stands above"
            yield _of_rate(place, rate, "category", zh, en)
        for shop in sorted(shops.intersection(rate.shops)):
            zh, en = f"门店 {shop} 已有一条规则", f"the shop {shop!r} has a rate above"
            yield _of_rate(place, rate, "shops", zh, en)
        shops.update(rate.shops)
        named.update(() if rate.shops else (rate.category,))
    known = {group.id for group in book.products}
    for place, rate in enumerate(book.rates):
        if rate.points < 0 or rate.per_fen <= 0:
            zh = "points 不能小于 0，per_fen 须大于 0"
            en = f"rate {rate.category!r} needs points >= 0 and per_fen > 0"
            yield _of_rate(place, rate, "per_fen" if rate.per_fen <= 0 else "points", zh, en)
        path = ("rates", place, "products")
        yield from _unknown(path, f"rates[{place + 1}] “{rate.name_zh}”", rate.products, known)


def _tiers(book: RuleBook) -> Iterator[Finding]:
    if not book.tiers or book.tiers[0].from_points != 0:
        zh, en = "第一个等级须从 0 分开始", "the first tier must start at from_points = 0"
        yield Finding(("tiers", 0, "from_points"), "tiers", zh, en)
    floors = [tier.from_points for tier in book.tiers]
    for place in range(1, len(floors)):
        if floors[place] <= floors[place - 1]:
            zh, en = "等级须按 from_points 由低到高", "tiers must rise in from_points"
            yield _of_tier(place, book.tiers[place], "from_points", zh, en)
    yield from _doubles("tiers", [tier.id for tier in book.tiers])
    for place, tier in enumerate(book.tiers):
        try:
            factor = fraction(tier.multiplier)
        except (ValueError, ZeroDivisionError):
            zh = f"multiplier “{tier.multiplier}” 不是 1.5 或 3/2 这样的数"
            en = f"tier {tier.id!r}: multiplier {tier.multiplier!r} is no fraction like 3/2"
            yield _of_tier(place, tier, "multiplier", zh, en)
            continue
        if factor <= 0:
            zh = "multiplier 须大于 0"
            en = f"tier {tier.id!r}: multiplier must be more than 0"
            yield _of_tier(place, tier, "multiplier", zh, en)
        if tier.expiry_months < 0:
            zh, en = "expiry_months 不能小于 0", "expiry_months must not be less than 0"
            yield _of_tier(place, tier, "expiry_months", zh, en)


def _products(book: RuleBook) -> Iterator[Finding]:
    if len(book.products) > PRODUCTS_MAX:
        zh, en = f"商品组最多 {PRODUCTS_MAX} 个", f"at most {PRODUCTS_MAX} product groups"
        yield Finding(("products",), "", zh, en)
    yield from _doubles("products", [group.id for group in book.products])
    for place, group in enumerate(book.products):
        if not group.words and not group.codes:
            zh, en = "须有 words 或 codes", "needs words or codes"
            yield at("products", place, group.name_zh, "words", zh, en)
        for key in ("words", "codes"):
            if any(not text.strip() for text in getattr(group, key)):
                zh, en = "有空白的词，会匹配所有商品", "a blank word would match every line"
                yield at("products", place, group.name_zh, key, zh, en)


def _campaigns(book: RuleBook) -> Iterator[Finding]:
    if len(book.campaigns) > CAMPAIGNS_MAX:
        zh, en = f"活动最多 {CAMPAIGNS_MAX} 个", f"at most {CAMPAIGNS_MAX} campaigns"
        yield Finding(("campaigns",), "", zh, en)
    yield from _doubles("campaigns", [one.id for one in book.campaigns])
    tiers = {tier.id for tier in book.tiers}
    groups = {group.id for group in book.products}
    for place, one in enumerate(book.campaigns):
        for key, zh, en in (*_effect(one), *_time(one), *_numbers(one)):
            yield at("campaigns", place, one.name_zh, key, zh, en)
        for key, names, known in (("tiers", one.tiers, tiers), ("products", one.products, groups)):
            rule = f"campaigns[{place + 1}] “{one.name_zh}”"
            yield from _unknown(("campaigns", place, key), rule, names, known)
    yield from _stacks(book)


def _effect(one: Campaign) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with what a campaign gives: key, zh, en."""
    if bool(one.times) == bool(one.points):
        yield "times", "须写 times 或 points，且只写一个", "needs times or points, one of the two"
    if one.every_fen and not one.points:
        yield "every_fen", "every_fen 要与 points 一起写", "every_fen goes with points"
    if one.times:
        try:
            factor = fraction(one.times)
        except (ValueError, ZeroDivisionError):
            zh = f"times “{one.times}” 不是 2、1.5 或 3/2 这样的数"
            yield "times", zh, f"times {one.times!r} is no number like 2, 1.5 or 3/2"
            return
        if factor < 1:
            yield "times", "times 不能小于 1", "times must not be less than 1"


def _time(one: Campaign) -> Iterator[tuple[str, str, str]]:
    if one.from_day and one.until_day and one.until_day < one.from_day:
        zh = f"{one.until_day} 早于开始日 {one.from_day}"
        yield "until_day", zh, f"{one.until_day} is before from_day {one.from_day}"
    for text in one.hours:
        try:
            hours_of(text)
        except ValueError as error:
            yield "hours", f"时段“{text}”有误，应如 10:00-14:00", str(error)
    if len(set(one.weekdays)) != len(one.weekdays):
        yield "weekdays", "同一星期几写了两次", "a weekday stands twice"


def _numbers(one: Campaign) -> Iterator[tuple[str, str, str]]:
    names = "points every_fen minimum_fen cap_receipt cap_day cap_member budget expiry_months"
    for name in names.split():
        if getattr(one, name) < 0:
            yield name, f"{name} 不能小于 0", f"{name} must not be less than 0"


def _stacks(book: RuleBook) -> Iterator[Finding]:
    """Yield what cannot be compared within a stacking group."""
    first: dict[str, Campaign] = {}
    for place, one in enumerate(book.campaigns):
        other = first.setdefault(one.stack(), one)
        if bool(one.times) != bool(other.times):
            zh = f"与“{other.name_zh}”同组 {one.group}，但一个写 times、一个写 points，无法比较"
            en = f"{one.group!r} has times and points: the best of them cannot be told"
            yield at("campaigns", place, one.name_zh, "group", zh, en)
        elif one.shared() != other.shared():
            zh = f"同组活动共用上限和有效期，须与“{other.name_zh}”相同"
            en = f"campaigns of one group share caps and expiry: write those of {other.id!r}"
            yield at("campaigns", place, one.name_zh, "group", zh, en)


def _unknown(
    path: tuple[str | int, ...], rule: str, names: Iterable[str], known: set[str]
) -> Iterator[Finding]:
    for name in names:
        if name not in known:
            listed = ", ".join(sorted(known)) or "-"
            zh, en = f"没有“{name}”，已有：{listed}", f"there is no {name!r}; known are {listed}"
            yield Finding(path, rule, zh, en)


def _doubles(tables: str, ids: Sequence[str]) -> Iterator[Finding]:
    for place, one in enumerate(ids):
        if one in ids[:place]:
            zh, en = f"id “{one}”重复", f"the id {one!r} stands twice"
            yield Finding((tables, place, "id"), f"{tables}[{place + 1}]", zh, en)
        if not one.strip():
            zh, en = "id 不能为空", "the id must not be empty"
            yield Finding((tables, place, "id"), f"{tables}[{place + 1}]", zh, en)


def _special(rate: Rate) -> bool:
    return bool(rate.products or rate.shops)


def _of_rate(place: int, rate: Rate, key: str, zh: str, en: str) -> Finding:
    return at("rates", place, rate.name_zh, key, zh, en)


def _of_tier(place: int, tier: Tier, key: str, zh: str, en: str) -> Finding:
    return at("tiers", place, tier.name_zh, key, zh, en)


def at(tables: str, place: int, name: str, key: str, zh: str, en: str) -> Finding:
    """Return what is wrong with a key of the entry of that name at a place of a table."""
    return Finding((tables, place, key), f"{tables}[{place + 1}] “{name}”", zh, en)

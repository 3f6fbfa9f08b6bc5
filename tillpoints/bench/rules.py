"""Awards per second with a rule book of 200 rules, beside a dictionary lookup and a product.

The book has rates of 40 shops and 10 groups of goods, and 150 campaigns of every kind, of which a
few can count on any one receipt. Baskets are those of a month in ten shops. The least that any
rule engine must do, `points_of[shop] * amount`, runs beside us in every round; the best round of
each counts. `awards_s` gives an explanation with every award, `points_s` is what the ledger asks.
"""

import random
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta

import msgspec

from loyalty.products import Part, Products
from loyalty.rules.basket import Basket
from loyalty.rules.campaigns import Campaign, Who
from loyalty.rules.earning import award, points
from loyalty.rules.rulebook import Rate, RuleBook, Tier, canonical, from_canonical
from loyalty.rules.spans import Span, at

AWARDS = 4_000
RULES = 200
_SHOPS = 40
_GOODS = 10
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = date(2026, 11, 1)


def run(*, rounds: int = 7) -> dict[str, object]:
    """Measure; return awards per second and ratios."""
    book = from_canonical(canonical(_book()))
    plain = from_canonical(canonical(_plain()))
    asked = [_asked(number) for number in range(AWARDS)]
    rate_of = {f"s{number}": 1 + number % 3 for number in range(_SHOPS)}
    ways: dict[str, Callable[[], object]] = {
        "lookup": lambda: [rate_of[one.shop_id] * one.earning_fen // 100 for one, _, _ in asked],
        "awards": lambda: [award(*one, book) for one in asked],
        "points": lambda: [points(*one, book) for one in asked],
        "plain": lambda: [points(*one, plain) for one in asked],
    }
    best_s = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            start_s = time.perf_counter()
            way()
            best_s[name] = min(best_s[name], time.perf_counter() - start_s)
    counted = [len(award(*one, book).reasons) for one in asked]
    return {
        "rules": len(book.rates) + len(book.campaigns),
        "reasons_each": round(sum(counted) / AWARDS, 2),
        **{f"{name}_s": round(AWARDS / seconds) for name, seconds in best_s.items()},
        "awards_to_lookup": round(best_s["lookup"] / best_s["awards"], 4),
        "plain_to_lookup": round(best_s["lookup"] / best_s["plain"], 4),
    }


def describe(result: dict[str, object]) -> str:
    """Say what the figures of `run` mean."""
    rows = (
        ("lookup and product", f"{result['lookup_s']:>9}/s"),
        (
            "awards, each explained",
            f"{result['awards_s']:>9}/s",
        ),
        ("points, as the ledger asks", f"{result['points_s']:>9}/s"),
        ("the same, rates and tiers alone", f"{result['plain_s']:>9}/s"),
    )
    head = f"{result['rules']} rules, {result['reasons_each']} lines of explanation each, one core"
    return "\n".join([head, *(f"  {name:33}{figure}" for name, figure in rows)])


def _asked(number: int) -> tuple[Basket, Who, Span]:
    rng = random.Random(number)
    fen = rng.randrange(100, 200_000)
    parts: tuple[Part, ...] = ()
    if rng.random() < 0.5:
        parts = (Part((f"g{rng.randrange(_GOODS)}",), fen // 3),)
    moment = datetime.combine(_DAY, datetime.min.time()) + timedelta(
        minutes=rng.randrange(30 * 24 * 60)
    )
    who = Who(rng.choice(("ordinary", "gold")), frozenset(), rng.randrange(13), frozenset())
    return Basket(fen, f"s{rng.randrange(10)}", "dining", parts), who, at(moment)


def _plain() -> RuleBook:
    return RuleBook(
        name="bench",
        currency="CNY",
        rounding="floor",
        expiry_months=12,
        claim_days=30,
        voucher_days=30,
        redeem_limit_points=3000,
        rates=(Rate("dining", 1, 100, "餐饮", "Dining"), Rate("*", 1, 200, "其他", "Other")),
        tiers=(Tier("ordinary", "普通", "Ordinary", 0, "1"), Tier("gold", "金", "Gold", 9, "3/2")),
        unearning_tenders=(),
    )


def _book() -> RuleBook:
    plain = _plain()
    shops = tuple(
        Rate("dining", 1 + number % 3, 100, f"店{number}", f"Shop {number}", shops=(f"s{number}",))
        for number in range(_SHOPS - 2)
    )
    names = [f"g{number}" for number in range(_GOODS)]
    goods = tuple(Rate("*", 1, 500, name, name, products=(name,)) for name in names)
    facts = {name: getattr(plain, name) for name in plain.__struct_fields__}
    facts |= {
        "grammar": 2,
        "rates": (*plain.rates, *shops, *goods),
        "products": tuple(Products(name, name, name, (f"word {name}",)) for name in names),
        "campaigns": tuple(_campaign(number) for number in range(RULES - _SHOPS - _GOODS)),
    }
    return RuleBook(**facts)


def _campaign(number: int) -> Campaign:
    """Return one of the campaigns of a busy year; most are of another shop, day, hour or member."""
    kind = number % 6
    adds = {"points": 10, "every_fen": 10_000} if number % 2 else {"times": ("2", "3/2")[kind // 4]}
    day = (_DAY + timedelta(days=number % 60)).isoformat()
    here = f"s{number % _SHOPS}"
    when: tuple[dict[str, object], ...] = (
        {"from_day": day, "until_day": day},
        {"weekdays": [_WEEKDAYS[number % 7]], "hours": ["10:00-14:00"]},
        {"shops": [here]},
        {"products": [f"g{number % _GOODS}"], "minimum_fen": 10_000},
        {"shops": [here], "birthday_month": True},
        {"shops": [here], "labels": ["club"]},
    )
    group = f"{'add' if number % 2 else 'times'}{number % 10}"
    names = {"id": f"c{number}", "name_zh": f"活动{number}", "name_en": f"Campaign {number}"}
    return msgspec.convert({**names, "group": group, **adds, **when[kind]}, type=Campaign)

"""Random rule books, members and receipts for properties, out of one integer each.

Made by Python's own generator, not hypothesis' strategies: a million of them must be made again,
the same, in another process. Run as a program it prints one digest over so many awards, worked
out through the bytes of the event that would carry them; `compare` has two processes do it at
once, each with a hash seed, a time zone and a locale of its own:

    python -m tests.loyalty.rules.random_rules COUNT [compare]
"""

import hashlib
import os
import random
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from msgspec import structs

from loyalty import events
from loyalty.facts import Holder, Moment
from loyalty.products import Products
from loyalty.receipt import Item, Kind, Receipt, Tender
from loyalty.rules import rulebook
from loyalty.rules.activities import Activity
from loyalty.rules.basket import Basket, basket_of
from loyalty.rules.book_types import RuleBook, grammar_of
from loyalty.rules.campaigns import Campaign, Who
from loyalty.rules.earning import Award, award
from loyalty.rules.rulebook import Rate, Tier
from loyalty.rules.spans import WEEKDAYS, Span

BOOKS = 64
_WORDS = ("咖啡", "面包", "茶", "wine", "牛奶")
_SHOPS = ("s1", "s2", "s3")
_CATEGORIES = ("dining", "fashion", "other")
_DAY = date(2026, 11, 1)


@lru_cache(maxsize=BOOKS)
def book(number: int) -> RuleBook:
    rng = random.Random(f"book {number}")
    goods = tuple(Products(word, word, word, (word,)) for word in rng.sample(_WORDS, 3))
    names = [one.id for one in goods]
    campaigns = []
    # Campaigns of one group share its caps.
    caps = {group: _caps(rng) for group in "ab"}
    for place in range(rng.randrange(8)):
        group = rng.choice(("", "", "a", "b"))
        kind = "times" if group == "a" else "points" if group == "b" else rng.choice("tp")
        campaign = _campaign(rng, place, group, names, times=kind[0] == "t")
        campaigns.append(structs.replace(campaign, **(caps.get(group) or _caps(rng))))
    raw = RuleBook(
        name=f"book {number}",
        currency="CNY",
        rounding=rng.choice(("floor", "half_up", "ceil")),
        expiry_months=12,
        claim_days=30,
        voucher_days=30,
        redeem_limit_points=3000,
        rates=(
            Rate("dining", 1, 100, "餐饮", "Dining"),
            Rate("fashion", rng.randrange(1, 4), rng.choice((100, 300, 1000, 700)), "衣", "Wear"),
            Rate("*", 2, 100, "二", "Two", shops=("s2",)),
            Rate("*", rng.randrange(4), 100, "货", "Goods", products=(names[0],)),
            Rate("*", 1, 200, "其他", "Other"),
        ),
        tiers=(Tier("ordinary", "普通", "Ordinary", 0, "1"), Tier("gold", "金", "Gold", 9, "4/3")),
        unearning_tenders=("mall_points",),
        unearning_products=(names[2],) if rng.random() < 0.3 else (),
        products=goods,
        campaigns=tuple(campaigns),
        activities=(Activity(id="in", kind="check_in", name_zh="签", name_en="In", points=50),),
        cap_receipt=rng.choice((0, 0, 0, 500)),
        cap_day=rng.choice((0, 0, 800)),
    )
    # Through its bytes, so that what cannot be a book is found here.
    first = rulebook.canonical(raw.__class__(**{**_facts(raw), "grammar": grammar_of(raw)}))
    return rulebook.from_canonical(first)


def _facts(value: RuleBook) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def _campaign(
    rng: random.Random, place: int, group: str, names: list[str], *, times: bool
) -> Campaign:
    some = rng.random
    return Campaign(
        id=f"c{place}",
        name_zh=f"活动{place}",
        name_en=f"Campaign {place}",
        times=rng.choice(("2", "3/2", "1", "5/3")) if times else "",
        points=0 if times else rng.randrange(1, 40),
        every_fen=0 if times else rng.choice((0, 5000, 10000)),
        group=group,
        from_day=_DAY + timedelta(days=rng.randrange(20)) if some() < 0.2 else None,
        until_day=_DAY + timedelta(days=20 + rng.randrange(9)) if some() < 0.2 else None,
        weekdays=tuple(rng.sample(WEEKDAYS, 3)) if some() < 0.2 else (),
        hours=("10:00-14:30", "22:00-01:00") if some() < 0.2 else (),
        shops=("s1",) if some() < 0.2 else (),
        categories=("dining",) if some() < 0.2 else (),
        products=tuple(rng.sample(names, 2)) if some() < 0.3 else (),
        minimum_fen=rng.choice((0, 0, 10000)),
        tiers=("gold",) if some() < 0.1 else (),
        labels=("club",) if some() < 0.1 else (),
        birthday_month=some() < 0.1,
        first_purchase=some() < 0.1,
    )


def _caps(rng: random.Random) -> dict[str, int]:
    most = {"cap_receipt": (0, 0, 30), "cap_day": (0, 0, 50), "budget": (0, 0, 1000)}
    return {name: rng.choice(choices) for name, choices in most.items()}


def receipt(rng: random.Random) -> Receipt:
    lines = tuple(
        Item(rng.choice(_WORDS) + str(rng.randrange(9)), "1", rng.randrange(1, 30000))
        for _ in range(rng.randrange(5))
    )
    owed = sum(line.amount_fen for line in lines) if lines else rng.randrange(100000)
    owed = owed * rng.choice((10, 10, 8)) // 10
    paid = Tender("mall_points", rng.choice((0, 0, owed // 3)))
    shop = rng.choice(_SHOPS)
    return Receipt(shop, Kind.SALE, "1", None, "CNY", owed, items=lines, tenders=(paid,))


def who(rng: random.Random) -> Who:
    return Who(
        tier_id=rng.choice(("ordinary", "gold", "nobody")),
        labels=rng.choice((None, frozenset(), frozenset({"club"}))),
        birth_month=rng.choice((None, 0, 11)),
        had=rng.choice((None, frozenset(), frozenset({"c1"}))),
    )


def span(rng: random.Random) -> Span | None:
    if rng.random() < 0.1:
        return None
    first = datetime.combine(_DAY, time()) + timedelta(minutes=rng.randrange(30 * 24 * 60))
    return Span(first, first + timedelta(minutes=rng.choice((0, 0, 0, 5, 3000))))


def left(rng: random.Random) -> dict[str, int] | None:
    if rng.random() < 0.5:
        return None
    stacks = ("a", "b", *(f"=c{n}" for n in range(4)))
    keys = ("day:", *(f"{what}:{stack}" for stack in stacks for what in ("day", "budget")))
    return {key: rng.randrange(60) for key in keys}


Inputs = tuple[RuleBook, Receipt, str, Who, Span | None, dict[str, int] | None]


def inputs(number: int) -> Inputs:
    rng = random.Random(number)
    chosen = book(rng.randrange(BOOKS))
    category = rng.choice(_CATEGORIES)
    return chosen, receipt(rng), category, who(rng), span(rng), left(rng)


def through_its_event(
    basket: Basket, member: Who, when: Span | None, rules: RuleBook, caps: dict[str, int] | None
) -> Award:
    """Work an award out from what the event's bytes say of the sale."""
    sale = events.Sale(
        at=Moment(0, "b", 0),
        receipt=Receipt(basket.shop_id, Kind.SALE, "1", None, "CNY", basket.earning_fen),
        discriminator="",
        eligible_fen=basket.earning_fen,
        category=basket.category,
        book=rules.name,
        holder=Holder("member", "m"),
        parts=basket.parts,
    )
    read = events.body_of(events.frame_of(sale))
    assert isinstance(read, events.Sale)
    told = Basket(read.eligible_fen, read.receipt.shop_id, read.category, read.parts)
    return award(told, member, when, rules, caps)


def digest(first: int, count: int) -> str:
    """Return the SHA-256 over so many awards, with their words."""
    total = hashlib.sha256()
    for number in range(first, first + count):
        rules, paper, category, member, when, caps = inputs(number)
        basket = basket_of(paper, category, rules)
        given = through_its_event(basket, member, when, rules, caps)
        total.update(repr((given.points, given.shares, given.reasons)).encode())
    return total.hexdigest()


ELSEWHERE = (
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Shanghai", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4242", "TZ": "America/Los_Angeles", "LC_ALL": "tr_TR.UTF-8"},
)


def compare(count: int) -> str:
    """Return the digest that processes elsewhere agree on. Raises ValueError if they do not."""
    command = [sys.executable, "-m", "tests.loyalty.rules.random_rules", str(count)]
    running = [
        subprocess.Popen(command, env={**os.environ, **other}, stdout=subprocess.PIPE, text=True)
        for other in ELSEWHERE
    ]
    told = {process.communicate()[0].strip() for process in running}
    if len(told) != 1 or any(process.returncode for process in running):
        raise ValueError(f"{count} awards differ: {sorted(told)}")
    return told.pop()


if __name__ == "__main__":
    wanted = compare if sys.argv[2:] == ["compare"] else lambda count: digest(0, count)
    sys.stdout.write(wanted(int(sys.argv[1])) + "\n")

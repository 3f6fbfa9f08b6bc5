"""Whatever happened in whatever order: a balance replayed to any date is what it was then."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from central.jobs.expiry import Expire
from central.jobs.release import Release
from central.ledger.queries import statement
from loyalty.rules import rulebook
from loyalty.rules.campaigns import Campaign
from loyalty.rules.rulebook import Rate, canonical, from_canonical
from tests.central.programme import BOOK, DAY_MS, VERSION, card, member

SHANGHAI = ZoneInfo("Asia/Shanghai")
FEAST = Campaign(id="c", name_zh="节", name_en="Feast", times="2", cap_day=150, expiry_months=1)
OTHER = structs.replace(
    BOOK,
    grammar=3,
    rates=(Rate("*", 1, 300, "甲", "A"),),
    campaigns=(FEAST,),
    pending_days=15,
    remainder="carry",
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["sale", "refund", "correct", "redeem", "expire", "release", "card"]),
        st.integers(0, 400),
    ),
    min_size=5,
    max_size=25,
)
NAMES = itertools.count()


@pytest.fixture
def mall(programme):
    other = from_canonical(canonical(OTHER))
    programme.add_book(other, effective_ms=1)
    programme.versions = [VERSION, rulebook.version(other)]
    programme.add_reward("tea", 40)
    return programme


class People:
    """Two members and a card that nobody has yet; what was sold to them."""

    def __init__(self, mall):
        self.mall, number = mall, next(NAMES)
        self.holders = [member(f"a{number}"), member(f"b{number}"), card(f"c{number}")]
        for holder in self.holders[:2]:
            mall.add_member(holder.key)
        self.sold, self.asked = [], itertools.count()

    def step(self, what, number):
        getattr(self, what)(number, self.holders[number % len(self.holders)])
        self.mall.now_ms += number * DAY_MS // 20 + 1

    def sale(self, number, holder):
        version = self.mall.versions[number % 2]
        fen = 100 * number + 50
        points = fen // (100, 300)[number % 2]
        self.sold.append(self.mall.till.sale(holder, fen, points, book=version))
        self.mall.till.push(self.sold[-1])

    def refund(self, number, _holder):
        if self.sold:
            sale = self.sold[number % len(self.sold)]
            part = max(sale.eligible_fen // (1 + number % 3), 1)
            self.mall.till.push(self.mall.till.refund(sale, fen=part))

    def correct(self, number, holder):
        if self.sold:
            sale = self.sold[number % len(self.sold)]
            self.mall.till.push(self.mall.till.correct(sale, holder, points=1))

    def redeem(self, _number, holder):
        request_id = f"{holder.key}/{next(self.asked)}"
        lease = self.mall.till.lease(holder, request_id=request_id)
        if lease.refusal is None:
            self.mall.till.push(self.mall.till.redeem(holder, lease))

    def expire(self, number, _holder):
        day = (self.today() + timedelta(days=number)).isoformat()
        self.mall.service.run(Expire(day, tuple(self.holders)))

    def release(self, number, _holder):
        day = (self.today() + timedelta(days=number % 20)).isoformat()
        self.mall.service.run(Release(day, tuple(self.holders)))

    def card(self, _number, holder):
        if holder.kind == "member":
            self.mall.add_member(holder.key, tags=[self.holders[2].key])

    def today(self) -> date:
        return datetime.fromtimestamp(self.mall.now_ms / 1000, UTC).astimezone(SHANGHAI).date()

    def balances(self):
        return [self.mall.balance(holder) for holder in self.holders[:2]]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_a_balance_replayed_to_any_date_is_what_it_was_then(mall, steps):
    people, moments = People(mall), []
    for what, number in steps:
        people.step(what, number)
        moments.append((mall.now_ms, people.balances()))
    for at_ms, balances in moments:
        for holder, balance in zip(people.holders, balances, strict=False):
            assert mall.read(statement, holder, 0, at_ms).closing == balance
    mall.check()

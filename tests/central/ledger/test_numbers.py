"""Refunds that know no more of their sale than its number, where a shop's numbers start again.

Each till of the shop is cut off for as long as it likes, so central hears of them in any order. A
refund is of the last sale before it that has so much left, or a person is asked.
"""

from itertools import permutations

import pytest
from msgspec import structs

from central import schema
from central.database import writing
from central.ledger import replay
from central.ledger.closing import close_case, settled_cases
from central.ledger.judging.rows import Identity
from central.ledger.verify import rebuild, verify
from central.ledger.waiting import cases
from loyalty.wire import Judged, Verdict
from tests.central.programme import member

ASKED = (Verdict.APPLIED_ADJUSTED, "same_number")
LAST_MONTH, LAST_WEEK = "2026-04-01T12:00:00", "2026-05-20T12:00:00"
MORNING, NOON, EVENING = (f"2026-05-28T{hour}:00:00" for hour in ("09", "12", "18"))


class Shop:
    """Tills of one shop, one for each receipt, which tell central of it when they like."""

    def __init__(self, programme):
        self.programme = programme
        self.tills, self.written = {}, {}

    def sell(self, name, printed_at, fen=10_000, number="7", holder=None):
        self.programme.add_member(name)
        sale = self._till(name).sale(holder or member(name), fen, number=number)
        self._write(name, sale, printed_at)

    def refund(self, name, of, printed_at, fen=None, *, by_number=True):
        sale = self.written[of]
        back = self._till(name).refund(sale, fen, by_number=by_number, number=f"R{name}")
        self._write(name, back, printed_at)

    def tell(self, *names):
        """Let central hear of receipts; return what it made of the last one."""
        (judged,) = [self.tills[name].push(self.written[name]) for name in names][-1]
        return judged

    def balances(self, *names):
        return tuple(self.programme.balance(member(name)) for name in names)

    def asked(self):
        """Return about which receipts a person is asked."""
        names = {till.id.hex(): name for name, till in self.tills.items()}
        return [names[one.device_id] for one in self.programme.read(cases, self.programme.now_ms)]

    def _till(self, name):
        self.tills[name] = self.programme.add_device(f"till {name}", "till", "S1")
        return self.tills[name]

    def _write(self, name, body, printed_at):
        receipt = structs.replace(body.receipt, printed_at=printed_at)
        self.written[name] = structs.replace(body, receipt=receipt)


@pytest.fixture
def shop(programme):
    return Shop(programme)


#: When an old sale, a new one and a refund were, and of how much; of which sale the refund is.
STORIES = {
    "of the new one": ((LAST_MONTH, 10_000), (LAST_WEEK, 10_000), (NOON, 10_000), "new"),
    "of a part": ((LAST_MONTH, 10_000), (LAST_WEEK, 10_000), (NOON, 4_000), "new"),
    "the old one is too small": ((LAST_MONTH, 4_000), (LAST_WEEK, 10_000), (NOON, 10_000), "new"),
    "the new one is too small": ((LAST_MONTH, 10_000), (LAST_WEEK, 4_000), (NOON, 10_000), "old"),
    "on the new one's day": ((LAST_MONTH, 10_000), (MORNING, 10_000), (NOON, 10_000), "new"),
    "before the new one's hour": ((LAST_MONTH, 10_000), (EVENING, 10_000), (NOON, 10_000), "old"),
    "before the new one's day": ((LAST_MONTH, 10_000), (NOON, 10_000), (LAST_WEEK, 10_000), "old"),
}


@pytest.mark.parametrize("order", list(permutations(("old", "new", "refund"))), ids="-".join)
@pytest.mark.parametrize("story", STORIES)
def test_a_refund_by_number_is_of_the_same_sale_in_any_order_or_a_person_is_asked(
    shop, story, order
):
    old, new, back, whose = STORIES[story]
    shop.sell("old", *old)
    shop.sell("new", *new)
    shop.refund("refund", "new", *back)
    shop.tell(*order)
    right = {"old": old[1] // 100, "new": new[1] // 100}
    right[whose] -= back[1] // 100
    late = order[2] == whose and story != "before the new one's day"
    assert (shop.balances("old", "new") == tuple(right.values())) != late
    assert bool(shop.asked()) == late
    shop.programme.check()


@pytest.mark.parametrize("order", list(permutations(("old", "new", "refund"))), ids="-".join)
def test_a_number_with_the_day_in_it_leaves_no_question(shop, order):
    shop.sell("old", LAST_WEEK, number="20260520-7")
    shop.sell("new", MORNING, number="20260528-7")
    shop.refund("refund", "new", NOON)
    shop.tell(*order)
    assert shop.balances("old", "new") == (100, 0)
    assert shop.asked() == []


@pytest.mark.parametrize("order", list(permutations(("one", "other", "refund"))), ids="-".join)
def test_where_two_counters_number_by_themselves_a_person_is_asked(shop, order):
    shop.sell("one", MORNING)
    shop.sell("other", "2026-05-28T09:05:00", 20_000)
    shop.refund("refund", "one", NOON)
    shop.tell(*order)
    assert shop.asked()
    shop.programme.check()


def test_what_comes_together_behind_its_refund_is_known_together(shop):
    shop.sell("old", LAST_WEEK)
    shop.sell("new", MORNING)
    shop.refund("refund", "new", NOON)
    shop.tell("refund")
    till = shop.tills["old"]
    till.push(shop.written["old"], shop.written["new"])
    assert shop.balances("old", "new") == (100, 0)
    assert shop.asked() == []


@pytest.mark.parametrize("last", ["by number", "by its print"])
def test_a_sale_that_a_refund_by_number_may_have_emptied_is_asked_about(shop, last):
    """One of the two is of the old sale."""
    shop.sell("old", LAST_WEEK)
    shop.sell("new", MORNING)
    shop.refund("by number", "old", NOON)
    shop.refund("by its print", "new", NOON, by_number=False)
    first = {"by number": "by its print", "by its print": "by number"}[last]
    assert shop.tell("old", "new", first)[0] is Verdict.APPLIED
    assert shop.tell(last)[:2] == ASKED
    assert shop.asked() == [last]


@pytest.mark.parametrize("fens", [(4_000, 10_000), (10_000, 4_000)])
def test_a_refund_that_an_earlier_one_drives_to_an_older_sale_is_asked_about(shop, fens):
    shop.sell("old", LAST_WEEK)
    shop.sell("new", MORNING)
    for fen in fens:
        shop.refund(f"of {fen}", "new", NOON, fen)
    shop.tell("old", "new")
    judged = [shop.tell(f"of {fen}")[:2] for fen in fens]
    # both come out of the new sale only where the second is not more than is left
    assert judged == [(Verdict.APPLIED, ""), ASKED]


def test_numbers_of_later_days_ask_nothing(shop):
    """Neither does a refund on which no time is printed."""
    shop.sell("old", LAST_WEEK)
    shop.refund("refund", "old", None)
    shop.sell("new", "2026-06-20T09:00:00")
    shop.tell("old", "refund", "new")
    assert shop.balances("old", "new") == (0, 100)
    assert shop.asked() == []


def test_a_person_says_that_it_was_seen_to(shop):
    """The till of the sale keeps what was added to it."""
    programme = shop.programme
    programme.add_member("gold", "gold")
    shop.sell("old", LAST_WEEK)
    shop.sell("new", MORNING, holder=member("gold"))
    shop.refund("refund", "new", NOON)
    shop.tell("old", "refund")
    verdict, reason, added = shop.tell("new")
    assert (verdict, reason) == ASKED
    assert added > 0
    till = shop.tills["new"]
    with writing(programme.engine) as connection:
        event = Identity(till.id, 1, 1)
        close_case(connection, programme.shard_key, event, "王芳", "已调整", programme.now_ms)
    assert shop.asked() == []
    assert till.judged() == {1: Judged(1, Verdict.APPLIED_ADJUSTED, "case_closed", added)}
    (settled,) = programme.read(settled_cases)
    assert (settled.was, settled.why) == ("applied_adjusted", "已调整")
    programme.check()


def test_refunds_of_before_are_found_in_the_log(shop, monkeypatch):
    monkeypatch.setattr(replay, "EVENTS_TOGETHER", 1)
    programme = shop.programme
    shop.sell("old", LAST_WEEK)
    shop.sell("new", EVENING)
    shop.refund("refund", "old", NOON)
    shop.tell("new", "old", "refund")
    before = programme.rows(schema.number_refund)
    assert before
    with writing(programme.engine) as connection:
        connection.execute(schema.number_refund.delete())
        assert verify(connection, programme.shard_key)
        rebuild(connection, programme.shard_key)
    assert programme.rows(schema.number_refund) == before
    programme.check()

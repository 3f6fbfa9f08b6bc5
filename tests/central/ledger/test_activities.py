"""Activities at central: each member once, by codes and by records, out of a budget."""

from datetime import date
from itertools import permutations

import pytest
from msgspec import structs

from central import schema
from central.activities.records import ranking
from central.ledger.activity_commands import (
    CloseActivity,
    CloseCodes,
    IssueCodes,
    RecordActivity,
    SignedUp,
)
from central.ledger.explaining import of_lines
from central.ledger.judging.accounts import Code
from central.ledger.queries import statement
from loyalty.events import ActivityDone
from loyalty.rules import rulebook
from loyalty.rules.activities import Activity
from loyalty.rules.reasons import Reason
from loyalty.rules.rulebook import canonical, from_canonical
from loyalty.wire import Verdict
from loyalty.wording import say
from tests.central.programme import BOOK, DAY_MS, card, member

APPLIED, ADJUSTED = Verdict.APPLIED, Verdict.APPLIED_ADJUSTED
REFUSED = Verdict.REFUSED_FINAL
UNTIL = date(2026, 12, 31)


def activity(id_, kind, **facts):
    return Activity(id=id_, kind=kind, name_zh="活动", name_en="Fun", **facts)


ACTIVITIES = (
    activity("in", "check_in", points=50, every_day=True),
    activity("wheel", "game", points=100, points_max=500),
    activity("ask", "survey", points=20),
    activity("vote", "vote", points=5),
    activity("share", "share", points=10),
    activity("stars", "rating", points=15, expiry_months=1),
    activity("friend", "referral", points=100, referrer_points=200, after_purchase=True),
    activity("pal", "referral", points=10, referrer_points=20),
    activity("new", "sign_up", points=88),
    activity("cups", "punch_card", points=60, stamps=3, minimum_fen=1_000),
    activity("10k", "milestone", points=500, milestone_fen=1_000_000),
    activity("run", "contest", ranks=(1000, 500, 200)),
    activity("few", "survey", points=40, budget=100),
    activity("may", "survey", points=7, until_day=date(2026, 5, 29)),
)


def only(*ids):
    made = tuple(one for one in ACTIVITIES if one.id in ids)
    return from_canonical(canonical(structs.replace(BOOK, grammar=2, activities=made)))


class Mall:
    """A programme whose book has activities."""

    def __init__(self, programme, book):
        self.programme, self.till, self.other = programme, programme.till, programme.other
        self.book = rulebook.version(book)
        programme.add_book(book, effective_ms=1)
        for name in "abc":
            programme.add_member(name, tags=[f"card-{name}"])

    def make(self, activity_id, batch="b1", **facts):
        return self.programme.service.run(
            IssueCodes(batch, activity_id, self.book, UNTIL, "li", **facts)
        )

    def record(self, activity_id, name="a", **facts):
        return self.programme.service.run(
            RecordActivity(activity_id, name, self.book, "li", **facts)
        )

    def scan(self, till, activity_id, holder=None, batch="b1", number=0, **facts):
        holder = holder or member()
        at = facts.pop("at", None) or till.moment()
        body = ActivityDone(at, holder, activity_id, batch, number, self.book, **facts)
        return till.push(body)[0]

    def sell(self, fen=10_000, name="a", holder=None, **facts):
        sale = self.till.sale(holder or member(name), fen, book=self.book, **facts)
        self.till.push(sale)
        return sale

    def owns(self, name="a"):
        return self.programme.balance(member(name))

    def lots(self):
        return [(lot.expires_on.isoformat(), lot.left) for lot in self.programme.lots()]


@pytest.fixture
def mall(programme):
    yield Mall(programme, only(*(one.id for one in ACTIVITIES if one.kind not in BUYING)))
    programme.check()


BUYING = ("punch_card", "milestone", "referral")


@pytest.fixture
def shop(programme):
    """A mall with the activities that hang on purchases."""
    yield Mall(programme, only("cups", "10k", "friend", "pal"))
    programme.check()


@pytest.mark.parametrize(
    ("activity_id", "points", "codes"),
    [
        ("in", 50, {}),
        ("wheel", 300, {"count": 5, "result": 300}),
        ("ask", 20, {}),
        ("vote", 5, {}),
        ("share", 10, {}),
        ("stars", 15, {}),
    ],
)
def test_a_code_gives_its_points_once_over_two_tills(mall, activity_id, points, codes):
    mall.make(activity_id, **codes)
    number = 1 if codes else 0
    assert mall.scan(mall.till, activity_id, number=number) == (APPLIED, "", points)
    again = "activity_today" if activity_id == "in" else "activity_done"
    assert mall.scan(mall.other, activity_id, number=number) == (REFUSED, again, 0)
    assert mall.owns() == points


def test_the_points_are_of_an_issuers_account_and_have_their_own_last_day(mall):
    mall.make("stars")
    mall.scan(mall.till, "stars")
    told = mall.programme.read(statement, member(), 0, mall.programme.now_ms + 1)
    assert [(one.code, one.points, one.subject) for one in told.lines] == [
        (Code.ACTIVITY, 15, "activity/stars")
    ]
    assert mall.lots() == [("2026-06-29", 15)]


def test_a_statement_says_which_activity_gave_or_took_points(shop):
    sales = [shop.sell(1_000) for _ in range(3)]
    shop.till.push(shop.till.refund(sales[0], points=10))
    told = shop.programme.read(statement, member(), 0, shop.programme.now_ms + 1)
    reasons = shop.programme.read(of_lines, told.lines)
    said = [say(one, "zh") for why in reasons for one in why if one.code.startswith("activity")]
    assert said == ["活动 +60", "活动：退货或更正后扣回 60 分"]


def test_a_daily_check_in_counts_again_tomorrow(mall):
    mall.make("in")
    for _ in range(2):
        assert mall.scan(mall.till, "in") == (APPLIED, "", 50)
        assert mall.scan(mall.till, "in") == (REFUSED, "activity_today", 0)
        mall.programme.now_ms += DAY_MS
    assert mall.owns() == 100


def test_a_check_in_of_a_day_counts_once_whatever_day_came_between(mall):
    mall.make("in")
    yesterday = [one.moment() for one in (mall.till, mall.other)]
    assert mall.scan(mall.till, "in", at=yesterday[0]) == (APPLIED, "", 50)
    mall.programme.now_ms += DAY_MS
    assert mall.scan(mall.till, "in") == (APPLIED, "", 50)
    late = mall.scan(mall.other, "in", at=yesterday[1])
    assert late == (REFUSED, "activity_today", 0)
    assert mall.owns() == 100


def test_a_card_of_a_member_is_the_member(mall):
    mall.make("ask")
    assert mall.scan(mall.till, "ask", card("card-a")) == (APPLIED, "", 20)
    assert mall.scan(mall.till, "ask", member("a")) == (REFUSED, "activity_done", 0)
    assert mall.scan(mall.till, "ask", card("nobody")) == (REFUSED, "activity_members_only", 0)


def test_a_card_that_is_registered_later_took_no_part_whenever_that_is_heard(mall):
    mall.make("ask")
    before = mall.till.moment()
    mall.programme.now_ms += DAY_MS
    mall.programme.add_member("a", tags=["card-a", "new"])
    assert mall.scan(mall.till, "ask", card("new"), at=before)[:2] == (
        REFUSED,
        "activity_members_only",
    )
    assert mall.scan(mall.till, "ask", card("new")) == (APPLIED, "", 20)


def test_a_numbered_code_counts_once_for_all_members(mall):
    mall.make("wheel", count=2, result=400)
    assert mall.scan(mall.till, "wheel", number=1) == (APPLIED, "", 400)
    used = mall.scan(mall.other, "wheel", member("b"), number=1)
    assert used == (REFUSED, "activity_code_used", 0)
    assert mall.scan(mall.other, "wheel", member("b"), number=2) == (APPLIED, "", 400)


def test_a_code_that_was_never_made_is_for_a_person(mall):
    mall.make("wheel", count=2, result=400)
    for batch, number in (("b1", 3), ("b1", 0), ("b1", -1)):
        verdict, _, _ = mall.scan(mall.till, "wheel", batch=batch, number=number)
        assert verdict is Verdict.QUARANTINED
    assert mall.scan(mall.till, "ask", number=1)[0] is Verdict.QUARANTINED


def test_a_scan_that_comes_before_its_codes_waits_for_them_and_its_till_hears(mall):
    waits = mall.scan(mall.till, "ask", batch="late")
    assert waits == (Verdict.PENDING_REF, "activity_code_unknown", 0)
    mall.make("ask", batch="late")
    assert mall.owns() == 20
    told = mall.till.judged()
    assert [(one.verdict, one.adjusted) for one in told.values()] == [(APPLIED, 20)]


def test_a_scan_under_a_book_that_central_lacks_waits_for_it(mall):
    mall.make("ask")
    newer = only("ask", "vote")
    body = ActivityDone(mall.till.moment(), member(), "ask", "b1", 0, rulebook.version(newer))
    assert mall.till.push(body)[0][:2] == (Verdict.PENDING_UPGRADE, "rule_book_unknown")
    mall.programme.service.start()
    assert mall.owns() == 0
    mall.programme.add_book(newer, effective_ms=2)
    mall.programme.service.start()
    assert mall.owns() == 20


def test_a_closed_batch_gives_nothing_to_what_comes_after_it_and_its_due_to_what_was_before(mall):
    mall.make("ask")
    before = mall.till.moment()
    mall.programme.now_ms += 60_000
    closed = mall.programme.service.run(CloseCodes("b1", "li"))
    assert closed.closed_ms == mall.programme.now_ms
    mall.programme.now_ms += 60_000
    assert mall.scan(mall.till, "ask", member("b")) == (REFUSED, "activity_closed", 0)
    assert mall.scan(mall.till, "ask", at=before) == (APPLIED, "", 20)
    assert mall.programme.service.run(CloseCodes("no", "li")) == Reason("activity_unknown")


def test_a_scan_of_the_last_day_that_arrives_days_later_counts(mall):
    mall.make("may")
    done = mall.till.moment()
    mall.programme.now_ms += 3 * DAY_MS
    assert mall.scan(mall.till, "may", at=done) == (APPLIED, "", 7)
    assert mall.scan(mall.till, "may", member("b")) == (REFUSED, "activity_over", 0)


def test_a_budget_is_never_passed(mall):
    mall.make("few")
    given = [mall.scan(mall.till, "few", member(name)) for name in "abc"]
    assert given == [(APPLIED, "", 40), (APPLIED, "", 40), (REFUSED, "activity_spent", 0)]


@pytest.mark.parametrize("facts", [{"result": 250}, {"result": 9_999}])
def test_a_record_gives_what_a_code_would_and_says_no_in_words(mall, facts):
    assert mall.record("wheel", **facts).points == min(facts["result"], 500)
    assert mall.record("wheel").code == "activity_done"
    assert mall.record("ask").points == 20
    mall.make("ask")
    assert mall.scan(mall.till, "ask") == (REFUSED, "activity_done", 0)
    assert mall.record("gone").code == "activity_unknown"
    assert mall.record("ask", "nobody").code == "member_unknown"


def test_signing_up_is_given_once(mall):
    for _ in range(2):
        assert mall.programme.service.run(SignedUp("a", mall.book)) is None
    assert mall.owns() == 88


def test_a_contest_goes_by_the_best_result_and_earlier_before_later(mall):
    for name, result in (("a", 70), ("b", 90), ("a", 90), ("c", 20), ("b", 10)):
        mall.record("run", name, result=result)
        mall.programme.now_ms += 1_000
    rows = {row.member: row.result for row in mall.programme.rows(schema.activity_doing)}
    assert rows == {"a": 90, "b": 90, "c": 20}
    mall.programme.service.run(CloseActivity("run", mall.book, "li", ("b", "a", "c")))
    assert [mall.owns(name) for name in "abc"] == [500, 1000, 200]
    closed = mall.programme.service.run(CloseActivity("run", mall.book, "li", ("c",)))
    assert closed.code == "activity_over"
    assert mall.record("run", "c", result=99).code == "activity_over"


@pytest.mark.parametrize("told", list(permutations("abc")))
def test_a_contests_ties_go_to_who_got_there_first_whoever_is_heard_first(mall, told):
    """The member a has 70 at the first try, b at the second, a again at the third."""
    mall.make("run", count=3, result=70)
    tried = {}
    for number, (turn, name) in enumerate(zip("abc", "aba", strict=True), 1):
        mall.programme.now_ms += 1_000
        tried[turn] = (mall.other.moment(), name, number)
    for turn in told:
        at, name, number = tried[turn]
        mall.scan(mall.till, "run", member(name), number=number, at=at)
    places = mall.programme.read(ranking, "run", 3)
    assert [(one.member, one.reached_ms) for one in places] == [
        (name, at.wall_ms) for at, name, _ in (tried["a"], tried["b"])
    ]


def test_a_contests_codes_each_count_once_and_a_late_result_is_refused(mall):
    mall.make("run", count=3, result=50)
    assert mall.scan(mall.till, "run", number=1) == (APPLIED, "activity_entered", 0)
    assert mall.scan(mall.till, "run", number=1) == (REFUSED, "activity_code_used", 0)
    early = mall.other.moment()
    mall.programme.service.run(CloseActivity("run", mall.book, "li", ("a",)))
    late = mall.scan(mall.other, "run", member("b"), number=2, at=early)
    assert late == (REFUSED, "activity_over", 0)
    assert mall.owns() == 1000


def test_codes_are_made_only_as_their_kind_can_use_them(mall):
    assert mall.make("new").code == "activity_unknown"
    assert mall.make("cups").code == "activity_unknown"
    assert mall.make("wheel", result=3).code == "activity_needs_single_codes"
    assert mall.make("ask", brought_by="b").code == "activity_needs_referrer"


def test_a_referral_waits_for_the_new_members_first_purchase(shop):
    shop.make("friend", brought_by="b")
    waits = shop.scan(shop.till, "friend")
    assert waits == (APPLIED, "activity_after_purchase", 0)
    assert (shop.owns(), shop.owns("b")) == (0, 0)
    sale = shop.sell(name="b")
    assert shop.owns("b") == 100
    sale = shop.sell()
    assert (shop.owns(), shop.owns("b")) == (200, 300)
    shop.sell()
    assert (shop.owns(), shop.owns("b")) == (300, 300)
    again = shop.scan(shop.other, "friend")
    assert again == (REFUSED, "activity_done", 0)
    assert sale is not None


def test_a_refund_of_the_only_purchase_takes_both_sides_of_a_referral_back(shop):
    shop.make("friend", brought_by="b")
    shop.scan(shop.till, "friend")
    sale = shop.sell()
    shop.till.push(shop.till.refund(sale, points=100))
    assert (shop.owns(), shop.owns("b")) == (0, 0)
    shop.sell()
    assert (shop.owns(), shop.owns("b")) == (200, 200)


def test_a_referral_that_arrives_after_the_purchase_of_the_same_day_counts_at_once(shop):
    shop.make("friend", brought_by="b")
    shop.sell()
    assert shop.scan(shop.other, "friend") == (APPLIED, "", 100)
    assert (shop.owns(), shop.owns("b")) == (200, 200)


def test_whoever_bought_before_is_not_new(shop):
    shop.make("pal", brought_by="b")
    shop.sell()
    shop.programme.now_ms += DAY_MS
    assert shop.scan(shop.till, "pal") == (APPLIED, "activity_not_new", 0)


def test_a_pair_refers_once_and_nobody_themselves(shop):
    shop.make("pal", brought_by="b")
    assert shop.scan(shop.till, "pal", member("b")) == (REFUSED, "activity_self", 0)
    assert shop.scan(shop.till, "pal") == (APPLIED, "", 10)
    assert (shop.owns(), shop.owns("b")) == (10, 20)
    shop.make("pal", batch="b2", brought_by="a")
    back = shop.scan(shop.till, "pal", member("b"), batch="b2")
    assert back == (REFUSED, "activity_pair", 0)


def test_a_punch_card_fills_with_every_third_receipt_that_is_large_enough(shop):
    for fen in (1_000, 999, 5_000):
        shop.sell(fen)
    assert shop.owns() == 10 + 9 + 50
    shop.sell(1_000)
    assert shop.owns() == 79 + 60
    for _ in range(3):
        shop.sell(1_000)
    assert shop.owns() == 79 + 30 + 120


def test_a_refund_takes_the_stamp_and_the_points_of_a_card_that_is_no_longer_full(shop):
    for _ in range(2):
        shop.sell(1_000)
    last = shop.sell(1_000)
    assert shop.owns() == 90
    shop.till.push(shop.till.refund(last, 1, points=1))
    assert shop.owns() == 29
    shop.sell(1_000)
    assert shop.owns() == 99


def test_points_of_a_punch_card_that_are_spent_are_owed(shop):
    sales = [shop.sell(1_000) for _ in range(3)]
    shop.programme.add_reward(points=90)
    lease = shop.till.lease(member())
    shop.till.push(shop.till.redeem(member(), lease))
    shop.till.push(shop.till.refund(sales[0], points=10))
    assert shop.owns() == -70


def test_a_milestone_is_reached_once_with_a_fen_more_or_less(shop):
    shop.sell(999_999)
    assert shop.owns() == 9_999
    shop.sell(1)
    assert shop.owns() == 10_499
    shop.sell(2_000_000)
    assert shop.owns() == 30_499


def test_a_correction_moves_what_a_purchase_counts_for(shop):
    sale = shop.sell(1_000_000)
    assert shop.owns() == 10_500
    shop.till.push(shop.till.correct(sale, member("b"), 10_000))
    assert (shop.owns(), shop.owns("b")) == (0, 10_500)


@pytest.mark.parametrize("heard", ["at once", "later"])
def test_a_claim_counts_and_a_card_that_nobody_owns_never_does(shop, heard):
    shop.till.push(shop.till.sale(fen=1_000_000, code="C1", book=shop.book))
    shop.other.push(shop.other.claim("C1", member()))
    assert shop.owns() == 10_500
    loose = shop.till.sale(card("loose"), 1_000_000, book=shop.book)
    shop.till.write(loose)
    if heard == "at once":
        shop.till.send()
    shop.programme.now_ms += DAY_MS
    shop.programme.add_member("c", tags=["card-c", "loose"])
    shop.till.send()
    assert shop.owns("c") == 10_000
    shop.till.push(shop.till.refund(loose, points=10_000))
    assert shop.owns("c") == 0

"""Who is new for a referral, in whatever order central hears of the scan and of the purchases."""

from datetime import date
from itertools import permutations

import pytest
from msgspec import structs

from central import schema
from central.ledger.activity_commands import IssueCodes, RecordActivity
from central.ledger.judging.entry import FIRST_PURCHASES
from loyalty.events import ActivityDone
from loyalty.rules import rulebook
from loyalty.rules.activities import Activity
from loyalty.rules.rulebook import canonical, from_canonical
from loyalty.wire import Verdict
from tests.central.programme import BOOK, DAY_MS, card, member

APPLIED, REFUSED = Verdict.APPLIED, Verdict.REFUSED_FINAL
REFERRALS = tuple(
    Activity(id=id_, kind="referral", name_zh="荐友", name_en="Referral", **facts)
    for id_, facts in {
        "friend": {"points": 1, "referrer_points": 2, "after_purchase": True},
        "pal": {"points": 10, "referrer_points": 20},
    }.items()
)
PAYS = {"friend": (1, 2), "pal": (10, 20)}


class Mall:
    """Members whom b brings, tills that tell when the test says, and a book of before."""

    def __init__(self, programme):
        self.programme, self.till, self.other = programme, programme.till, programme.other
        self.third = programme.add_device("third", "till", "S1")
        book = from_canonical(canonical(structs.replace(BOOK, grammar=2, activities=REFERRALS)))
        self.book, self.before = (rulebook.version(one) for one in (book, BOOK))
        programme.add_book(book, effective_ms=2)
        for name in "abc":
            programme.add_member(name)
        for id_ in PAYS:
            self.make(id_, "b")

    def make(self, activity_id, brought_by):
        codes = f"{activity_id}-{brought_by}"
        until = date(2026, 12, 31)
        issue = IssueCodes(codes, activity_id, self.book, until, "li", brought_by=brought_by)
        self.programme.service.run(issue)

    def scanned(self, till, activity_id, name="a", by="b"):
        codes = f"{activity_id}-{by}"
        return ActivityDone(till.moment(), member(name), activity_id, codes, 0, self.book)

    def sold(self, till, name="a", book=""):
        return till.sale(member(name), 10_000, points=100, book=book or self.book)

    def wait(self, days=1):
        self.programme.now_ms += days * DAY_MS

    def owns(self):
        return tuple(self.programme.balance(member(name)) for name in "ab")

    def verdicts(self, device):
        return [(one.verdict, one.reason) for one in device.judged().values()]


@pytest.fixture
def mall(programme):
    yield Mall(programme)
    programme.check()


@pytest.fixture(params=PAYS)
def kind(request):
    return request.param


def in_order(told):
    """Let each device tell its next event, as often as it stands there."""
    through = {}
    for device in told:
        through[device] = through.get(device, 0) + 1
        device.send(device.request(last_seq=through[device]))


def orders(letters):
    return sorted({"".join(one) for one in permutations(letters)})


@pytest.mark.parametrize("order", orders("st"))
@pytest.mark.parametrize("older", [True, False])
def test_a_purchase_of_before_that_is_heard_later_takes_a_referral_back(mall, kind, order, older):
    mall.other.write(mall.sold(mall.other, book=mall.before if older else ""))
    mall.wait()
    mall.till.write(mall.scanned(mall.till, kind))
    in_order({"s": mall.other, "t": mall.till}[one] for one in order)
    assert mall.owns() == (100, 0)
    assert mall.till.push(mall.sold(mall.till))[0][0] is APPLIED
    assert mall.owns() == (200, 0)


@pytest.mark.parametrize("order", orders("sstu"))
def test_a_purchase_of_before_that_comes_back_gives_a_referral_again(mall, kind, order):
    """The first purchase, and its refund on the last day; the scan; a purchase behind that."""
    first = mall.sold(mall.other)
    mall.other.write(first)
    mall.wait()
    mall.till.write(mall.scanned(mall.till, kind))
    mall.wait()
    mall.third.write(mall.sold(mall.third))
    mall.wait()
    mall.other.write(mall.other.refund(first))
    in_order({"s": mall.other, "t": mall.till, "u": mall.third}[one] for one in order)
    mine, brought = PAYS[kind]
    assert mall.owns() == (100 + mine, brought)


@pytest.mark.parametrize("order", orders("sst"))
def test_a_purchase_corrected_to_somebody_makes_them_no_longer_new(mall, kind, order):
    """One of before is a's by mistake: it is c's. Both were brought by b and bought later."""
    first = mall.sold(mall.other)
    mall.other.write(first)
    mall.wait()
    mall.till.write(mall.scanned(mall.till, kind))
    mall.till.write(mall.scanned(mall.till, kind, "c"))
    mall.third.push(mall.sold(mall.third))
    mall.other.write(mall.other.correct(first, member("c"), 100))
    in_order({"s": mall.other, "t": mall.till}[one] for one in order)
    mall.till.send()
    mine, brought = PAYS[kind]
    assert mall.owns() == (100 + mine, brought)
    assert mall.programme.balance(member("c")) == 100


@pytest.mark.parametrize("heard", ["at once", "later"])
def test_who_bought_with_a_card_that_was_nobodys_is_new(mall, kind, heard):
    mall.other.write(mall.other.sale(card("loose"), 10_000, book=mall.book))
    if heard == "at once":
        mall.other.send()
    mall.wait()
    mall.programme.add_member("a", tags=["loose"])
    mall.till.push(mall.scanned(mall.till, kind), mall.sold(mall.till))
    mall.other.send()
    mine, brought = PAYS[kind]
    assert mall.owns() == (200 + mine, brought)


def test_one_event_pays_a_referrer_for_two(mall):
    """A purchase of before is corrected: it makes who had it new again, and is c's first one."""
    mall.third.push(mall.scanned(mall.third, "friend", "c"))
    first = mall.sold(mall.other)
    mall.other.push(first)
    mall.wait()
    mall.till.push(mall.scanned(mall.till, "friend"), mall.sold(mall.till))
    assert mall.owns() == (200, 0)
    assert mall.other.push(mall.other.correct(first, member("c"), 100))[0][0] is APPLIED
    assert mall.owns() == (101, 4)
    assert mall.programme.balance(member("c")) == 101


def test_a_device_is_told_that_a_member_is_not_new(mall):
    mall.till.push(mall.sold(mall.till))
    mall.wait()
    told = mall.till.push(*(mall.scanned(mall.till, id_) for id_ in PAYS))
    assert told == [(APPLIED, "activity_not_new", 0)] * 2
    again = mall.till.push(mall.scanned(mall.till, "pal"))
    assert again == [(REFUSED, "activity_done", 0)]


def test_the_desk_notes_no_referral_of_who_is_not_new(mall):
    mall.till.push(mall.sold(mall.till))
    mall.wait()
    record = RecordActivity("pal", "a", mall.book, "li", brought_by="b")
    assert mall.programme.service.run(record).code == "activity_not_new"
    assert mall.programme.rows(schema.activity_doing) == []


def test_of_two_who_refer_one_another_the_one_who_is_new_counts(mall):
    mall.make("pal", "a")
    mall.till.push(mall.sold(mall.till))
    mall.wait()
    mall.till.push(mall.scanned(mall.till, "pal", "a", by="b"))
    back = mall.till.push(mall.scanned(mall.till, "pal", "b", by="a"))
    assert back == [(APPLIED, "", 10)]
    assert mall.owns() == (120, 10)


def test_a_referral_stays_taken_back_while_the_other_way_round_counts(mall):
    mall.make("pal", "a")
    first = mall.sold(mall.till)
    mall.till.push(first)
    mall.wait()
    mall.till.push(mall.scanned(mall.till, "pal", "a", by="b"))
    mall.till.push(mall.scanned(mall.till, "pal", "b", by="a"), mall.till.refund(first))
    assert mall.owns() == (20, 10)


def test_points_of_a_referral_that_are_spent_are_owed(mall):
    mall.other.write(mall.sold(mall.other))
    mall.wait()
    mall.till.push(mall.scanned(mall.till, "pal"))
    mall.programme.add_reward(points=10)
    mall.till.push(mall.till.redeem(member(), mall.till.lease(member())))
    mall.other.send()
    assert mall.owns() == (90, 0)


def test_the_first_day_is_known_as_long_as_one_of_the_first_purchases_is_kept(mall):
    early = [mall.sold(mall.till) for _ in range(FIRST_PURCHASES - 1)]
    mall.till.push(*early)
    mall.wait()
    mall.till.push(mall.scanned(mall.till, "pal"), *(mall.sold(mall.till) for _ in range(9)))
    mall.till.push(*(mall.till.refund(one) for one in early))
    assert mall.owns() == (900 + 10, 20)


def test_who_returned_all_of_many_first_purchases_is_new_once_nothing_is_kept(mall):
    early = [mall.sold(mall.till) for _ in range(FIRST_PURCHASES)]
    mall.till.push(*early)
    mall.wait()
    later = mall.sold(mall.till)
    mall.till.push(mall.scanned(mall.till, "pal"), later)
    mall.till.push(*(mall.till.refund(one) for one in early))
    assert mall.owns() == (100, 0)
    mall.till.push(mall.till.refund(later))
    assert mall.owns() == (10, 20)

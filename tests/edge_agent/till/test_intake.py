"""What each document of a print job is to a till that remembers some receipts."""

import pytest
from msgspec import structs

from edge_agent.till.intake import (
    Finding,
    KnownSale,
    Nothing,
    Refunded,
    Sold,
    Unclear,
    take_in,
    unreadable,
)
from edge_agent.till.seen import seen
from loyalty.codes import claim_hash
from loyalty.events import Holder
from loyalty.products import Part, Products
from loyalty.receipt import Item, Kind, Receipt, Tender, fingerprint
from loyalty.rules.rulebook import Rate, RuleBook
from receipts.reading import Reading, read_text
from tests.loyalty.rules.conftest import a_rule_book

PAPER = (
    "            禾鹿小馆\n             结账单\n--------------------------------\n单号:HL1\n"
    "结账:2026-11-08 13:16:42\n--------------------------------\n"
    "招牌酸菜鱼       1  214.00  214.00\n"
    "--------------------------------\n小计                      214.00\n"
    "应收                      214.00\n--------------------------------\n"
    "微信支付                  214.00\n"
)
(READING,) = read_text(PAPER)


class Memory:
    """What a till remembers, as plain values."""

    def __init__(self, *sales: KnownSale) -> None:
        self._sales = sales
        self._reviews: dict[str, bool] = {}

    def receipt_time(self, identity: str) -> tuple[bool, str | None]:
        for sale in self._sales:
            if sale.fingerprint == identity:
                return True, sale.receipt.printed_at
        return False, None

    def is_paid(self, identity: str) -> bool:
        return False

    def in_review(self, review_id: str) -> bool | None:
        return self._reviews.get(review_id)

    def recent_sales(self) -> list[KnownSale]:
        return list(self._sales)

    def sales(self, number: str) -> list[KnownSale]:
        return [one for one in self._sales if one.receipt.number == number]


def known(reading: Reading = READING, **facts: object) -> KnownSale:
    receipt = reading.receipt("s1")
    base = KnownSale(fingerprint(receipt).hex(), receipt, receipt.owed_fen, "dining")
    return structs.replace(base, **facts)


def taken(
    *readings: Reading, memory: Memory | None = None, book: RuleBook | None = None
) -> tuple[Finding, ...]:
    return take_in(
        readings,
        raw=b"job",
        shop_id="s1",
        book=book or a_rule_book(),
        known=memory or Memory(),
        claim_codes=[f"C{place}" for place, _ in enumerate(readings)],
    )


def test_a_sale_that_can_be_read_is_sold_with_its_own_claim_code() -> None:
    (found,) = taken(READING)
    assert isinstance(found, Sold)
    assert (found.eligible_fen, found.claim_code) == (21400, "C0")
    assert found.claim_hash == claim_hash("C0")
    assert found.fingerprint == fingerprint(READING.receipt("s1")).hex()


def test_what_the_reader_doubts_goes_to_a_person_with_its_reasons() -> None:
    doubtful = structs.replace(READING, decision="review")
    (found,) = taken(doubtful)
    assert isinstance(found, Unclear)
    assert found.why
    assert (found.number, found.owed_fen) == ("HL1", 21400)


@pytest.mark.parametrize("kind", [Kind.PRE_BILL, Kind.KITCHEN_TICKET, Kind.REPORT, Kind.TOPUP])
def test_paper_that_is_no_receipt_is_nothing(kind: Kind) -> None:
    (found,) = taken(structs.replace(READING, kind=kind, decision="ignore"))
    assert isinstance(found, Nothing)


def test_a_recorded_receipt_printed_again_is_nothing_and_is_mentioned() -> None:
    (found,) = taken(READING, memory=Memory(known()))
    assert isinstance(found, Nothing)
    assert found.mention
    assert found.why[0].code == "known_receipt"


def test_the_same_facts_printed_at_another_time_are_a_question_for_a_person() -> None:
    later = structs.replace(READING, printed_at="2026-11-08T20:00:00")
    (found,) = taken(later, memory=Memory(known()))
    assert isinstance(found, Unclear)
    assert found.why[0].code == "same_number"


@pytest.mark.parametrize(
    "torn",
    [
        {"number": None},
        {"number": "L1"},
        {"number": None, "printed_at": None},
        {"number": None, "printed_at": "2026-11-08T00:00:00"},
        {"printed_at": None},
    ],
)
def test_a_recorded_receipt_with_a_torn_number_or_time_is_a_question_for_a_person(
    torn: dict[str, str | None],
) -> None:
    (found,) = taken(structs.replace(READING, **torn), memory=Memory(known()))
    assert isinstance(found, Unclear)
    assert found.why[0].code == "same_amount"


@pytest.mark.parametrize(
    "other",
    [
        {"number": "HL2"},
        {"number": None, "printed_at": "2026-11-08T13:17:42"},
        {"number": None, "owed_fen": 21500, "eligible_fen": 21500},
        {"printed_at": "2026-11-09T13:16:42"},
    ],
)
def test_a_receipt_that_tells_itself_apart_is_sold(other: dict[str, object]) -> None:
    (found,) = taken(structs.replace(READING, **other), memory=Memory(known()))
    assert isinstance(found, Sold)


def test_a_reprint_of_a_recorded_sale_is_nothing_and_of_an_unknown_one_a_question() -> None:
    reprint = structs.replace(READING, reprint=True, decision="ignore")
    (recorded,) = taken(reprint, memory=Memory(known()))
    assert isinstance(recorded, Nothing)
    (unknown,) = taken(reprint)
    assert isinstance(unknown, Unclear)
    assert unknown.why[0].code == "reprint_unknown"


def test_paper_of_a_sale_that_earns_nothing_again_still_says_which_sale_it_is_of() -> None:
    reprint = structs.replace(READING, reprint=True, decision="ignore")
    again, late = taken(READING, memory=Memory(known())), taken(reprint, memory=Memory(known()))
    copy = taken(READING, structs.replace(READING, copy=True, decision="ignore"))
    for finding in (again[0], late[0], copy[1]):
        paper = seen(finding)
        assert paper.outcome == "ignored"
        assert (paper.number, paper.amount_fen, paper.currency) == ("HL1", 21400, "CNY")
        assert paper.printed_at == READING.printed_at


def test_the_second_copy_in_one_job_is_nothing() -> None:
    first, second = taken(READING, structs.replace(READING, copy=True, decision="ignore"))
    assert isinstance(first, Sold)
    assert isinstance(second, Nothing)


def test_the_same_receipt_twice_in_one_job_is_sold_once_even_if_nobody_marked_the_copy() -> None:
    first, second = taken(READING, READING)
    assert isinstance(first, Sold)
    assert isinstance(second, Nothing)


def test_a_sale_in_a_currency_without_rules_goes_to_a_person() -> None:
    (found,) = taken(structs.replace(READING, currency="HKD"))
    assert isinstance(found, Unclear)


def test_a_sale_paid_with_points_alone_is_nothing() -> None:
    paid = structs.replace(READING, tenders=(Tender("mall_points", 21400),))
    (found,) = taken(paid)
    assert isinstance(found, Nothing)
    assert found.why[0].code == "zero_amount"


def test_stored_value_on_the_receipt_is_left_out() -> None:
    items = (Item("购物卡充值", "1", 20000, topup=True), Item("水", "1", 1400))
    (found,) = taken(structs.replace(READING, items=items))
    assert isinstance(found, Sold)
    assert found.eligible_fen == 1400


def refund(owed_fen: int, kind: Kind = Kind.REFUND, **facts: object) -> Reading:
    base = structs.replace(READING, kind=kind, owed_fen=owed_fen, tenders=(), items=())
    return structs.replace(base, **{"number": "HL9", "original_number": "HL1", **facts})


def test_a_refund_of_a_known_sale_knows_what_goes_back() -> None:
    sold = known(holder=Holder("member", "wang"), points=214)
    (found,) = taken(refund(-10700), memory=Memory(sold))
    assert isinstance(found, Refunded)
    assert (found.original, found.points) == (sold, 107)


def test_a_refund_takes_what_the_goods_on_its_lines_had_earned() -> None:
    wine = Products("wine", "酒水", "Wine", ("茅台",))
    dear = Rate("*", 1, 1_000, "酒水", "Wine", products=("wine",))
    rules = structs.replace(a_rule_book(), products=(wine,))
    rules = structs.replace(rules, rates=(*rules.rates, dear))
    sold = known(holder=Holder("member", "wang"), points=124, parts=(Part(("wine",), 10_000),))
    back = refund(-10_000, items=(Item("茅台", "-1", -10_000),))
    (found,) = taken(back, memory=Memory(sold), book=rules)
    assert isinstance(found, Refunded)
    assert (found.points, found.parts) == (10, (Part(("wine",), 10_000),))
    rest = structs.replace(sold, refunded_fen=10_000, back=found.parts)
    (found,) = taken(refund(-11_400), memory=Memory(rest), book=rules)
    assert isinstance(found, Refunded)
    assert (found.points, found.parts) == (114, ())


def test_a_second_refund_takes_the_rest_and_no_more() -> None:
    sold = known(holder=Holder("member", "wang"), points=214, refunded_fen=10700)
    (found,) = taken(refund(-10700), memory=Memory(sold))
    assert isinstance(found, Refunded)
    assert found.points == 107


@pytest.mark.parametrize("returned_fen", [21401, 30000])
def test_a_refund_of_more_than_is_left_of_the_sale_is_a_question_for_a_person(
    returned_fen: int,
) -> None:
    sold = known(holder=Holder("member", "wang"), points=214)
    (found,) = taken(refund(-returned_fen), memory=Memory(sold))
    assert isinstance(found, Unclear)
    assert found.why[0].code == "refund_of_what"


def test_when_numbers_start_again_a_refund_takes_from_the_sale_that_it_fits() -> None:
    today = structs.replace(READING, printed_at="2026-11-09T09:00:00", owed_fen=12800)
    old = known(holder=Holder("member", "wang"), points=214)
    new = known(today, holder=Holder("member", "li"), points=128)
    paper = refund(-21400, printed_at="2026-11-09T10:00:00")
    (found,) = taken(paper, memory=Memory(new, old))
    assert isinstance(found, Refunded)
    assert found.original == old


def test_when_a_refund_fits_two_sales_a_person_decides() -> None:
    today = structs.replace(READING, printed_at="2026-11-09T09:00:00")
    memory = Memory(known(today), known())
    (found,) = taken(refund(-10000, printed_at="2026-11-09T10:00:00"), memory=memory)
    assert isinstance(found, Unclear)


def test_a_refund_is_not_of_a_sale_that_came_after_it() -> None:
    later = structs.replace(READING, printed_at="2026-11-20T09:00:00")
    (found,) = taken(refund(-10000), memory=Memory(known(later)))
    assert isinstance(found, Unclear)


def test_a_void_is_of_the_sale_with_its_own_number() -> None:
    sold = known(holder=Holder("member", "wang"), points=214)
    voided = refund(-21400, Kind.VOID, number="HL1", original_number=None)
    (found,) = taken(voided, memory=Memory(sold))
    assert isinstance(found, Refunded)
    assert (found.original, found.points) == (sold, 214)


def test_a_refund_of_an_unknown_sale_promises_nothing() -> None:
    (found,) = taken(refund(-10700))
    assert isinstance(found, Refunded)
    assert (found.original, found.points) == (None, None)


def test_the_journal_keeps_no_goods_of_what_was_seen() -> None:
    for finding in (
        *taken(READING),
        *taken(refund(-1)),
        *taken(structs.replace(READING, decision="review")),
    ):
        assert "酸菜鱼" not in repr(seen(finding))


def test_a_receipt_is_bound_to_the_shop_whose_till_printed_it() -> None:
    (found,) = taken(READING)
    assert isinstance(found, Sold)
    assert isinstance(found.receipt, Receipt)
    assert found.receipt.shop_id == "s1"


def test_jobs_of_which_nothing_was_kept_are_each_a_question_of_their_own() -> None:
    for kept, shown in ((b"", False), (b"\x1b@", True)):
        found = unreadable(kept, shop_id="s1", known=Memory())
        assert isinstance(found, Unclear)
        assert (found.paper is not None) is shown
    memory = Memory()
    assert found.paper is not None
    memory._reviews[found.paper.review_id] = True
    again = unreadable(b"\x1b@", shop_id="s1", known=memory)
    assert isinstance(again, Nothing)
    assert [phrase.code for phrase in again.why] == ["in_review"]


def test_a_paper_recorded_before_its_number_was_known_is_the_same_paper_after() -> None:
    (found,) = taken(READING, memory=Memory(known(structs.replace(READING, number=None))))
    assert isinstance(found, Nothing)
    assert found.why[0].code == "known_receipt"

"""Whose sale is the scan: every order of paper and card that happens at a counter."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from edge_agent.effects import DropSlip, Effect, Member, Record, ReleaseSlip, SyncNow, Terms
from edge_agent.phrases import own_words
from edge_agent.slips.compose import AwardSlip, ClaimSlip, RefundSlip, ReviewSlip, compose
from edge_agent.till import checkout
from edge_agent.till.checkout import restored
from edge_agent.till.inputs import (
    ClaimScanned,
    Corrected,
    Dismissed,
    Forgotten,
    Input,
    JobRead,
    JobStarted,
    LookupArmed,
    MemberScanned,
    NobodyScans,
    ScanFailed,
    State,
    Tick,
)
from edge_agent.till.intake import KnownSale, Nothing, Refunded, Sold, Unclear
from edge_agent.till.paper import award_slip, claim_slip
from loyalty.events import Claim, Correction, Holder, Refund, ReviewOpened, Sale
from loyalty.receipt import Kind, Receipt, fingerprint
from loyalty.rules.earning import Award
from paper.layout import Pair, as_text, lay_out
from paper.marker import Lang
from tests.edge_agent.conftest import member, now, some_terms


def receipt(number: str, owed_fen: int = 21400) -> Receipt:
    return Receipt("s1", Kind.SALE, number, "2026-11-08T13:16:42", "CNY", owed_fen)


def sold(number: str = "N1", owed_fen: int = 21400) -> Sold:
    paper = receipt(number, owed_fen)
    return Sold(paper, owed_fen, fingerprint(paper).hex(), f"C{number}")


def job(number: str, started_s: float, ended_s: float | None = None) -> JobRead:
    return JobRead(number, (sold(number),), started_s, ended_s or started_s + 1)


class Till:
    """Feeds the machine and keeps what it asked for."""

    def __init__(self, terms: Terms) -> None:
        self.state = State()
        self.terms = terms
        self.effects: list[Effect] = []

    def feed(self, event: Input, at_s: float) -> list[Effect]:
        self.state, effects = checkout.step(self.state, event, now(at_s), self.terms)
        self.effects += effects
        return list(effects)

    def scan(self, at_s: float, key: str = "wang", **facts: object) -> list[Effect]:
        return self.feed(MemberScanned(member(key, **facts), at_s), at_s)  # type: ignore[arg-type]

    def print_sale(self, number: str, at_s: float) -> list[Effect]:
        self.feed(JobStarted(number, at_s), at_s)
        return self.feed(job(number, at_s), at_s + 1.2)

    def bodies(self) -> list[object]:
        return [body for e in self.effects if isinstance(e, Record) for body in e.bodies]

    def slips(self) -> list[object]:
        return [slip.content for e in self.effects if isinstance(e, Record) for slip in e.slips]


@pytest.fixture
def till(terms: Terms) -> Till:
    return Till(terms)


def test_a_scan_before_counts_for_the_next_sale_and_its_slip_is_printed_at_once(till: Till) -> None:
    till.scan(100)
    effects = till.print_sale("N1", 150)
    (record,) = [e for e in effects if isinstance(e, Record)]
    (sale,) = record.bodies
    assert isinstance(sale, Sale)
    assert (sale.holder, sale.points) == (Holder("member", "wang"), 214)
    assert sale.claim_hash is None
    assert not record.slips[0].held
    assert isinstance(record.slips[0].content, AwardSlip)
    assert record.slips[0].content.balance == 314
    assert SyncNow() in effects


def test_a_scan_before_counts_once(till: Till) -> None:
    till.scan(100)
    till.print_sale("N1", 150)
    till.print_sale("N2", 160)
    holders = [body.holder for body in till.bodies() if isinstance(body, Sale)]
    assert holders == [Holder("member", "wang"), None]


def test_the_later_scan_replaces_the_earlier(till: Till) -> None:
    till.scan(100, "wang")
    till.scan(110, "li")
    till.print_sale("N1", 150)
    (sale,) = till.bodies()
    assert isinstance(sale, Sale)
    assert sale.holder == Holder("member", "li")


def test_a_scan_counts_for_three_minutes_and_not_longer(till: Till) -> None:
    till.scan(100)
    till.print_sale("N1", 280.5)
    (sale,) = till.bodies()
    assert isinstance(sale, Sale)
    assert sale.holder is None


def test_a_scan_in_time_counts_although_its_job_is_read_late(till: Till) -> None:
    till.scan(100)
    till.feed(JobStarted("N1", 279), 279)
    till.feed(Tick(), 290)
    assert till.state.scan is not None
    till.feed(job("N1", 279), 400)
    (sale,) = till.bodies()
    assert isinstance(sale, Sale)
    assert sale.holder == Holder("member", "wang")


def test_the_parts_of_a_receipt_that_was_joined_are_all_read(till: Till) -> None:
    till.feed(JobStarted("P1", 100), 100)
    till.feed(JobStarted("P2", 103), 103)
    joined = JobRead("P2", (sold("N1"),), 100, 104, ("P1", "P2"))
    till.feed(joined, 105)
    assert till.state.unread_jobs == ()
    assert till.state.open_sale is not None


def test_a_job_that_is_never_read_does_not_keep_a_scan_for_ever(till: Till) -> None:
    till.feed(JobStarted("LOST", 90), 90)
    till.scan(100)
    till.feed(Tick(), 689)
    assert till.state.scan is not None
    till.feed(Tick(), 691)
    assert till.state.scan is None


def test_a_scan_that_nothing_followed_is_forgotten(till: Till) -> None:
    till.scan(100)
    till.feed(Tick(), 280)
    assert till.state.scan is not None
    till.feed(Tick(), 280.1)
    assert till.state.scan is None


def test_a_sale_without_a_scan_is_recorded_at_once_and_holds_its_claim_slip(till: Till) -> None:
    effects = till.print_sale("N1", 100)
    (record,) = [e for e in effects if isinstance(e, Record)]
    (sale,) = record.bodies
    assert isinstance(sale, Sale)
    assert (sale.holder, sale.points, sale.claim_hash) == (None, 0, sold("N1").claim_hash)
    assert record.slips[0].held
    slip = record.slips[0].content
    assert isinstance(slip, ClaimSlip)
    assert (slip.code, slip.points, slip.until) == ("CN1", 214, "2026-11-15")


def test_a_scan_after_claims_the_last_sale_and_its_claim_slip_is_not_printed(till: Till) -> None:
    till.print_sale("N1", 100)
    effects = till.scan(130, tier_id="gold")
    drop, record, sync = effects
    assert drop == DropSlip(sold("N1").fingerprint[:24] + "-claim")
    assert isinstance(record, Record)
    (claim,) = record.bodies
    assert isinstance(claim, Claim)
    assert (claim.claim_hash, claim.points) == (sold("N1").claim_hash, 321)
    assert sync == SyncNow()
    assert till.state.scan is None


def test_the_window_after_a_sale_closes_with_its_claim_slip(till: Till) -> None:
    till.print_sale("N1", 100)
    assert till.feed(Tick(), 161) == []
    assert till.feed(Tick(), 161.1) == [ReleaseSlip(sold("N1").fingerprint[:24] + "-claim")]
    till.scan(162)
    assert not any(isinstance(body, Claim) for body in till.bodies())
    assert till.state.scan is not None


def test_the_cashier_can_say_that_nobody_will_scan(till: Till) -> None:
    till.print_sale("N1", 100)
    effects = till.feed(NobodyScans(), 105)
    assert effects == [ReleaseSlip(sold("N1").fingerprint[:24] + "-claim")]
    till.scan(106)
    till.print_sale("N2", 110)
    assert [body.holder for body in till.bodies() if isinstance(body, Sale)] == [
        None,
        Holder("member", "wang"),
    ]


def test_the_next_job_closes_the_window_too(till: Till) -> None:
    till.print_sale("N1", 100)
    effects = till.feed(JobStarted("K1", 110), 110)
    assert effects == [ReleaseSlip(sold("N1").fingerprint[:24] + "-claim")]
    till.scan(111)
    till.feed(JobRead("K1", (Nothing("kitchen_ticket", ()),), 110, 110.5), 112)
    assert not any(isinstance(body, Claim) for body in till.bodies())


def test_a_job_that_is_heard_of_twice_started_once(till: Till) -> None:
    till.feed(JobStarted("N1", 100), 100)
    assert till.feed(JobStarted("N1", 100), 101) == []
    assert len(till.state.unread_jobs) == 1


def test_a_scan_while_the_receipt_prints_counts_for_that_receipt(till: Till) -> None:
    till.feed(JobStarted("N1", 100), 100)
    till.scan(100.5)
    till.feed(job("N1", 100, 102), 103)
    (sale,) = till.bodies()
    assert isinstance(sale, Sale)
    assert sale.holder == Holder("member", "wang")


def test_a_scan_between_two_unread_receipts_goes_to_the_one_that_was_printing(till: Till) -> None:
    """The reader is behind: the scan at 111 came after N2 had begun, so it is not N1's."""
    till.feed(JobStarted("N1", 100), 100)
    till.feed(JobStarted("N2", 110), 110)
    till.scan(111)
    till.feed(job("N1", 100), 120)
    till.feed(job("N2", 110), 121)
    first, second = till.bodies()
    assert isinstance(first, Sale)
    assert isinstance(second, Sale)
    assert (first.holder, second.holder) == (None, Holder("member", "wang"))


def test_a_backlog_printed_before_the_scan_does_not_take_the_scan(till: Till) -> None:
    """The agent was down for ten minutes; its first scan is for the customer who stands there."""
    till.scan(1000)
    till.feed(job("OLD", 400), 1001)
    till.print_sale("N1", 1010)
    old, new = till.bodies()
    assert isinstance(old, Sale)
    assert isinstance(new, Sale)
    assert (old.holder, new.holder) == (None, Holder("member", "wang"))


def test_a_sale_read_when_the_next_job_has_begun_has_no_window(till: Till) -> None:
    till.feed(JobStarted("N1", 100), 100)
    till.feed(JobStarted("N2", 105), 105)
    (record, _) = till.feed(job("N1", 100), 106)
    assert isinstance(record, Record)
    assert not record.slips[0].held
    assert till.state.open_sale is None


def test_two_sales_in_one_job_are_one_record_and_only_the_last_waits_for_a_scan(till: Till) -> None:
    both = JobRead("J", (sold("N1"), sold("N2")), 100, 101)
    (record, _) = till.feed(both, 102)
    assert isinstance(record, Record)
    assert len(record.bodies) == 2
    assert [slip.held for slip in record.slips] == [False, True]


@pytest.mark.parametrize(
    ("lang", "for_points", "for_claim"),
    [
        ("zh", "自消费日起 12 个月", "自消费日起 7 天内"),
        ("en", "12 months from this purchase", "within 7 days of this purchase"),
    ],
)
def test_a_till_that_is_not_sure_of_the_day_prints_none(
    till: Till, lang: Lang, for_points: str, for_claim: str
) -> None:
    unsure = structs.replace(now(102), local=None)
    timeless = structs.replace(receipt("N1"), printed_at=None)
    paper = structs.replace(sold(), receipt=timeless)
    given = Award(214, 21400, ())
    claimed = claim_slip(paper, given, unsure, till.terms).content
    earned = award_slip(timeless, "f" * 64, member(), given, unsure, till.terms).content
    for slip, words in ((earned, for_points), (claimed, for_claim)):
        assert isinstance(slip, AwardSlip | ClaimSlip)
        assert (slip.origin.printed_at, slip.receipt.time) == ("", "")
        pairs = [each.value for each in compose(slip, lang) if isinstance(each, Pair)]
        assert words in pairs
        assert not [value for value in pairs if "202" in value]


def test_a_lookup_touches_neither_the_sale_nor_the_member_who_waits(till: Till) -> None:
    till.print_sale("N1", 100)
    till.feed(LookupArmed(on=True), 105)
    assert till.scan(106, "li") == []
    assert till.state.looked_up == member("li")
    assert till.state.open_sale is not None
    till.scan(107, "wang")
    assert any(isinstance(body, Claim) for body in till.bodies())
    till.feed(Dismissed(), 108)
    assert till.state.looked_up is None


def test_a_failed_scan_is_told_as_an_error_and_changes_nothing_else(till: Till) -> None:
    till.scan(100)
    before = till.state
    till.feed(ScanFailed(own_words("known_receipt")), 101)
    assert till.state.notice is not None
    assert till.state.notice.tone == "error"
    assert till.state.notices == before.notices + 1
    assert till.state.scan == before.scan


def test_the_cashier_can_drop_the_member_who_waits(till: Till) -> None:
    till.scan(100)
    till.feed(Forgotten(), 101)
    till.print_sale("N1", 102)
    (sale,) = till.bodies()
    assert isinstance(sale, Sale)
    assert sale.holder is None


def test_a_new_card_earns_and_the_cashier_is_told_that_it_is_new(till: Till) -> None:
    card = structs.replace(member(), holder=Holder("card", "ab"), new_card=True, balance=None)
    till.feed(MemberScanned(card, 100), 100)
    assert till.state.notice is not None
    assert till.state.notice.phrase.code == "new_card"
    till.print_sale("N1", 110)
    (sale,) = till.bodies()
    assert isinstance(sale, Sale)
    assert sale.holder == Holder("card", "ab")
    (slip,) = till.slips()
    assert isinstance(slip, AwardSlip)
    assert not slip.member_known


def known(number: str = "N1", **facts: object) -> KnownSale:
    paper = receipt(number)
    base = KnownSale(fingerprint(paper).hex(), paper, 21400, "dining", "hash")
    return structs.replace(base, **facts)


def test_a_refund_takes_back_in_proportion_and_prints_its_slip(till: Till) -> None:
    back = Receipt("s1", Kind.REFUND, "R1", "2026-11-09T10:00:00", "CNY", -10700)
    original = known(holder=Holder("member", "wang"), points=214)
    found = Refunded(back, -10700, "f" * 64, original, 107)
    till.feed(JobRead("R", (found,), 100, 101), 102)
    (body,) = till.bodies()
    assert isinstance(body, Refund)
    assert (body.original, body.points) == (original.fingerprint, 107)
    assert [type(slip) for slip in till.slips()] == [RefundSlip]


@pytest.mark.parametrize(
    ("language", "said", "owed"),
    [
        (
            "zh",
            "退款 107.00：按比例扣回，不再满足的活动加分一并扣回",
            "欠 57 分，将由以后的积分抵扣",
        ),
        (
            "en",
            "Refund 107.00: in proportion, and bonuses that no longer apply",
            "57 points owed, paid by later points",
        ),
    ],
)
def test_a_refunds_slip_says_whose_it_is_what_went_and_what_is_owed(
    till: Till, language: Lang, said: str, owed: str
) -> None:
    till.terms = structs.replace(till.terms, language=language)
    back = Receipt("s1", Kind.REFUND, "R1", "2026-11-09T10:00:00", "CNY", -10700)
    owner = Member(Holder("member", "wang"), "王*", "6789", "basic", balance=50)
    original = known(holder=owner.holder, points=214, owner=owner)
    found = Refunded(back, -10700, "f" * 64, original, 107, undone=True)
    till.feed(JobRead("R", (found,), 100, 101), 102)
    (body,) = till.bodies()
    assert isinstance(body, Refund)
    assert body.undone is True
    (slip,) = till.slips()
    assert isinstance(slip, RefundSlip)
    assert (slip.member, slip.balance, slip.explanation) == ("王* 6789", -57, (said,))
    paper = " ".join(as_text(lay_out(compose(slip, language), 48), 48).split())
    assert owed in paper


def test_a_refund_of_another_tills_sale_is_left_to_central_without_a_promise(till: Till) -> None:
    back = Receipt("s1", Kind.REFUND, "R1", "2026-11-09T10:00:00", "CNY", -10700)
    till.feed(JobRead("R", (Refunded(back, -10700, "f" * 64, None, None),), 100, 101), 102)
    (body,) = till.bodies()
    assert isinstance(body, Refund)
    assert (body.original, body.points) == (None, None)
    assert till.slips() == []


def test_a_refund_does_not_use_up_the_scan_for_the_next_sale(till: Till) -> None:
    till.scan(90)
    back = Receipt("s1", Kind.REFUND, "R1", "2026-11-09T10:00:00", "CNY", -10700)
    till.feed(JobRead("R", (Refunded(back, -10700, "f" * 64, None, None),), 100, 101), 102)
    till.print_sale("N1", 110)
    assert till.bodies()[-1].holder == Holder("member", "wang")  # type: ignore[attr-defined]


def test_a_receipt_nobody_can_read_is_recorded_as_a_question_with_a_notice_on_paper(
    till: Till,
) -> None:
    why = (own_words("needs_person"),)
    unclear = Unclear("a" * 64, why, "N9", None, 21400, "CNY")
    till.feed(JobRead("J", (unclear,), 100, 101), 102)
    (body,) = till.bodies()
    assert isinstance(body, ReviewOpened)
    assert body.why == ("needs_person",)
    assert [type(slip) for slip in till.slips()] == [ReviewSlip]


def test_a_job_with_nothing_in_it_is_still_recorded_as_done(till: Till) -> None:
    (record,) = till.feed(JobRead("J", (Nothing("other", ()),), 100, 101), 102)
    assert isinstance(record, Record)
    assert record.bodies == ()
    assert record.job is not None
    assert record.job.job_id == "J"


def test_the_claim_slip_of_an_own_sale_lets_the_next_scan_claim_it(till: Till) -> None:
    till.feed(ClaimScanned(known()), 1000)
    assert till.scan(1100) == []  # too late: this scan waits for a sale
    till.feed(ClaimScanned(known()), 2000)
    _, sync = till.scan(2030)
    assert sync == SyncNow()
    claims = [body for body in till.bodies() if isinstance(body, Claim)]
    assert [(claim.claim_hash, claim.points) for claim in claims] == [("hash", None)]


def test_points_of_a_claim_slip_that_was_out_of_our_hands_are_not_promised(till: Till) -> None:
    till.feed(ClaimScanned(known()), 2000)
    till.scan(2030)
    assert till.slips() == []
    assert till.state.notice is not None
    assert till.state.notice.phrase.code == "claim_taken_in"


def test_a_wrong_member_is_corrected_within_five_minutes(till: Till) -> None:
    sale = known(holder=Holder("member", "wang"), points=214)
    till.feed(Corrected(sale, 300, member("li", "gold")), 500)
    (body,) = till.bodies()
    assert isinstance(body, Correction)
    assert (body.holder, body.points) == (Holder("member", "li"), 321)
    assert [type(slip) for slip in till.slips()] == [AwardSlip]


def test_after_an_award_was_taken_back_the_sale_can_be_given_to_the_right_member(
    till: Till,
) -> None:
    till.feed(Corrected(known(state="reversed"), 20, member("li", "gold")), 500)
    (body,) = till.bodies()
    assert isinstance(body, Correction)
    assert (body.holder, body.points) == (Holder("member", "li"), 321)
    assert [type(slip) for slip in till.slips()] == [AwardSlip]


def test_an_award_is_taken_back_within_five_minutes(till: Till) -> None:
    till.feed(Corrected(known(holder=Holder("member", "wang"), points=214), 10, None), 500)
    (body,) = till.bodies()
    assert isinstance(body, Correction)
    assert body.holder is None


@pytest.mark.parametrize(
    ("facts", "age_s", "to", "said"),
    [
        ({"holder": Holder("member", "wang")}, 301, "li", "too_late_to_correct"),
        ({"holder": Holder("member", "wang")}, None, "li", "too_late_to_correct"),
        ({"holder": Holder("member", "wang"), "refunded_fen": 1}, 10, "li", "refunded_already"),
        ({}, 10, None, "nothing_to_correct"),
        ({}, 10, "li", "nothing_to_correct"),
        ({"state": "reversed"}, 10, None, "nothing_to_correct"),
    ],
)
def test_what_can_no_longer_be_corrected_is_said_and_nothing_is_recorded(
    till: Till, facts: dict[str, object], age_s: float | None, to: str | None, said: str
) -> None:
    till.feed(Corrected(known(**facts), age_s, member(to) if to else None), 500)
    assert till.bodies() == []
    assert till.state.notice is not None
    assert till.state.notice.phrase.code == said


def test_after_a_restart_the_window_of_an_unclaimed_sale_goes_on_where_it_was(till: Till) -> None:
    opened = restored(known(recorded_s=100.0), "slip", now(130))
    till.state = State(open_sale=opened)
    assert till.feed(Tick(), 160) == []
    assert till.feed(Tick(), 160.1) == [ReleaseSlip("slip")]


def test_after_a_reboot_the_window_of_an_unclaimed_sale_is_over(till: Till) -> None:
    till.state = State(open_sale=restored(known(recorded_s=None), "slip", now(5)))
    assert till.feed(Tick(), 6) == [ReleaseSlip("slip")]


EVENTS = st.lists(st.sampled_from(["scan", "sale", "tick", "lookup", "claim"]), max_size=25)


@given(EVENTS, st.lists(st.floats(0.1, 100), min_size=25, max_size=25))
def test_whatever_happens_every_sale_has_one_holder_or_one_claim_slip(
    names: list[str], gaps: list[float]
) -> None:
    till, at_s = Till(some_terms()), 0.0
    for count, name in enumerate(names):
        at_s += gaps[count] + 2
        match name:
            case "scan":
                till.scan(at_s, f"m{count}")
            case "sale":
                till.print_sale(f"N{count}", at_s)
            case "lookup":
                till.feed(LookupArmed(on=True), at_s)
            case _:
                till.feed(Tick(), at_s)
    till.feed(Tick(), at_s + 1000)
    _check_each_sale(till)


def _check_each_sale(till: Till) -> None:
    sales = [body for body in till.bodies() if isinstance(body, Sale)]
    claims = [body.claim_hash for body in till.bodies() if isinstance(body, Claim)]
    released = {effect.slip_id for effect in till.effects if isinstance(effect, ReleaseSlip)}
    unheld = {
        slip.slip_id
        for effect in till.effects
        if isinstance(effect, Record)
        for slip in effect.slips
        if isinstance(slip.content, ClaimSlip) and not slip.held
    }
    assert len(claims) == len(set(claims))
    for sale in sales:
        claim_slip = fingerprint(sale.receipt).hex()[:24] + "-claim"
        ways = [
            sale.holder is not None,
            sale.claim_hash in claims,
            claim_slip in released | unheld,
        ]
        assert ways.count(True) == 1


def test_the_order_of_paper_and_card_within_the_windows_does_not_change_who_earns() -> None:
    for order in permutations(["scan", "sale"]):
        till = Till(some_terms())
        for place, name in enumerate(order):
            if name == "scan":
                till.scan(100 + 10 * place)
            else:
                till.print_sale("N1", 100 + 10 * place)
        earned = [body for body in till.bodies() if getattr(body, "holder", None)]
        assert [body.holder for body in earned if isinstance(body, Sale | Claim)] == [
            Holder("member", "wang")
        ]

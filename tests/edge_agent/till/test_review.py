"""What a person decides about a paper in review: earned exactly once, and by whom."""

import threading
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from edge_agent import commands
from edge_agent.desks import desk
from edge_agent.devices.job_file import Job
from edge_agent.devices.job_file import Moment as Instant
from edge_agent.effects import Now, Terms
from edge_agent.journal.errors import Duplicate
from edge_agent.journal.journal import Journal
from edge_agent.messages import JobRead
from edge_agent.till.shell import Till
from edge_agent.web.till_view import _recent
from loyalty.codes import card_tag, claim_hash, make_member_number
from loyalty.events import Believed, Holder, ReviewDecided, ReviewHeld, ReviewOpened, Sale, body_of
from loyalty.receipt import Kind
from loyalty.reviewing import ReviewRow
from loyalty.wire import FeedRow, MemberRow, PullAnswer, Topic, pack
from receipts.kept_paper import unpack
from receipts.reading import Reading, read_text
from tests.edge_agent.conftest import PaperBox, now, some_terms
from tests.edge_agent.journal.conftest import open_till

WANG = make_member_number("12345678901")
PAPER = (
    "            禾鹿小馆\n             结账单\n--------------------------------\n单号:HL7\n"
    "结账:2026-11-08 13:16:42\n会员:王小明\n--------------------------------\n"
    "招牌酸菜鱼       1  214.00  214.00\n--------------------------------\n"
    "应收                      214.00\n--------------------------------\n"
)
(READ,) = read_text(PAPER)
UNCLEAR = structs.replace(READ, decision="review")


def a_job(raw: bytes, at_s: float) -> Job:
    begun, ended = (Instant("boot", round(s * 1e9), round(s * 1000)) for s in (at_s, at_s + 1))
    return Job(f"job-{at_s}", "tap", "c1", 1, begun, True, True, "", ended, len(raw), raw)


class Counter:
    """A till with a real journal, without devices."""

    def __init__(self, journal: Journal) -> None:
        identity = journal.identity()
        assert identity is not None
        self.journal = journal
        self.synced = 0
        self.terms: Terms = some_terms()
        person = MemberRow("wang", (card_tag(b"t" * 32, WANG),), "basic", 100, "王**")
        rows = (FeedRow(1, Topic.MEMBER, "wang", pack(person)),)
        journal.take_page(PullAnswer(b"i" * 16, 1, rows, more=False))
        self.till = desk(journal, identity, print, bool, self._sync, PaperBox())

    def _sync(self) -> None:
        self.synced += 1

    def print(self, reading: Reading = UNCLEAR, raw: bytes = b"paper", at_s: float = 100) -> str:
        message = JobRead(a_job(raw, at_s), (reading,))
        self.till.handle(message, now(at_s + 1), self.terms)
        assert message.recorded
        return self.waiting()[-1] if self.waiting() else ""

    def do(self, command: object, at: Now | None = None) -> str:
        self.till.handle(command, at or now(500), self.terms)
        notice = self.till.state.notice
        assert notice is not None
        return notice.phrase.code

    def waiting(self) -> list[str]:
        return [item.opened.review_id for item in self.journal.reviews_waiting()]

    def events(self, kind: type) -> list:
        bodies = [body_of(link.frame) for link in self.journal.links()]
        return [body for body in bodies if isinstance(body, kind)]


@pytest.fixture
def counter(tmp_path: Path):
    with open_till(tmp_path / "state") as journal:
        yield Counter(journal)


def accept(review_id: str, **more: object) -> commands.ReviewAccept:
    return commands.ReviewAccept(review_id, "1007", **more)  # type: ignore[arg-type]


def correct(review_id: str, **typed: object) -> commands.ReviewCorrect:
    facts: dict[str, object] = {
        "amount": "88.00", "kind": "sale", "number": "HL7", "printed_at": "2026-11-08 13:16:42",
    }  # fmt: skip
    return commands.ReviewCorrect(review_id, "1007", **{**facts, **typed})  # type: ignore[arg-type]


def test_an_unclear_paper_stands_in_the_queue_with_its_lines_and_reasons(counter: Counter) -> None:
    review_id = counter.print()
    paper = counter.journal.review_paper(review_id)
    assert paper is not None
    told = unpack(paper.packed, paper.paper_hash)
    assert told.reading is not None
    assert (told.reading.number, told.reading.owed_fen) == ("HL7", 21400)
    assert "王小明" not in "".join(told.reading.lines)
    assert told.why
    assert counter.journal.review_count() == 1


def test_the_queue_survives_a_restart(tmp_path: Path) -> None:
    with open_till(tmp_path / "state") as journal:
        review_id = Counter(journal).print()
    with Journal.open(tmp_path / "state") as journal:
        (item,) = journal.reviews_waiting()
        assert item.opened.review_id == review_id
        assert journal.review_paper(review_id) is not None


def test_an_accepted_paper_earns_for_the_member_who_was_scanned_before(counter: Counter) -> None:
    counter.do(commands.Scan(WANG), now(90))
    review_id = counter.print()
    assert counter.do(accept(review_id)) == "review_accepted"
    (sale,) = counter.events(Sale)
    assert (sale.holder, sale.points) == (Holder("member", "wang"), 214)
    assert sale.review_id == review_id
    assert sale.receipt.printed_at == "2026-11-08T13:16:42"
    assert counter.waiting() == []


def test_a_scan_after_an_unclear_paper_is_kept_with_it(counter: Counter) -> None:
    review_id = counter.print()
    assert counter.do(commands.Scan(WANG), now(110)) == "review_member"
    assert [held.holder.key for held in counter.events(ReviewHeld)] == ["wang"]
    counter.do(accept(review_id))
    assert counter.events(Sale)[0].holder == Holder("member", "wang")


def test_without_a_member_the_code_on_the_notice_claims_the_points_later(counter: Counter) -> None:
    review_id = counter.print()
    (opened,) = counter.events(ReviewOpened)
    assert opened.claim_hash is not None
    assert counter.do(accept(review_id)) == "review_open_claim"
    (sale,) = counter.events(Sale)
    assert (sale.holder, sale.claim_hash) == (None, opened.claim_hash)


def test_who_decided_and_what_was_read_and_decided_stand_in_one_event(counter: Counter) -> None:
    review_id = counter.print()
    counter.do(correct(review_id))
    (decided,) = counter.events(ReviewDecided)
    assert (decided.decision, decided.staff) == ("corrected", "1007")
    assert (decided.read.owed_fen, decided.read.shop_id) == (21400, "s1")
    assert decided.decided == Believed("sale", "HL7", "2026-11-08T13:16:42", "CNY", 8800, "s1")
    (sale,) = counter.events(Sale)
    assert (sale.eligible_fen, sale.category, sale.receipt.shop_id) == (8800, "dining", "s1")


def test_a_rejected_paper_earns_nothing_and_says_why(counter: Counter) -> None:
    review_id = counter.print()
    assert counter.do(commands.ReviewReject(review_id, "1007", " ")) == "review_reason"
    assert counter.do(commands.ReviewReject(review_id, "1007", "顾客自己的纸")) == "review_rejected"
    assert counter.events(Sale) == []
    assert counter.events(ReviewDecided)[0].why == "顾客自己的纸"
    assert counter.waiting() == []


def test_the_second_decision_on_a_paper_is_told_who_was_first(counter: Counter) -> None:
    review_id = counter.print()
    counter.do(accept(review_id))
    second = commands.ReviewAccept(review_id, "2002")
    assert counter.do(second) == "review_decided"
    assert counter.till.state.notice is not None
    assert "1007" in counter.till.state.notice.phrase.en
    assert len(counter.events(Sale)) == 1


def test_of_two_decisions_at_once_the_journal_takes_one(counter: Counter) -> None:
    counter.print()
    (opened,) = counter.events(ReviewOpened)
    read = Believed("sale", "HL7", None, "CNY", 21400, "s1")
    outcomes: list[str] = []

    def decide(staff: str) -> None:
        body = ReviewDecided(opened.at, opened.review_id, "rejected", staff, read)
        try:
            counter.journal.append([body])
            outcomes.append("won")
        except Duplicate as known:
            outcomes.append(known.what)

    threads = [threading.Thread(target=decide, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["review", "won"]


def test_the_same_paper_printed_again_is_not_asked_about_again(counter: Counter) -> None:
    review_id = counter.print()
    counter.print(at_s=200)
    assert counter.waiting() == [review_id]
    counter.do(accept(review_id))
    counter.print(at_s=300)
    assert counter.waiting() == []
    assert len(counter.events(Sale)) == 1


def test_a_reprint_with_other_bytes_never_earns_a_second_time(counter: Counter) -> None:
    first, second = counter.print(), counter.print(raw=b"the same, reprinted", at_s=200)
    counter.do(accept(first))
    assert counter.do(accept(second)) == "review_same"
    assert len(counter.events(Sale)) == 1
    assert counter.waiting() == [second]


def test_a_second_purchase_of_the_same_facts_earns_when_a_person_says_so(counter: Counter) -> None:
    first, second = counter.print(), counter.print(raw=b"another", at_s=200)
    counter.do(accept(first))
    assert counter.do(accept(second, another=True)) == "review_open_claim"
    one, two = counter.events(Sale)
    assert one.discriminator == ""
    assert two.discriminator == second[:16]


def test_a_readable_print_of_a_decided_paper_is_known(counter: Counter) -> None:
    counter.do(accept(counter.print()))
    counter.print(structs.replace(READ, decision="award"), raw=b"clear", at_s=300)
    assert len(counter.events(Sale)) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": "12,5"}, "review_amount"),
        ({"printed_at": "yesterday"}, "review_time"),
        ({"kind": "report"}, "review_kind"),
    ],
)
def test_what_is_typed_wrong_is_said_and_nothing_is_recorded(
    counter: Counter, typed: dict[str, str], said: str
) -> None:
    review_id = counter.print()
    assert counter.do(correct(review_id, **typed)) == said
    assert counter.events(ReviewDecided) == []


def test_nobody_decides_without_a_name(counter: Counter) -> None:
    review_id = counter.print()
    assert counter.do(commands.ReviewAccept(review_id, "")) == "review_staff"
    assert counter.waiting() == [review_id]


def test_a_picture_without_text_needs_a_number_or_a_time(counter: Counter) -> None:
    picture = structs.replace(
        UNCLEAR, lines=(), number=None, printed_at=None, owed_fen=None, kind=Kind.OTHER
    )
    review_id = counter.print(picture)
    assert counter.do(accept(review_id)) == "review_amount"
    assert counter.do(correct(review_id, number="", printed_at="")) == "review_identity"
    assert counter.do(correct(review_id, number="")) == "review_open_claim"


def test_a_refund_in_review_takes_back_from_its_sale(counter: Counter) -> None:
    counter.do(commands.Scan(WANG), now(90))
    counter.print(structs.replace(READ, decision="award"), raw=b"sale")
    back = structs.replace(
        UNCLEAR, kind=Kind.REFUND, number="R1", original_number="HL7", owed_fen=-10700,
        items=(), tenders=(),
    )  # fmt: skip
    review_id = counter.print(back, raw=b"refund", at_s=200)
    assert counter.do(accept(review_id)) == "review_refunded"
    sale = counter.journal.sales_by_number("s1", "HL7")[0]
    assert (sale.refunded_fen, sale.taken_back) == (10700, 107)


def test_a_job_our_reader_failed_on_can_be_typed_in(counter: Counter) -> None:
    message = JobRead(a_job(b"poison", 100), None)
    counter.till.handle(message, now(101), counter.terms)
    (review_id,) = counter.waiting()
    assert counter.do(correct(review_id)) == "review_open_claim"
    assert counter.events(Sale)[0].eligible_fen == 8800


def test_what_central_decided_leaves_the_queue_and_its_sale_is_known(counter: Counter) -> None:
    review_id = counter.print()
    decided = Believed("sale", "HL7", "2026-11-08T13:16:42", "CNY", 21400, "s1")
    row = ReviewRow(review_id, "accepted", "desk", decided, "ab" * 32)
    page = PullAnswer(b"i" * 16, 3, (FeedRow(3, Topic.REVIEW, review_id, pack(row)),), more=False)
    counter.journal.take_page(page)
    assert counter.waiting() == []
    assert counter.do(accept(review_id)) == "review_decided"
    ruled = counter.journal.ruled_sale("ab" * 32)
    assert ruled is not None
    assert ruled.review_id == review_id


def test_a_kitchen_ticket_in_review_does_not_take_the_scan_of_the_sale(counter: Counter) -> None:
    counter.do(commands.Scan(WANG), now(90))
    ticket = structs.replace(UNCLEAR, kind=Kind.KITCHEN_TICKET)
    counter.print(ticket, raw=b"kitchen", at_s=100)
    counter.print(structs.replace(READ, decision="award"), raw=b"sale", at_s=110)
    assert counter.events(Sale)[0].holder == Holder("member", "wang")


def code_of(counter: Counter) -> str:
    slips = counter.journal.slips("held", "queued")
    (slip,) = [each for each in slips if each.slip.kind == "review"]
    return str(msgspec.json.decode(slip.slip.data)["code"])


def test_the_notice_waits_for_a_scan_and_carries_a_code_when_none_came(counter: Counter) -> None:
    counter.print()
    assert [slip.slip.kind for slip in counter.journal.slips("held")] == ["review"]
    counter.till.tick(now(200), counter.terms)
    assert [slip.slip.kind for slip in counter.journal.slips("queued")] == ["review"]
    (opened,) = counter.events(ReviewOpened)
    assert opened.claim_hash == claim_hash(code_of(counter))


def test_a_member_who_is_scanned_in_time_gets_a_notice_without_a_code(counter: Counter) -> None:
    counter.print()
    counter.do(commands.Scan(WANG), now(110))
    assert [slip.slip.kind for slip in counter.journal.slips("dropped")] == ["review"]
    (queued,) = counter.journal.slips("queued")
    assert msgspec.json.decode(queued.slip.data)["code"] == ""


def test_the_code_of_a_notice_and_a_member_later_name_whose_paper_it_is(counter: Counter) -> None:
    review_id = counter.print()
    counter.till.tick(now(200), counter.terms)
    assert counter.do(commands.Scan(f"TPC{code_of(counter)}"), now(300)) == "claim_ready"
    assert counter.do(commands.Scan(WANG), now(310)) == "review_member"
    item = counter.journal.review(review_id)
    assert item is not None
    assert item.holder == Holder("member", "wang")


def test_a_notice_that_was_held_when_the_agent_stopped_is_printed(tmp_path: Path) -> None:
    with open_till(tmp_path / "state") as journal:
        Counter(journal).print()
    with Journal.open(tmp_path / "state") as journal:
        identity = journal.identity()
        assert identity is not None
        till = desk(journal, identity, print, bool, lambda: None, PaperBox())
        assert isinstance(till, Till)
        till.resume(now(5))
        assert [slip.slip.kind for slip in journal.slips("queued")] == ["review"]


def test_the_list_of_the_till_shows_how_a_paper_in_review_stands(counter: Counter) -> None:
    def rows() -> list[tuple[str, str]]:
        shown = _recent(counter.journal, now(600), counter.terms)
        return [(row["kind"], row["state"]) for row in shown]

    first, second = counter.print(), counter.print(raw=b"other", at_s=200)
    assert rows() == [("review", "review"), ("review", "review")]
    counter.do(commands.ReviewReject(first, "1007", "尚未付款"))
    counter.do(correct(second, number="HL8"))
    assert sorted(rows()) == [("review", "ignored"), ("sale", "claim_slip")]

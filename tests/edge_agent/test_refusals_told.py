"""A claim that central refused after the counter had taken it: who hears of it, and how often."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from edge_agent import commands
from edge_agent.desks import desk
from edge_agent.devices.ports import Scanned
from edge_agent.journal.journal import Journal
from edge_agent.kiosk.shell import KioskStand
from edge_agent.messages import SyncChanged
from edge_agent.till.shell import Till
from edge_agent.web.till_view import till_view
from loyalty import wire
from loyalty.codes import card_tag, make_member_number
from loyalty.events import Holder
from loyalty.wire import FeedRow, Judged, MemberRow, PullAnswer, PushAnswer, Topic, Verdict
from tests.edge_agent.conftest import PaperBox, now, some_terms
from tests.edge_agent.journal.conftest import LI, at, claim, enrolment, open_till, sale

OK = Judged(1, Verdict.APPLIED, "")
CARD = make_member_number("12345678901")
OTHER = make_member_number("10987654321")


def nothing(*_: object) -> None:
    """Stand for what is not asked, synced or printed here."""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A device that took a claim of its own receipt for Wang, which central has refused."""
    with open_till(tmp_path) as journal:
        wang = MemberRow("wang", (card_tag(enrolment().tenant_key, CARD),), "basic", 10, "王**")
        row = FeedRow(1, Topic.MEMBER, "wang", wire.pack(wang))
        journal.take_page(PullAnswer(b"i", 1, (row,), more=False))
        journal.append([sale("A7", claim_code="C1"), claim("C1", Holder("member", "wang"))])
        yield journal


def refuse(journal: Journal, reason: str = "claim_taken") -> None:
    verdicts = (Judged(1, Verdict.APPLIED, ""), Judged(2, Verdict.REFUSED_FINAL, reason))
    journal.acknowledge(PushAnswer("ok", 2, 3, verdicts, 1, 0, b"i"), at(), 0)


def a_till(journal: Journal) -> Till:
    identity = journal.identity()
    assert identity is not None
    return desk(journal, identity, nothing, bool, nothing, PaperBox())


def a_kiosk(journal: Journal) -> KioskStand:
    identity = journal.identity()
    assert identity is not None
    kiosk = structs.replace(identity, role="kiosk")
    return desk(journal, kiosk, nothing, bool, nothing, PaperBox())


def test_a_cashier_hears_which_receipt_s_claim_was_refused_and_why_once(journal: Journal) -> None:
    till = a_till(journal)
    till.handle(SyncChanged(), now(1), some_terms())
    assert till.state.notice is None
    refuse(journal)
    till.handle(SyncChanged(), now(2), some_terms())
    assert till.state.notice is not None
    words = till.state.notice.phrase
    assert words.zh == "小票 A7 的认领未成功：该小票已认领"
    assert (
        words.en == "The claim of receipt A7 did not go through: This receipt was claimed already"
    )
    told = till.state.notices
    till.handle(SyncChanged(), now(3), some_terms())
    assert till.state.notices == told
    assert a_till(journal).state.notice is None
    assert journal.refused_claims() == []


def test_a_reason_that_this_version_cannot_word_is_shown_as_its_code(journal: Journal) -> None:
    refuse(journal, "claim_of_the_future")
    till = a_till(journal)
    till.handle(SyncChanged(), now(1), some_terms())
    assert till.state.notice is not None
    assert "claim_of_the_future" in till.state.notice.phrase.zh


def held(journal: Journal, code: Verdict, reason: str) -> Till:
    """A till that synced a sale for Wang of a receipt which another till had brought before."""
    sold = sale("B2", Holder("member", "wang"), 84)
    journal.append([sold])
    verdicts = (OK, structs.replace(OK, seq=2), Judged(3, code, reason))
    journal.acknowledge(PushAnswer("ok", 3, 4, verdicts, 1, 0, b"i"), at(), 0)
    return a_till(journal)


def row(till: Till, journal: Journal) -> dict[str, Any]:
    shown = till_view(till, journal, now(1), some_terms())["recent"]
    return next(each for each in shown if each["number"] == "B2")


def test_a_cashier_hears_once_that_a_receipt_had_earned_elsewhere(journal: Journal) -> None:
    till = held(journal, Verdict.PENDING_REF, "duplicate_receipt")
    till.handle(SyncChanged(), now(1), some_terms())
    assert till.state.notice is not None
    assert till.state.notice.tone == "attention"
    assert till.state.notice.phrase.zh == ("小票 B2 的积分未入账：该小票已在别处积分，等待人工核对")
    told = till.state.notices
    till.handle(SyncChanged(), now(2), some_terms())
    assert till.state.notices == told


def test_the_list_shows_a_receipt_that_earned_elsewhere_as_one_to_check(journal: Journal) -> None:
    shown = row(held(journal, Verdict.PENDING_REF, "duplicate_receipt"), journal)
    assert (shown["state"], shown["points"]) == ("review", None)
    assert [why["code"] for why in shown["why"]] == ["duplicate_receipt"]
    assert shown["correctable_until_ms"] is None


def test_the_list_shows_a_refused_receipt_as_not_counted(journal: Journal) -> None:
    shown = row(held(journal, Verdict.REFUSED_FINAL, "duplicate_receipt"), journal)
    assert (shown["state"], shown["points"], shown["holder"]) == ("refused", None, None)


def test_a_receipt_in_question_is_not_corrected_at_the_till(journal: Journal) -> None:
    till = held(journal, Verdict.PENDING_REF, "duplicate_receipt")
    events = journal.outbox().head_seq
    key = row(till, journal)["fingerprint"]
    till.handle(commands.Reassign(key, OTHER), now(1), some_terms())
    till.handle(commands.Reverse(key), now(1), some_terms())
    assert till.state.notice is not None
    assert till.state.notice.phrase.code == "duplicate_receipt"
    assert journal.outbox().head_seq == events


def test_a_kiosk_tells_the_member_whose_claim_it_was_and_nobody_else(journal: Journal) -> None:
    refuse(journal)
    kiosk = a_kiosk(journal)
    kiosk.handle(SyncChanged(), now(1), some_terms())
    assert kiosk.state.notice is None
    kiosk.handle(Scanned(f"TPM{OTHER}", "s", 2.0), now(2), some_terms())
    assert kiosk.state.notice is not None
    assert kiosk.state.notice.code == "member_ready_kiosk"
    kiosk.handle(Scanned(CARD, "s", 3.0), now(3), some_terms())
    assert kiosk.state.notice.zh == "之前的认领未成功：该小票已认领"
    assert journal.refused_claims() == []


def test_a_member_still_on_the_screen_hears_of_it_when_central_has_answered(
    journal: Journal,
) -> None:
    kiosk = a_kiosk(journal)
    kiosk.handle(Scanned(CARD, "s", 1.0), now(1), some_terms())
    refuse(journal)
    kiosk.handle(SyncChanged(), now(2), some_terms())
    assert kiosk.state.notice is not None
    assert kiosk.state.notice.code == "claim_refused"
    assert kiosk.state.member is not None
    assert kiosk.state.member.holder != LI

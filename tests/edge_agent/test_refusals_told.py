"""A claim that central refused after the counter had taken it: who hears of it, and how often."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.devices.ports import Scanned
from edge_agent.journal.journal import Journal
from edge_agent.kiosk.shell import KioskStand
from edge_agent.messages import SyncChanged
from edge_agent.till.handing_in import HandingIn
from edge_agent.till.shell import Till
from loyalty import wire
from loyalty.codes import card_tag, make_member_number
from loyalty.events import Holder
from loyalty.wire import FeedRow, Judged, MemberRow, PullAnswer, PushAnswer, Topic, Verdict
from tests.edge_agent.conftest import now, some_terms
from tests.edge_agent.journal.conftest import LI, at, claim, enrolment, open_till, sale

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
    return Till(journal, identity, HandingIn(journal, identity, nothing), nothing, nothing)


def a_kiosk(journal: Journal) -> KioskStand:
    identity = journal.identity()
    assert identity is not None
    return KioskStand(journal, identity, nothing, nothing, nothing)


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

"""Who a code stands for at one moment, when it is the pass on a member's phone."""

import pytest
from msgspec import structs

from edge_agent.journal.journal import Journal
from edge_agent.people import member_of
from edge_agent.phrases import Phrase
from loyalty.codes import classify
from loyalty.events import Holder, Moment
from loyalty.passes import SLOT_MS
from loyalty.wire import PushAnswer
from tests.edge_agent.journal.conftest import enrolment
from tests.loyalty.phone import Phone, central_key

SERVER_MS = 1_790_000_000_000
PHONE = Phone().signed_for(central_key())


def at(boottime_ms: int, wall_ms: int = 0, boot: str = "boot-a") -> Moment:
    return Moment(wall_ms, boot, boottime_ms)


@pytest.fixture
def journal(tmp_path):
    with Journal.open(tmp_path) as journal:
        key = central_key().public_key().public_bytes_raw()
        journal.enrol(structs.replace(enrolment(), central_key=key), "http://central")
        yield journal


def meet_central(journal, boottime_ms):
    answer = PushAnswer("ok", 0, 1, (), 0, SERVER_MS, b"i" * 16)
    journal.acknowledge(answer, at(boottime_ms), 0)


def who(journal, text, moment):
    return member_of(classify(text), journal.identity(), journal, moment, typed=False)


def test_a_fresh_pass_is_its_member_and_proves_that_they_stand_here(journal):
    meet_central(journal, 1_000)
    text = PHONE.shows(SERVER_MS + 60_000)
    member = who(journal, text, at(61_000, wall_ms=1))
    assert member.holder == Holder("member", "0a" * 8)
    assert member.shown_pass == text


@pytest.mark.parametrize("slots_ago", [2, 3, 100_000])
def test_a_picture_of_an_old_pass_is_told_to_be_old(journal, slots_ago):
    meet_central(journal, 1_000)
    old = PHONE.shows(SERVER_MS - slots_ago * SLOT_MS)
    member = who(journal, old, at(1_000, wall_ms=SERVER_MS - slots_ago * SLOT_MS))
    assert isinstance(member, Phrase)
    assert member.code == "pass_old"


def test_without_a_sure_time_a_pass_earns_but_proves_nothing(journal):
    meet_central(journal, 1_000)
    member = who(journal, PHONE.shows(SERVER_MS), at(5, boot="boot-b"))
    assert member.holder == Holder("member", "0a" * 8)
    assert member.shown_pass == ""


def test_a_pass_that_central_never_signed_is_none_of_ours(journal):
    meet_central(journal, 1_000)
    strange = Phone().signed_for(central_key(3)).shows(SERVER_MS)
    assert who(journal, strange, at(1_000)).code == "pass_not_ours"


@pytest.mark.parametrize("typed", [True, False])
def test_a_mistyped_voucher_is_said_to_be_wrong_and_not_to_be_a_card(journal, *, typed):
    """Sixteen symbols out of a reader may be the number of a card that nobody knows here."""
    for text in ("VBQF-J9E0-5STQ-HS19", "c0a1b2c3d4e5f607"):
        told = member_of(classify(text), journal.identity(), journal, at(1_000), typed=typed)
        assert told.code == ("scan_bad_check" if typed else "scan_not_member")

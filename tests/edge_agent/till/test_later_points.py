"""Points that count only when the time for refunds is over: what a till and a kiosk say of them."""

from datetime import date
from pathlib import Path

from msgspec import structs

from edge_agent.effects import Record
from edge_agent.kiosk import machine
from edge_agent.kiosk.inputs import BalanceTold
from edge_agent.kiosk.inputs import MemberScanned as KioskScanned
from edge_agent.slips.compose import AwardSlip, compose
from edge_agent.till import checkout
from edge_agent.till.inputs import JobRead, JobStarted, MemberScanned, State
from edge_agent.till.intake import Sold
from edge_agent.web.views import member as shown
from loyalty.events import Holder, Sale
from loyalty.receipt import Kind, Receipt, fingerprint
from loyalty.rules.reasons import Reason
from loyalty.rules.rulebook import version
from loyalty.wire import BalanceAnswer
from paper.layout import Text
from tests.edge_agent.conftest import member, now, some_terms
from tests.edge_agent.journal.conftest import open_till, refund_of, sale

WANG = Holder("member", "wang")
BOOK = structs.replace(some_terms().book, pending_days=15, grammar=2)
TERMS = structs.replace(some_terms(), book=BOOK, version=version(BOOK))


def awarded(today: date | None) -> tuple[Sale, AwardSlip]:
    """Return the event and the slip of a sale to a member with 100 points, on a day."""
    paper = Receipt("s1", Kind.SALE, "N1", "2026-11-08T13:16:42", "CNY", 21_400)
    sold = Sold(paper, 21_400, fingerprint(paper).hex(), "C1")
    state, effects = State(), ()
    for event in (
        MemberScanned(member(), 100),
        JobStarted("N1", 110),
        JobRead("N1", (sold,), 110, 111),
    ):
        local = f"{today} 13:16:42" if today else None
        at = structs.replace(now(112), local=local)
        state, effects = checkout.step(state, event, at, TERMS)
    (record,) = (one for one in effects if isinstance(one, Record))
    (body,), (slip,) = record.bodies, record.slips
    assert isinstance(body, Sale)
    assert isinstance(slip.content, AwardSlip)
    return body, slip.content


def test_the_slip_says_how_many_are_pending_and_from_when_they_count() -> None:
    body, slip = awarded(date(2026, 11, 8))
    assert (body.points, body.waits) == (214, True)
    assert (slip.points, slip.balance) == (214, 100)
    assert slip.later == "214 分自 2026-11-23 起可以使用"
    assert slip.expires_on == "2027-11-08"
    printed = [one.text for one in compose(slip) if isinstance(one, Text)]
    assert "214 分自 2026-11-23 起可以使用" in printed


def test_a_till_that_does_not_know_the_day_says_after_how_many() -> None:
    assert awarded(None)[1].later == "214 分自消费日起 15 天后可以使用"


def test_the_kiosk_says_it_beside_the_balance() -> None:
    state, _ = machine.step(machine.State(), KioskScanned(member()), now(1), TERMS)
    told = (Reason("pending", {"points": "214", "day": "2026-11-23"}), Reason("of_tomorrow"))
    answer = BalanceAnswer(True, 800, 0, "gold", "王**", pending=214, told=told)
    state, _ = machine.step(state, BalanceTold(answer), now(2), TERMS)
    assert state.member is not None
    view = shown(state.member, TERMS)
    assert [one["zh"] for one in view["told"]] == ["214 分自 2026-11-23 起可以使用", "of_tomorrow"]
    assert view["told"][0]["en"] == "214 points can be spent from 2026-11-23"


def test_the_till_never_counts_them_to_the_balance_nor_takes_them_off_it(tmp_path: Path) -> None:
    with open_till(tmp_path) as till:
        first = structs.replace(sale(1, WANG, 100), waits=True)
        till.append([first])
        till.append([sale(2, WANG, 30)])
        assert till.standing(WANG).pending == 30
        till.append([refund_of(first, "R1", 40, 4_000)])
        assert till.standing(WANG).pending == 30

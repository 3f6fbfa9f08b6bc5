"""Activity codes at a till and a kiosk: what a device may decide by itself, and what it says."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from edge_agent import commands
from edge_agent.desks import desk
from edge_agent.devices.ports import Scanned
from edge_agent.effects import Now, Terms
from edge_agent.journal.journal import Journal
from edge_agent.messages import SyncChanged
from edge_agent.redeeming.reach import Reach
from edge_agent.slips.compose import ActivitySlip, compose
from edge_agent.taking_part import WAITS_S
from edge_agent.till.shell import Till
from edge_agent.web.kiosk_view import kiosk_view
from loyalty import wire
from loyalty.activity_codes import ActivityCode, signed_text
from loyalty.codes import card_tag, make_member_number
from loyalty.events import ActivityDone, body_of
from loyalty.rules.activities import Activity
from loyalty.rules.rulebook import canonical, from_canonical, version
from loyalty.wire import FeedRow, Judged, MemberRow, PullAnswer, PushAnswer, Topic, Verdict
from paper.layout import Pair, Text
from tests.edge_agent.conftest import PaperBox, now, some_terms
from tests.edge_agent.journal.conftest import CENTRAL, WANG, at, enrolment, open_till

CARD = make_member_number("12345678901")
OTHER = make_member_number("10987654321")
STRANGER = "TPM" + make_member_number("55555555555")
ACTIVITIES = (
    Activity(
        id="in", kind="check_in", name_zh="打卡", name_en="Check-in", points=50, every_day=True
    ),
    Activity(id="wheel", kind="game", name_zh="转盘", name_en="Wheel", points=100, points_max=500),
    Activity(
        id="may",
        kind="survey",
        name_zh="五月问卷",
        name_en="May survey",
        points=20,
        until_day=date(2026, 5, 31),
    ),
)


def terms() -> Terms:
    plain = some_terms()
    book = structs.replace(plain.book, grammar=2, activities=ACTIVITIES)
    book = from_canonical(canonical(book))
    return structs.replace(plain, book=book, version=version(book))


TERMS = terms()


def qr(
    activity_id: str = "in", *, key: Ed25519PrivateKey = CENTRAL, until: str = "2026-12-31", **facts
) -> str:
    return signed_text(ActivityCode(1, activity_id, until, **{"batch": "b1", **facts}), key)


def nothing(*_: object) -> None:
    """Stand for what is not asked, synced or printed here."""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with open_till(tmp_path) as journal:
        rows = []
        for place, (name, number) in enumerate((("wang", CARD), ("li", OTHER)), 1):
            tag = card_tag(enrolment().tenant_key, number)
            member = MemberRow(name, (tag,), "basic", 10, f"{name[0]}**")
            rows.append(FeedRow(place, Topic.MEMBER, name, wire.pack(member)))
        journal.take_page(PullAnswer(b"i", 2, tuple(rows), more=False))
        yield journal


class Counter:
    """A till or a kiosk at which things are scanned; it reaches central if `online`."""

    def __init__(self, journal: Journal, *, kiosk: bool, online: bool = True) -> None:
        identity = journal.identity()
        assert identity is not None
        self.journal = journal
        if kiosk:
            identity = structs.replace(identity, role="kiosk")
        self.desk = desk(journal, identity, nothing, lambda: online, nothing, PaperBox())

    def scan(self, text: str, moment: Now | None = None) -> str:
        """Scan, and return what is said."""
        moment = moment or now(1)
        self.desk.handle(Scanned(text, "scanner", moment.boottime_s), moment, TERMS)
        return self.said()

    def said(self) -> str:
        state = self.desk.state
        if isinstance(self.desk, Till):
            return state.notice.phrase.zh if state.notice else ""
        return state.notice.zh if state.notice else ""

    def synced(self) -> str:
        self.desk.handle(SyncChanged(), now(2), TERMS)
        return self.said()

    def bodies(self) -> list[ActivityDone]:
        batch = self.journal.batch(1, 1000, 1 << 20)
        bodies = [body_of(frame) for frame in batch.frames]
        return [body for body in bodies if isinstance(body, ActivityDone)]


@pytest.fixture(params=["till", "kiosk"])
def counter(request: pytest.FixtureRequest, journal: Journal) -> Counter:
    return Counter(journal, kiosk=request.param == "kiosk")


def judge(journal: Journal, verdict: Verdict, reason: str = "", points: int = 0) -> None:
    one = Judged(1, verdict, reason, points)
    journal.acknowledge(PushAnswer("ok", 1, 2, (one,), 1, 0, b"i"), at(), 0)


@pytest.mark.parametrize("code_first", [True, False])
def test_a_code_and_its_member_are_registered_in_either_order(
    counter: Counter, code_first: bool
) -> None:
    if code_first:
        assert counter.scan(qr()) == "请扫描会员码参加打卡"
        assert counter.scan("TPM" + CARD) == "打卡：已登记，联网后到账"
    else:
        counter.scan("TPM" + CARD)
        assert counter.scan(qr()) == "打卡：已登记，联网后到账"
    (body,) = counter.bodies()
    assert (body.holder, body.activity_id, body.batch, body.number, body.day, body.book) == (
        WANG,
        "in",
        "b1",
        0,
        "2026-11-08",
        TERMS.version,
    )


def test_a_second_scan_that_this_device_knows_of_is_refused_with_the_reason(
    counter: Counter,
) -> None:
    counter.scan("TPM" + CARD)
    counter.scan(qr())
    assert counter.scan(qr()) == "今天已参加过打卡"
    tomorrow = structs.replace(now(1), local="2026-11-09 09:00:00")
    assert counter.scan(qr(), tomorrow) == "打卡：已登记，联网后到账"
    assert len(counter.bodies()) == 2


def test_a_numbered_code_is_used_once_whoever_brings_it(counter: Counter) -> None:
    code = qr("wheel", number=4, result=300)
    counter.scan("TPM" + CARD)
    counter.scan(code)
    counter.scan("TPM" + OTHER)
    assert counter.scan(code) == "此活动码已被使用"
    assert counter.scan(qr("wheel", number=5, result=300)) == "转盘：已登记，联网后到账"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (qr("may"), "五月问卷不在活动期内"),
        (qr("in", until="2026-11-07"), "活动码已过期（2026-11-07）"),
        (qr("in", member="li"), "此活动码是给另一位会员的"),
        (qr("gone"), "没有这个活动"),
        (qr(key=Ed25519PrivateKey.from_private_bytes(bytes(32))), "不是本商场的活动码"),
        (signed_text(ActivityCode(2, "in", "2026-12-31"), CENTRAL), "不是本商场的活动码"),
        ("TPA234", "不是本商场的活动码"),
    ],
)
def test_what_cannot_count_is_refused_here_and_writes_nothing(
    counter: Counter, text: str, said: str
) -> None:
    counter.scan("TPM" + CARD)
    assert counter.scan(text) == said
    assert counter.bodies() == []


def test_a_device_that_is_not_sure_of_the_day_leaves_it_to_central(counter: Counter) -> None:
    unsure = structs.replace(now(1), local=None)
    counter.scan("TPM" + CARD, unsure)
    assert counter.scan(qr("may"), unsure) == "五月问卷：已登记，联网后到账"
    assert [body.day for body in counter.bodies()] == [""]


def test_a_card_that_nobody_owns_takes_no_part(counter: Counter) -> None:
    counter.scan(STRANGER)
    assert counter.scan(qr("wheel", number=1)) == "活动仅限会员：请先登记此卡，再扫一次活动码"
    assert counter.bodies() == []
    counter.scan("TPM" + CARD)
    assert counter.scan(qr("wheel", number=1)) == "转盘：已登记，联网后到账"  # it was not used up


def test_centrals_word_is_told_once_when_it_comes(counter: Counter) -> None:
    counter.scan("TPM" + CARD)
    counter.scan(qr())
    judge(counter.journal, Verdict.APPLIED, points=50)
    assert counter.synced() == "打卡 +50 已到账"
    notices = counter.desk.state.notices
    counter.synced()
    assert counter.desk.state.notices == notices


def test_a_refusal_by_central_comes_back_and_is_said_again_on_a_second_scan(
    counter: Counter,
) -> None:
    counter.scan("TPM" + CARD)
    counter.scan(qr("wheel", number=1))
    judge(counter.journal, Verdict.REFUSED_FINAL, "activity_spent")
    assert counter.synced() == "转盘不计分：转盘的积分已发完"
    assert counter.scan(qr("wheel", number=2)) == "转盘不计分：转盘的积分已发完"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("activity_expired", "打卡不计分：打卡不在活动期内"),
        ("activity_of_later_days", "打卡不计分：activity_of_later_days"),
    ],
)
def test_a_reason_without_its_values_has_words_all_the_same(
    counter: Counter, reason: str, said: str
) -> None:
    counter.scan("TPM" + CARD)
    counter.scan(qr())
    judge(counter.journal, Verdict.REFUSED_FINAL, reason)
    assert counter.synced() == said


def test_a_code_waits_a_minute_for_its_member(counter: Counter) -> None:
    counter.scan(qr())
    counter.scan("TPM" + CARD, now(WAITS_S + 1.5))
    assert counter.bodies() == []
    assert counter.scan(qr(), now(WAITS_S + 2)) == "打卡：已登记，联网后到账"


def test_leaving_or_dismissing_forgets_the_code_that_waits(counter: Counter) -> None:
    counter.scan(qr())
    away = commands.Dismiss() if isinstance(counter.desk, Till) else commands.Leave()
    counter.desk.handle(away, now(1), TERMS)
    counter.scan("TPM" + CARD)
    assert counter.bodies() == []


def test_a_scan_for_an_activity_is_not_one_for_the_next_sale(journal: Journal) -> None:
    till = Counter(journal, kiosk=False)
    till.scan(qr())
    till.scan("TPM" + CARD)
    assert till.desk.state.scan is None
    till.scan("TPM" + CARD)
    till.scan(qr())
    assert till.desk.state.scan is not None


@pytest.mark.parametrize(("online", "slips"), [(True, 0), (False, 1)])
def test_a_slip_stands_for_it_while_central_cannot_be_asked(
    journal: Journal, online: bool, slips: int
) -> None:
    kiosk = Counter(journal, kiosk=True, online=online)
    kiosk.scan("TPM" + CARD)
    kiosk.scan(qr())
    queued = journal.slips("queued")
    assert len(queued) == slips
    for one in queued:
        slip = compose(msgspec.json.decode(one.slip.data, type=ActivitySlip), "zh")
        words = [part.text for part in slip if isinstance(part, Text)]
        assert "活动登记凭条" in words
        assert any("已登记，联网后由总台核对并入账" in line for line in words)
        pairs = {part.label: part.value for part in slip if isinstance(part, Pair)}
        assert pairs["活动"] == "打卡"


def test_a_kiosk_shows_how_it_went_and_goes_home(journal: Journal) -> None:
    kiosk = Counter(journal, kiosk=True)

    def shown() -> dict | None:
        state = kiosk.desk.state
        return kiosk_view(state, journal, now(1), TERMS, Reach())["activity"]

    kiosk.scan(qr())
    waits = shown()
    assert waits is not None
    assert (waits["state"], waits["en"]) == ("waits", "Check-in")
    kiosk.scan("TPM" + CARD)
    noted = shown()
    assert noted is not None
    assert (noted["state"], noted["points"]) == ("noted", None)
    judge(journal, Verdict.APPLIED, points=50)
    kiosk.synced()
    credited = shown()
    assert credited is not None
    assert (credited["state"], credited["points"]) == ("credited", 50)
    kiosk.desk.handle(commands.Back(), now(3), TERMS)
    assert shown() is None


def test_another_members_news_are_not_for_who_stands_at_the_kiosk(journal: Journal) -> None:
    kiosk = Counter(journal, kiosk=True)
    kiosk.scan("TPM" + CARD)
    kiosk.scan(qr())
    kiosk.scan("TPM" + OTHER)
    judge(journal, Verdict.APPLIED, points=50)
    assert "已到账" not in kiosk.synced()
    assert kiosk.scan("TPM" + CARD) == "打卡 +50 已到账"


def test_a_till_says_nothing_of_old_successes_after_days_away(journal: Journal) -> None:
    till = Counter(journal, kiosk=False)
    till.scan("TPM" + CARD)
    till.scan(qr())
    judge(journal, Verdict.APPLIED, points=50)
    again = Counter(journal, kiosk=False)
    assert again.synced() == ""
    assert journal.activities_untold() == []

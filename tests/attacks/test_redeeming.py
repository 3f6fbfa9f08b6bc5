"""Every way we know of to get a reward twice, or somebody else's: one test for each, by name.

Central is a real one, over its real calls; the tills have real journals on a disk, which they fill
and send as a till does. What a phone shows is signed as a phone signs it.
"""

import base64
import shutil
from zoneinfo import ZoneInfo

import msgspec
import pytest
from msgspec import structs

from central import schema
from central.ledger.reward_commands import ReturnVoucher
from edge_agent import clocks
from edge_agent.journal.journal import Journal
from edge_agent.kiosk.state import State
from edge_agent.messages import VoucherAnswered
from edge_agent.people import member_of
from edge_agent.phrases import Phrase
from edge_agent.redeeming.offered import why_not
from edge_agent.redeeming.reach import Reach
from edge_agent.till.handing_in import HandingIn
from loyalty import vouchers, wire
from loyalty.codes import VoucherCode, classify
from loyalty.events import Moment
from loyalty.wire import PushAnswer, Verdict
from tests.central.conftest import (  # noqa: F401
    sqlite_engine,
    sqlite_programme,
    sqlite_template,
)
from tests.central.ledger.test_releases import loss
from tests.central.programme import DAY_MS, member
from tests.central.rewards.redeem_cases import bring_in
from tests.edge_agent.conftest import member as somebody
from tests.loyalty.phone import Phone
from tillpoints.simulation.programme.book import BOOK

A = "0a" * 8
ZONE = ZoneInfo("Asia/Shanghai")
BOOT = "this boot"


class Till:
    """The agent of one of the programme's tills, with its own journal in a folder."""

    def __init__(self, programme, device, folder):
        self.programme, self.device, self.folder = programme, device, folder
        self.cut_off = False
        self.boot = BOOT
        self.journal = Journal.open(folder)
        self.journal.enrol(device.enrolled, "http://central")
        self.sent = 0
        self.start()
        self.meet_central()

    def start(self):
        self.asked = []
        self.desk = HandingIn(self.journal, self.journal.identity(), self.asked.append)

    def restart(self, boot):
        """Start the machine anew, perhaps from what somebody put on its disk."""
        self.journal.close()
        self.boot = boot
        self.journal = Journal.open(self.folder)
        self.start()

    def meet_central(self):
        """Tell central what it does not know, and hear what is new there."""
        links = list(self.journal.links())
        for link in links[self.sent :]:
            self.device.write_frame(link.frame)
        if links[self.sent :]:
            assert self.device.send().status == "ok"
        self.sent = len(links)
        answer = PushAnswer("ok", 0, 1, (), 0, self.programme.now_ms, b"")
        self.journal.acknowledge(answer, Moment(0, self.boot, 10_000), 0)
        self.journal.take_page(self.device.pull())

    def now(self, wall_ms=0):
        return clocks.now(self.journal, ZONE, Moment(wall_ms, self.boot, 10_000))

    def scan(self, text, wall_ms=0):
        """Return what the cashier is told of what is scanned; central answers if it can."""
        scan = classify(text)
        if not isinstance(scan, VoucherCode):
            return type(scan).__name__
        told = self.desk.scanned(scan, self.now(wall_ms))
        if self.asked:
            ask = self.asked.pop()
            answer = None
            if not self.cut_off:
                request = wire.VoucherRequest(ask.request_id, ask.voucher_code)
                answer = self.device.ask(wire.VOUCHER_PATH, request, wire.VoucherAnswer)
            told = self.desk.answered(VoucherAnswered(ask.voucher_code, answer))
        return told[1].code


@pytest.fixture
def mall(sqlite_programme, tmp_path):  # noqa: F811
    """A member with 300 points, a bag that shop S1 hands over, tea that anybody does, two tills."""
    mall = sqlite_programme
    mall.add_member(A)
    bag = {"reward_id": "bag", "name_zh": "袋", "points": "100", "kind": "goods", "home_shop": "S1"}
    tea = {"reward_id": "tea", "name_zh": "茶", "points": "100", "kind": "goods", "home_shop": ""}
    bring_in(mall, [bag, tea])
    mall.kiosk = mall.add_device("kiosk-1", "kiosk", "S2")
    mall.bought = mall.kiosk.sale(member(A), fen=30_000, number="K1")
    mall.kiosk.push(mall.bought)
    folders = [tmp_path / name for name in ("home", "other")]
    mall.home, mall.away = (
        Till(mall, device, folder)
        for device, folder in zip((mall.till, mall.other), folders, strict=True)
    )
    yield mall
    for till in (mall.home, mall.away):
        till.journal.close()


def redeem(mall, reward="bag", request_id="r1"):
    """Return the lease of a redemption at the kiosk, with its voucher."""
    lease = mall.kiosk.lease(member(A), reward, request_id=request_id)
    assert lease.refusal is None, lease.refusal
    mall.kiosk.push(mall.kiosk.redeem(member(A), lease, reward=reward))
    return lease


def test_a_copied_voucher_counts_once_wherever_its_copies_are_shown(mall):
    paper = redeem(mall).voucher_signed
    assert mall.away.scan(paper) == "voucher_elsewhere"
    assert [mall.home.scan(paper) for _ in range(3)] == [
        "voucher_accepted",
        "voucher_used",
        "voucher_used",
    ]
    photo = redeem(mall, "tea", "r2").voucher_signed
    told = [till.scan(photo) for till in (mall.away, mall.home, mall.away)]
    assert told == ["voucher_accepted", "voucher_used", "voucher_used"]
    mall.check()


@pytest.mark.parametrize(
    "edit",
    [
        {"reward_id": "gift-card-100"},
        {"valid_until": "2099-12-31"},
        {"home_device": None},
        {"pieces": 10},
        {"code": "VBQFJ9E05STQHS18"},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_an_edited_voucher_is_nobodys(mall, edit):
    paper = redeem(mall).voucher_signed
    central = mall.central_key.public_key().public_bytes_raw()
    edited = structs.replace(vouchers.read_signed(paper, central), **edit)
    for text in (vouchers.signed_text(edited, mall.till.key), _with_old_signature(paper, edited)):
        assert mall.home.scan(text) == "voucher_forged"
    assert mall.home.scan(paper) == "voucher_accepted"


def _with_old_signature(paper, edited):
    """Return an edited voucher behind the signature of the one it was made from."""
    raw = base64.b32decode(paper[3:] + "=" * (-len(paper[3:]) % 8))
    data = raw[:64] + msgspec.msgpack.encode(edited)
    return "TPV" + base64.b32encode(data).decode().rstrip("=")


def test_a_typed_code_with_one_symbol_changed_is_no_voucher(mall):
    code = redeem(mall).voucher_code
    for place in range(1, 16):
        other = "2" if code[place] != "2" else "3"
        assert mall.home.scan(code[:place] + other + code[place + 1 :]) != "voucher_accepted"


def test_a_replayed_qr_of_a_phone_pays_for_one_redemption(mall):
    mall.add_reward("kettle", points=200)
    low = structs.replace(BOOK, redeem_limit_points=50)
    mall.now_ms += 1
    mall.add_book(low, effective_ms=mall.now_ms)
    shown = Phone().signed_for(mall.central_key, A, mall.shard_key).shows(mall.now_ms)
    first = mall.kiosk.lease(member(A), "tea", request_id="p1", shown_pass=shown)
    again = mall.till.lease(member(A), "tea", request_id="p2", shown_pass=shown)
    assert (first.refusal, again.refusal.code) == (None, "pass_used")


def test_an_old_screenshot_of_a_phone_is_too_old_at_the_till_and_at_central(mall):
    phone = Phone().signed_for(mall.central_key, A, mall.shard_key)
    picture = phone.shows(mall.now_ms - 120_000)
    identity, moment = mall.home.journal.identity(), mall.home.now().moment
    seen = member_of(classify(picture), identity, mall.home.journal, moment, typed=False)
    assert isinstance(seen, Phrase)
    assert seen.code == "pass_old"
    mall.now_ms += 1
    mall.add_book(structs.replace(BOOK, redeem_limit_points=50), effective_ms=mall.now_ms)
    old = phone.shows(mall.now_ms - 6 * 60_000)
    assert mall.kiosk.lease(member(A), "tea", shown_pass=old).refusal.code == "pass_old"


def test_a_restored_till_image_takes_no_voucher_again(mall, tmp_path):
    paper = redeem(mall).voucher_signed
    mall.home.meet_central()
    image = tmp_path / "image"
    shutil.copytree(mall.home.folder, image)
    assert mall.home.scan(paper) == "voucher_accepted"
    mall.home.meet_central()
    mall.home.journal.close()
    shutil.rmtree(mall.home.folder)
    shutil.copytree(image, mall.home.folder)
    mall.home.restart("the next boot")
    mall.home.cut_off = True
    assert mall.home.scan(paper) == "voucher_day_unsure"  # no network: it waits
    mall.home.cut_off = False
    assert mall.home.scan(paper) == "voucher_used"
    assert mall.balance(member(A)) == 200


def test_a_copy_of_a_till_gets_no_lease_while_the_till_may_spend_one(mall):
    first = mall.till.lease(member(A), "tea", request_id="c1", session="the till")
    copy = mall.till.lease(member(A), "tea", request_id="c2", session="its copy")
    assert first.refusal is None
    assert copy.refusal is not None
    assert copy.refusal.code in ("armed_elsewhere", "another_run")
    assert mall.held(member(A)) == 100


def test_two_cut_off_tills_never_both_take_one_voucher(mall):
    for till in (mall.home, mall.away):
        till.cut_off = True
    bound = redeem(mall).voucher_signed
    told = [till.scan(bound) for till in (mall.away, mall.home, mall.away, mall.home)]
    assert told.count("voucher_accepted") == 1
    free = redeem(mall, "tea", "r2").voucher_signed
    assert [till.scan(free) for till in (mall.home, mall.away)] == ["voucher_offline"] * 2
    mall.home.meet_central()
    mall.check()


def test_a_cut_off_kiosk_redeems_nothing():
    state = State(step="home", member=somebody(balance=900), available=900)
    tea = wire.RewardRow("tea", "茶", "Tea", 100, "goods")
    assert why_not(state, tea, Reach(online=False)).code == "offline"


def test_a_clock_set_back_makes_no_expired_voucher_good(mall):
    lease = redeem(mall)
    paper = lease.voucher_signed
    before_ms = mall.now_ms
    mall.now_ms += 15 * DAY_MS
    mall.home.meet_central()
    mall.home.cut_off = True
    assert mall.home.scan(paper, wall_ms=before_ms) == "voucher_expired"
    assert mall.till.use_online(lease.voucher_code).refusal.code == "voucher_expired"


def test_redeem_then_refund_leaves_a_debt_that_the_cancelled_redemption_pays(mall):
    lease = redeem(mall, "tea")
    ((verdict, _, _),) = mall.kiosk.push(mall.kiosk.refund(mall.bought))
    assert verdict in (Verdict.APPLIED, Verdict.APPLIED_ADJUSTED)
    assert mall.balance(member(A)) == -100  # owed, never a silent zero
    again = mall.kiosk.lease(member(A), "tea", request_id="r9")
    assert again.refusal.code == "balance_too_low"
    cancel = wire.CancelRequest("c1", lease.voucher_code)
    assert mall.kiosk.ask(wire.CANCEL_PATH, cancel, wire.CancelAnswer).points == 100
    assert mall.balance(member(A)) == 0
    assert mall.till.use_online(lease.voucher_code).refusal.code == "voucher_cancelled"
    mall.check()


def test_a_voucher_used_at_a_cut_off_till_and_given_back_is_the_houses_and_shows(mall):
    """A person took a voucher back although the shop's till, cut off, had handed its goods out."""
    lease = redeem(mall)
    mall.home.meet_central()
    mall.home.cut_off = True
    assert mall.home.scan(lease.voucher_signed) == "voucher_accepted"
    back = ReturnVoucher(lease.voucher_code, "staff", "2026-05-29", home_is_sure=True)
    assert mall.service.run(back) == 100
    mall.home.meet_central()
    assert (mall.balance(member(A)), loss(mall)) == (300, 100)
    rows = [row for row in mall.rows(schema.inbox) if row.reason == "voucher_returned"]
    assert [Verdict(row.verdict) for row in rows] == [Verdict.APPLIED_ADJUSTED]
    mall.check()


def test_a_cancelled_voucher_is_refused_at_its_home_till_without_a_network(mall):
    lease = redeem(mall)
    back = ReturnVoucher(lease.voucher_code, "staff", "2026-05-29", home_is_sure=True)
    assert mall.service.run(back) == 100
    mall.home.meet_central()
    mall.home.cut_off = True
    assert mall.home.scan(lease.voucher_signed) == "voucher_cancelled"

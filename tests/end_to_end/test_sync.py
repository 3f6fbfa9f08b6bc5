"""Real journals against the real central: its own process, its own SQLite file, a real socket."""

import itertools
import os
import random
import shutil
import signal
import time
from contextlib import ExitStack
from zoneinfo import ZoneInfo

import pytest

from edge_agent import clocks
from edge_agent.journal.clock import moment
from edge_agent.journal.journal import Journal
from edge_agent.messages import VoucherAnswered
from edge_agent.sync.calls import Caller, Offline
from edge_agent.sync.enrol import enrol
from edge_agent.sync.online import Online
from edge_agent.sync.syncer import Syncer
from edge_agent.sync.transport import HttpTransport
from edge_agent.till.handing_in import HandingIn
from loyalty.codes import VoucherCode, card_tag
from loyalty.events import Claim, Correction, Holder, LeaseClose, Redeem, Refund, Sale, VoucherUse
from loyalty.receipt import Kind, Receipt, fingerprint
from loyalty.redeeming import LeaseRequest
from loyalty.rules.basket import Basket
from loyalty.rules.campaigns import Who
from loyalty.rules.earning import points
from loyalty.rules.refunds import take_back
from loyalty.wire import (
    BalanceRequest,
    ClaimRequest,
    Verdict,
    VoucherRequest,
)
from tests.central.mall import DEMO, Mall
from tests.central.serving.process import serving
from tests.edge_agent.journal.conftest import hash_of

WANG = "586562381399"
NEW_CARD = "NFC-0102030405"
numbers = itertools.count(1000)


def random_id():
    return f"{random.getrandbits(64):016x}"


class Station:
    """One enrolled device: its journal, and its way to central, which may change its address."""

    def __init__(self, mall, folder, name, role, shop, url):
        asked = ("fleet", "enrol", "--name", name, "--role", role, "--shop", shop)
        code = mall.json(*asked)["code"]
        self.journal = Journal.open(folder / name)
        self.shop = shop
        self.verdicts = {Verdict.APPLIED, Verdict.APPLIED_ADJUSTED}
        self.connect(url)
        enrol(self.journal, self.transport, url=url, code=code)
        self.sync()

    def connect(self, url):
        self.transport = HttpTransport(url)
        caller = Caller(self.journal, self.transport)
        session = random_id()
        self.syncer = Syncer(self.journal, caller, session=session, rng=random.Random(1))
        self.online = Online(self.journal, caller, session=session)

    def reconnect(self, url):
        self.transport.close()
        self.connect(url)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        """Every event was judged and the journal is sound, unless the test failed already."""
        self.transport.close()
        report = self.journal.verify()
        judged = self.journal._ask(lambda db: db.execute("SELECT code FROM verdict").fetchall())
        self.journal.close()
        if failure == (None, None, None):
            assert report.problems == ()
            assert {code for (code,) in judged} <= self.verdicts

    def desk(self):
        return Desk(self)

    def sync(self):
        until_s = time.monotonic() + 30
        while time.monotonic() < until_s:
            if self.syncer.step(moment()) > 0:
                assert self.syncer.status().problem is None
                file = self.journal.member_file()
                if file.position >= file.needed:
                    return
                time.sleep(0.02)  # central is making the first one
        raise AssertionError("sync does not come to rest")

    def holder(self, card):
        tag = card_tag(self.journal.identity().tenant_key, card)
        return self.journal.holder_of(tag)

    def points(self, fen, holder):
        book = self.journal.rule_book(self.journal.server_ms(moment()))
        category = self.journal.shop(self.shop).category
        tier_id = self.journal.standing(holder).tier_id if holder else ""
        basket, who = Basket(fen, "", category), Who(tier_id)
        return book, category, tier_id, points(basket, who, None, book.book)

    def sell(self, fen, holder=None, claim_code=None, number=None):
        book, category, tier_id, points = self.points(fen, holder)
        number = number or f"B{next(numbers)}"
        receipt = Receipt(self.shop, Kind.SALE, number, "2026-11-08T13:16:42", "CNY", fen)
        sold = Sale(
            at=moment(),
            receipt=receipt,
            discriminator="",
            eligible_fen=fen,
            category=category,
            book=book.version,
            holder=holder,
            tier_id=tier_id,
            points=points if holder else 0,
            claim_hash=hash_of(claim_code) if claim_code else None,
        )
        self.journal.append([sold])
        return fingerprint(receipt).hex()

    def refund(self, key, fen):
        record = self.journal.sale_by_fingerprint(key)
        receipt = Receipt(
            self.shop, Kind.REFUND, f"R{next(numbers)}", "2026-11-08T14:00:00", "CNY", -fen
        )
        points = take_back(record.points, record.sale.eligible_fen, record.refunded_fen, fen)
        self.journal.append([Refund(moment(), receipt, "", -fen, key, points)])
        return points


class Desk:
    """Where vouchers are handed in at a till; asks central as the agent does, but at once."""

    def __init__(self, station):
        self.station = station
        self.asked = []
        self.handing_in = HandingIn(station.journal, station.journal.identity(), self.asked.append)

    def type(self, code):
        now = clocks.now(self.station.journal, ZoneInfo("Asia/Shanghai"), moment())
        told = self.handing_in.scanned(VoucherCode(code, None), now)
        for question in self.asked:
            request = VoucherRequest(question.request_id, question.voucher_code)
            answer = self.station.online.voucher(request)
            known = None if isinstance(answer, Offline) else answer
            told = self.handing_in.answered(VoucherAnswered(code, known)) or told
        self.asked.clear()
        return told[1].code


@pytest.fixture
def mall(tmp_path):
    mall = Mall(tmp_path).set_up()
    mall.run("central", "import", "members", str(DEMO / "members.csv"))
    return mall


def told(station, holder):
    answer = station.online.balance(BalanceRequest(holder))
    assert not isinstance(answer, Offline)
    return answer.balance


def same_on_both_sides(station, holder):
    """Central and the till say the same, and the till waits for nothing."""
    standing = station.journal.standing(holder)
    assert station.journal.queue_depth() == 0
    assert (standing.balance, standing.pending) == (told(station, holder), 0)
    return standing.balance


@pytest.fixture
def url(mall):
    with serving(mall) as (_, url):
        yield url


@pytest.fixture
def till(mall, tmp_path, url):
    with Station(mall, tmp_path, "till-1", "till", "helu", url) as till:
        yield till


@pytest.fixture
def kiosk(mall, tmp_path, url):
    with Station(mall, tmp_path, "kiosk-9", "kiosk", "helu", url) as kiosk:
        yield kiosk


def test_a_new_till_learns_of_every_member_by_one_file_and_of_none_by_rows(till):
    rows = till.journal._ask(lambda db: db.execute("SELECT count(*) FROM member").fetchone()[0])
    file = till.journal.member_file()
    assert (rows, bool(file.name)) == (0, True)
    (path,) = till.journal.directory.glob("*.members")
    assert path.name == f"{file.name}.members"
    standing = till.journal.standing(till.holder(WANG))
    assert (standing.holder.kind, standing.balance) == ("member", told(till, standing.holder))
    assert standing.tier_id
    assert standing.masked_name == "王**"
    for secret in (WANG, "王小明"):
        assert secret.encode() not in path.read_bytes()


def test_a_sale_counts_here_at_once_and_the_same_at_central_after_sync(till):
    wang = till.holder(WANG)
    before = told(till, wang)
    key = till.sell(60_000, wang)
    promised = till.journal.sale_by_fingerprint(key).points
    assert promised > 0
    assert till.journal.standing(wang).balance == before + promised
    till.sync()
    assert same_on_both_sides(till, wang) == before + promised


def test_a_refund_takes_back_the_same_on_both_sides(till):
    wang = till.holder(WANG)
    before = told(till, wang)
    key = till.sell(60_000, wang)
    till.sync()
    promised = till.journal.sale_by_fingerprint(key).points
    back = till.refund(key, 30_000)
    assert till.journal.standing(wang).balance == before + promised - back
    till.sync()
    assert same_on_both_sides(till, wang) == before + promised - back


def test_a_claim_made_at_the_kiosk_before_central_knows_the_sale_reaches_the_till(till, kiosk):
    wang = kiosk.holder(WANG)
    before = told(kiosk, wang)
    key = till.sell(20_000, claim_code="CLAIM-1")
    question = ClaimRequest(hash_of("CLAIM-1"))
    assert kiosk.online.claim(question).state == "unknown"
    kiosk.journal.append([Claim(moment(), hash_of("CLAIM-1"), wang)])
    kiosk.sync()
    till.sync()
    kiosk.sync()
    assert kiosk.online.claim(question).state == "claimed"
    record = till.journal.sale_by_fingerprint(key)
    assert (record.state, record.holder) == ("claimed", wang)
    assert same_on_both_sides(kiosk, wang) == before + record.points
    assert same_on_both_sides(till, wang) == before + record.points


def test_a_receipt_sold_at_two_offline_tills_earns_once_and_the_second_one_says_so(
    till, mall, tmp_path, url
):
    with Station(mall, tmp_path, "till-2", "till", "helu", url) as second:
        wang, card = till.holder(WANG), second.holder(NEW_CARD)
        before = told(till, wang)
        key = till.sell(8_400, wang, number="C003")
        assert second.sell(8_400, card, number="C003") == key
        promised = till.journal.sale_by_fingerprint(key).points
        assert second.journal.standing(card).pending > 0
        till.sync()
        second.sync()
        assert same_on_both_sides(till, wang) == before + promised
        assert till.journal.sale_by_fingerprint(key).state == "awarded"
        assert till.journal.sales_not_taken() == []
        record = second.journal.sale_by_fingerprint(key)
        assert (record.state, record.reason) == ("in_question", "duplicate_receipt")
        assert second.journal.standing(card).pending == told(second, card) == 0
        (held,) = second.journal.sales_not_taken()
        assert held.fingerprint == key
        second.verdicts = {Verdict.PENDING_REF}


def test_an_award_taken_back_and_given_to_somebody_else_counts_once(till):
    wang, card = till.holder(WANG), till.holder(NEW_CARD)
    before = told(till, wang)
    key = till.sell(8_400, wang)
    points = till.points(8_400, card)[-1]
    till.journal.append([Correction(moment(), key, None)])
    till.journal.append([Correction(moment(), key, card, "", points)])
    till.sync()
    assert same_on_both_sides(till, wang) == before
    assert same_on_both_sides(till, card) == points > 0
    assert till.journal.sale_by_fingerprint(key).state == "awarded"


def test_an_unknown_card_earns_to_the_card(till):
    card = till.holder(NEW_CARD)
    assert card.kind == "card"
    key = till.sell(10_000, card)
    till.sync()
    assert same_on_both_sides(till, card) == till.journal.sale_by_fingerprint(key).points


def test_a_reward_is_paid_once_and_its_voucher_counts_once(till, kiosk):
    wang = kiosk.holder(WANG)
    till.sell(100_000, wang)
    till.sync()
    kiosk.sync()
    balance = same_on_both_sides(kiosk, wang)
    lease = kiosk.online.lease(LeaseRequest(random_id(), wang, "parking-2h"))
    assert (lease.refusal, lease.points) == (None, 200)
    code = lease.voucher_code
    spent = Redeem(moment(), wang, lease.lease_id, lease.points, "parking-2h", code)
    kiosk.journal.append([spent, LeaseClose(moment(), lease.lease_id, lease.points)])
    assert kiosk.journal.standing(wang).balance == balance - 200
    kiosk.sync()
    assert same_on_both_sides(kiosk, wang) == balance - 200
    assert till.online.voucher(VoucherRequest("use-1", code)).reward_id == "parking-2h"
    here = till.journal.identity().device_id.hex()
    till.journal.append([VoucherUse(moment(), code, here, "use-1")])
    till.sync()
    assert till.online.voucher(VoucherRequest("use-2", code)).refusal.code == "voucher_used"


def test_a_voucher_s_code_is_typed_at_its_home_till_while_the_network_is_down(till, kiosk, url):
    """The kiosk hands it out, the home till hears of it, and takes it once without a network."""
    wang = kiosk.holder(WANG)
    till.sell(100_000, wang)
    till.sync()
    kiosk.sync()
    lease = kiosk.online.lease(LeaseRequest(random_id(), wang, "plum-juice"))
    assert lease.refusal is None
    code = lease.voucher_code
    kiosk.journal.append([Redeem(moment(), wang, lease.lease_id, lease.points, "plum-juice", code)])
    kiosk.sync()
    till.sync()
    till.reconnect("http://127.0.0.1:9")  # nobody listens there
    offline = till.desk()
    assert [offline.type(code), offline.type(code)] == ["voucher_accepted", "voucher_used"]
    assert offline.type("V000000000000000") == "voucher_not_known_here"
    assert till.syncer.step(moment()) > 0
    assert till.journal.queue_depth() == 1
    till.reconnect(url)
    till.sync()
    assert till.journal.queue_depth() == 0
    online = till.desk()
    assert online.type(code) == "voucher_used"
    refused = till.online.voucher(VoucherRequest(random_id(), code)).refusal
    assert refused.code == "voucher_used"
    assert kiosk.online.voucher(VoucherRequest(random_id(), code)).refusal.code == "voucher_used"


def test_central_killed_in_the_middle_loses_and_doubles_nothing(mall, tmp_path):
    """The till sells on; central dies by SIGKILL and comes back at another address."""
    promised = 0
    with ExitStack() as stack:
        with serving(mall) as (_, url):
            till = stack.enter_context(Station(mall, tmp_path, "till-1", "till", "helu", url))
            wang = till.holder(WANG)
            before = told(till, wang)
        for life in range(3):
            with serving(mall) as (process, url):
                till.reconnect(url)
                for sale in range(8):
                    key = till.sell(1_000 + life * 100 + sale, wang)
                    promised += till.journal.sale_by_fingerprint(key).points
                    if sale == 5:
                        os.kill(process.pid, signal.SIGKILL)
                    till.syncer.step(moment())
                    assert till.journal.standing(wang).balance == before + promised
        with serving(mall) as (_, url):
            till.reconnect(url)
            till.sync()
            assert same_on_both_sides(till, wang) == before + promised


def test_a_lease_of_a_kiosk_that_crashed_goes_back_to_its_member(kiosk, url):
    wang = kiosk.holder(WANG)
    kiosk.sell(100_000, wang)
    kiosk.sync()
    balance = told(kiosk, wang)
    kiosk.online.lease(LeaseRequest(random_id(), wang, "parking-2h"))
    assert kiosk.online.balance(BalanceRequest(wang)).held == 200
    kiosk.reconnect(url)  # another run of the agent, another session
    kiosk.sync()
    answer = kiosk.online.balance(BalanceRequest(wang))
    assert (answer.held, answer.balance) == (0, balance)


def test_a_copied_and_a_restored_disk_lose_nothing_and_count_nothing_twice(mall, tmp_path, url):
    """A clone sells on beside the till; each gets its events in, and the balance is the sum."""
    with ExitStack() as stack:
        till = stack.enter_context(Station(mall, tmp_path, "till-1", "till", "helu", url))
        wang = till.holder(WANG)
        before = told(till, wang)
        keys = [till.sell(10_000, wang)]
        till.sync()
        till.journal.close()
        shutil.copytree(tmp_path / "till-1", tmp_path / "image")
        till.journal = Journal.open(tmp_path / "till-1")
        till.reconnect(url)
        promised = till.journal.sale_by_fingerprint(keys[0]).points
        promised += till.journal.sale_by_fingerprint(till.sell(20_000, wang)).points
        till.sync()
        till.sell(0)  # an event that only this machine has when it is fenced
        with Journal.open(tmp_path / "image") as image:
            clone = Station.__new__(Station)
            clone.journal, clone.shop = image, till.shop
            clone.connect(url)
            promised += image.sale_by_fingerprint(clone.sell(40_000, wang)).points
            clone.sync()
            assert image.identity().epoch == 2
            assert told(clone, wang) == before + promised
            assert same_on_both_sides(clone, wang) == before + promised
            assert image.verify().problems == ()
            clone.transport.close()
        while till.syncer.step(moment()) == 0:
            pass
        assert till.syncer.status().refused == "fenced"
        (device,) = mall.json("fleet", "status")["devices"]
        assert (device["fenced"], device["epoch"]) == (1, 2)
        asked = ("fleet", "enrol", "--name", "till-1", "--role", "till", "--shop", till.shop)
        enrol(till.journal, till.transport, url=url, code=mall.json(*asked, "--again")["code"])
        till.reconnect(url)
        till.sync()
        assert till.journal.identity().epoch == 3
        assert same_on_both_sides(till, wang) == before + promised
        assert mall.json("fleet", "status")["devices"][0]["fenced"] == 0
    mall.run("central", "ledger", "verify")


def test_a_till_that_was_offline_across_a_rotation_goes_on_with_its_key_and_moves_with_its_file(
    mall, tmp_path
):
    with serving(mall) as (_, url):
        till = Station(mall, tmp_path, "till-1", "till", "helu", url)
    with till:
        wang = till.holder(WANG)
        file, key = till.journal.member_file().name, till.journal.identity().tenant_key
        mall.run("central", "rotate-key", "tenant")
        mall.bring_in("members", f"number,name,phone,tier,aliases\n,李雷,13900139000,,{NEW_CARD}\n")
        assert till.holder(WANG) == wang
        till.sell(60_000, wang)
        card = till.holder(NEW_CARD)
        assert card == Holder("card", card_tag(key, NEW_CARD))
        till.sell(30_000, card)
        with serving(mall) as (_, url):
            till.reconnect(url)
            until_s = time.monotonic() + 30
            while till.journal.identity().tenant_key == key and time.monotonic() < until_s:
                assert till.holder(WANG) == wang
                till.sync()
            assert till.journal.identity().tenant_key != key
            assert till.journal.member_file().name not in {"", file}
            assert till.holder(WANG) == wang
            lei = till.holder(NEW_CARD)
            assert lei.kind == "member"
            assert same_on_both_sides(till, lei) == 300
            same_on_both_sides(till, wang)
            mall.run("central", "rotate-key", "tenant")
    mall.run("central", "ledger", "verify")


def test_a_holder_of_nothing_has_nothing_on_both_sides(till):
    nobody = Holder("card", "0" * 16)
    assert till.journal.standing(nobody).balance is None
    assert not till.online.balance(BalanceRequest(nobody)).known

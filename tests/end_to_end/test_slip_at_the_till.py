"""A voucher on paper: drawn by a printer that is not ours, read by zbar, taken by the till.

Once by its QR and once by its code, as it stands there, on paper of both widths, from a kiosk and
from the service desk.
"""

# ruff: noqa: F401, F811  (fixtures of other modules)

import re

import msgspec
import pytest
from pyzbar import pyzbar

from central.desk import voucher_slip
from edge_agent.commands import Scan
from edge_agent.effects import Terms
from edge_agent.phrases import Phrase
from edge_agent.redeeming.paper import redemption_slip
from edge_agent.redeeming.state import Visit
from edge_agent.slips.compose import AnySlip, compose
from loyalty.catalogue import Details, coupon_of
from loyalty.coupons import Coupon, said
from loyalty.wire import RewardRow, ShopRow
from loyalty.wording import say
from paper.encode import encode_slip
from tests.attacks.test_redeeming import (
    A,
    mall,
    redeem,
    sqlite_engine,
    sqlite_programme,
    sqlite_template,
)
from tests.central.rewards.redeem_cases import bring_in
from tests.edge_agent.conftest import member as somebody
from tests.edge_agent.conftest import now
from tests.edge_agent.journal.conftest import open_till
from tests.edge_agent.till.test_tendering import WANG
from tests.edge_agent.till.test_tendering import Counter as Unclaimed
from tests.edge_agent.till.test_tendering import paper as a_receipt
from tests.paper.rendered import Model, Printer
from tests.paper.test_rendered import PAPERS, PrinterProfile
from tillpoints.simulation.programme.book import BOOK

BAG = RewardRow("bag", "织野帆布袋", "A canvas bag from ZHIYE", 100, "goods", "S1")
PARKING = RewardRow(
    "bag", "停车", "Parking", 100, "parking", "S1", Details(unit_zh="小时", unit_en="hours")
)
PLACE = Phrase("at_shop", "织野", "ZHIYE")
SHOP = ShopRow("S2", "服务台", "Service desk", "food")


LESS_50 = {"reward_id": "less-50", "name_zh": "满 200 减 50", "points": "100", "kind": "coupon"}
LESS_50 |= {"home_shop": "S1", "off": "50", "from": "200"}
COUPON = RewardRow(
    "less-50",
    "满 200 减 50",
    "50 off 200",
    100,
    "coupon",
    "S1",
    Details(off_fen=5_000, from_fen=20_000),
)


def of_the_kiosk(lease, lang, reward=BAG):
    terms = Terms("澄湖天地", "kiosk-1", SHOP, BOOK, "v", lang)
    held = redemption_slip(somebody(balance=300), reward, Visit(), PLACE, lease, now(0), terms)
    return compose(held.content, lang)


def of_a_parking_kiosk(lease, lang):
    terms = Terms("澄湖天地", "kiosk-1", SHOP, BOOK, "v", lang)
    visit = Visit(pieces=3, plate="浙A12345")
    held = redemption_slip(somebody(balance=300), PARKING, visit, PLACE, lease, now(0), terms)
    return compose(held.content, lang)


def of_the_desk(lease, lang, reward=BAG):
    return voucher_slip.compose(
        voucher_slip.VoucherPaper(
            programme="澄湖天地",
            member="****1234",
            reward=reward.name_zh if lang == "zh" else reward.name_en,
            points=lease.points,
            code=lease.voucher_code,
            signed=lease.voucher_signed,
            valid_until=lease.valid_until,
            where=PLACE.zh if lang == "zh" else PLACE.en,
            made_at="2026-05-29 10:00",
            terms="" if reward is BAG else say(said(coupon_of(reward.details)), lang),
        ),
        lang,
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("made", [of_the_kiosk, of_a_parking_kiosk, of_the_desk])
@pytest.mark.parametrize("paper", PAPERS)
def test_what_stands_on_paper_is_what_the_till_takes(mall, paper, made, lang):
    scanned, typed = redeem(mall), redeem(mall, request_id="r2")
    profile = PrinterProfile(**PAPERS[paper])
    mall.home.meet_central()
    mall.home.cut_off = True
    qr = read_qr(printed(made(scanned, lang), profile))
    assert [mall.home.scan(qr) for _ in range(2)] == ["voucher_accepted", "voucher_used"]
    code = read_code(printed(made(typed, lang), profile))
    assert [mall.home.scan(code) for _ in range(2)] == ["voucher_accepted", "voucher_used"]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("made", [of_the_kiosk, of_the_desk])
@pytest.mark.parametrize("paper", PAPERS)
def test_a_coupon_on_paper_is_kept_for_a_bill_by_its_qr_or_its_code(mall, paper, made, lang):
    bring_in(mall, [LESS_50])
    lease = redeem(mall, "less-50", "r3")
    mall.home.meet_central()
    mall.home.cut_off = True
    paper = printed(made(lease, lang, COUPON), PrinterProfile(**PAPERS[paper]))
    text = "".join(paper.text)
    assert ("满 200.00 减 50.00" if lang == "zh" else "50.00 off a bill of 200.00") in text
    for told in (read_qr(paper), read_code(paper)):
        assert mall.home.scan(told) == "coupon_kept"
        kept = mall.home.journal.coupon_awaiting()
        assert kept.coupon == Coupon(5_000, 0, 0, 20_000)


def printed(slip, profile):
    return Printer(Model(profile.dots)).feed(encode_slip(slip, profile).data)


def read_qr(printer):
    (seen,) = pyzbar.decode(printer.picture_of_it(), symbols=[pyzbar.ZBarSymbol.QRCODE])
    return seen.data.decode()


def read_code(printer):
    """Return the code as a person reads it: large, in groups, on two lines of narrow paper."""
    signs = "".join(printer.text).replace(" ", "").replace("-", "")
    return re.search(r"(?:券码|Vouchercode)(V[0-9A-Z]{15})", signs)[1]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("copy", [False, True])
def test_a_claim_slip_and_its_copy_are_taken_by_the_till_that_printed_them(
    tmp_path, paper, lang, copy
):
    with open_till(tmp_path / "state") as journal:
        till = Unclaimed(journal)
        till.print(a_receipt("微信支付                  214.00"))
        (held,) = journal.slips("held")
        slip = compose(msgspec.json.decode(held.slip.data, type=AnySlip), lang, copy=copy)
        qr = read_qr(printed(slip, PrinterProfile(**PAPERS[paper])))
        assert till.do(Scan(qr), 160.0) == "claim_ready"
        assert till.do(Scan(WANG), 161.0) == "claim_taken_in"

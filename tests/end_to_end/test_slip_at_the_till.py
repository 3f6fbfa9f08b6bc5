"""A voucher on paper: drawn by a printer that is not ours, read by zbar, taken by the till.

Once by its QR and once by its code, as it stands there, on paper of both widths, from a kiosk and
from the service desk.
"""

# ruff: noqa: F401, F811  (fixtures of other modules)

import re

import pytest
from pyzbar import pyzbar

from central.desk import voucher_slip
from edge_agent.effects import Terms
from edge_agent.kiosk.paper import redemption_slip
from edge_agent.phrases import Phrase
from edge_agent.slips import compose
from loyalty.wire import RewardRow, ShopRow
from paper.encode import encode_slip
from tests.attacks.test_redeeming import (
    A,
    mall,
    redeem,
    sqlite_engine,
    sqlite_programme,
    sqlite_template,
)
from tests.edge_agent.conftest import member as somebody
from tests.edge_agent.conftest import now
from tests.paper.rendered import Model, Printer
from tests.paper.test_rendered import PAPERS, PrinterProfile
from tillpoints.simulation.centre import BOOK

BAG = RewardRow("bag", "织野帆布袋", "A canvas bag from ZHIYE", 100, "goods", "S1")
PLACE = Phrase("at_shop", "织野", "ZHIYE")
SHOP = ShopRow("S2", "服务台", "Service desk", "food")


def of_the_kiosk(lease, lang):
    terms = Terms("澄湖天地", "kiosk-1", SHOP, BOOK, "v", lang)
    held = redemption_slip(somebody(balance=300), BAG, 1, PLACE, lease, now(0), terms)
    return compose(held.content, lang)


def of_the_desk(lease, lang):
    return voucher_slip.compose(
        voucher_slip.VoucherPaper(
            programme="澄湖天地",
            member="****1234",
            reward=BAG.name_zh if lang == "zh" else BAG.name_en,
            points=lease.points,
            code=lease.voucher_code,
            signed=lease.voucher_signed,
            valid_until=lease.valid_until,
            where=PLACE.zh if lang == "zh" else PLACE.en,
            made_at="2026-05-29 10:00",
        ),
        lang,
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("made", [of_the_kiosk, of_the_desk])
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


def printed(slip, profile):
    return Printer(Model(profile.dots)).feed(encode_slip(slip, profile).data)


def read_qr(printer):
    (seen,) = pyzbar.decode(printer.picture_of_it(), symbols=[pyzbar.ZBarSymbol.QRCODE])
    return seen.data.decode()


def read_code(printer):
    """Return the code as a person reads it: large, in groups, on two lines of narrow paper."""
    signs = "".join(printer.text).replace(" ", "").replace("-", "")
    return re.search(r"(?:券码|Vouchercode)(V[0-9A-Z]{15})", signs)[1]

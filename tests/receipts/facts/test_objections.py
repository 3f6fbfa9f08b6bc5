"""Lines that undo a sale are told from a shop's terms, and office papers from receipts."""

import pytest

from receipts.facts.objections import is_outcome
from receipts.reading import read_text

SALE = """永鑫超市
单号:XS0031
2026-06-14 17:00:11
大米 32.90
食用油 18.50
合计 51.40
微信支付 51.40
"""
HEADED = """{heading}
2026-06-12 22:00
早市 840.00
晚市 484.00
合计 1324.00
现金 324.00
微信 1000.00
"""


@pytest.mark.parametrize(
    "line",
    [
        "ORDER CANCELLED",
        "CARD DECLINED BY BANK",
        "FULLY REFUNDED 15/06/2026",
        "TRANS TYPE: RETURN",
        "GOODS RETURN NOTE",
        "CREDIT MEMO",
        "PAYMENT FAILED - PLEASE RETRY",
        "NOT APPROVED",
        "*** TEST ***",
        "SALE VOIDED",
        "已全额退款",
        "交易类型:退货",
        "支付失败",
        "订单已关闭",
        "测试数据 请勿当真",
        "样张",
    ],
)
def test_a_line_that_undoes_the_sale_is_an_outcome(line):
    assert is_outcome(line)


@pytest.mark.parametrize(
    "line",
    [
        "NO REFUND WITHOUT RECEIPT",
        "GOODS SOLD ARE NOT REFUNDABLE",
        "RETURNS & REFUNDS",
        "RETURN WITHIN 7 DAYS",
        "RETURN TO NATURE",
        "PREGNANCY TEST KIT",
        "CANCELLATION MUST BE MADE BEFORE NOON",
        "退换货须知",
        "退货须知:退款将于3日内原路退回",
        "如需取消订单请联系店员",
        "支持七天退货",
        "退货热线 4001234",
        "血糖测试仪",
    ],
)
def test_terms_and_names_are_no_outcome(line):
    assert not is_outcome(line)


@pytest.mark.parametrize("line", ["已退款", "支付中", "交易关闭", "ORDER VOIDED"])
@pytest.mark.parametrize("below", [True, False])
def test_a_sale_that_was_undone_earns_nothing_by_itself(line, below):
    (reading,) = read_text(SALE + line if below else SALE.replace("单号", f"{line}\n单号"))
    asked = any(line in reason.zh for reason in reading.why)
    assert reading.kind in ("refund", "void") or (asked and reading.decision == "review")


@pytest.mark.parametrize("line", ["退换货须知", "No refund without receipt", "七天内凭小票退货"])
def test_a_sale_with_terms_below_it_earns(line):
    (reading,) = read_text(SALE + line)
    assert (reading.decision, reading.eligible_fen) == ("award", 5140)


@pytest.mark.parametrize(
    "heading",
    ["商品销售排行", "营业额统计", "付款凭单", "提现凭证", "报销单", "X READ", "END OF SHIFT"],
)
def test_a_paper_of_the_office_earns_nothing_by_itself(heading):
    (reading,) = read_text(HEADED.format(heading=heading))
    assert reading.decision != "award"


@pytest.mark.parametrize("heading", ["外带单", "销售单", "取衣单", "精品手表"])
def test_other_headings_leave_a_sale_as_it_is(heading):
    (reading,) = read_text(SALE.replace("单号", f"{heading}\n单号"))
    assert reading.decision == "award"


@pytest.mark.parametrize("goods", ["代缴电费", "CELCOM E-PIN RM10", "Cashback"])
def test_money_taken_for_others_goes_to_a_person(goods):
    (reading,) = read_text(SALE.replace("食用油", goods))
    assert reading.decision == "review"


def test_a_deposit_alone_does_not_earn():
    paper = "共享雨伞\n单号:YS0001 2026-06-13 08:00\n雨伞押金 39.00\n合计 39.00\n微信 39.00\n"
    (reading,) = read_text(paper)
    assert reading.decision != "award"


def test_a_gift_card_of_the_mall_does_not_earn():
    paid = "商场礼品卡 30.00\n微信支付 21.40"
    (reading,) = read_text(SALE.replace("微信支付 51.40", paid))
    assert (reading.owed_fen, reading.eligible_fen) == (5140, 2140)


def test_an_unpaid_invoice_on_terms_goes_to_a_person():
    paper = (
        "ABC TRADING\nINVOICE NO: IV-00221\nDATE: 11/06/2026\nTERMS: 30 DAYS\n"
        "FLOUR 110.00\nSUGAR 140.00\nSUBTOTAL 250.00\nTOTAL (RM) 250.00\n"
    )
    (reading,) = read_text(paper, currency="MYR", date_order="dmy")
    assert reading.decision == "review"


def test_a_discount_that_is_not_in_the_amount_is_doubted():
    paper = (
        "小巷咖啡\n订单号:A20\n2026-05-05 08:12:44\n拿铁 28.00\n可颂 16.00\n"
        "优惠:-4.00\n实付:44.00\n微信支付\n"
    )
    (reading,) = read_text(paper)
    assert reading.decision == "review"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("已退款", "refund"),
        ("交易类型:退货", "refund"),
        ("退货单号:TH001", "refund"),
        ("ORDER VOIDED", "void"),
        ("订单已取消", "void"),
        ("UNPAID", "pre_bill"),
        ("支付失败", "other"),
        ("账期30天", "on_account"),
    ],
)
def test_a_paper_that_is_no_sale_cannot_be_accepted_as_one(line, kind):
    paid = SALE.replace("微信支付 51.40\n", "") if kind == "on_account" else SALE
    (reading,) = read_text(paid.replace("单号", f"{line}\n单号"))
    assert reading.kind == kind
    assert reading.eligible_fen in ((-5140,) if kind in ("refund", "void") else (0,))


@pytest.mark.parametrize("label", ["退现金", "微信退款", "VISA REFUND"])
def test_money_that_all_went_back_makes_a_refund(label):
    (reading,) = read_text(SALE.replace("微信支付", label))
    assert (reading.kind, reading.owed_fen) == ("refund", -5140)


def test_a_card_slip_below_a_sale_leaves_it_a_sale():
    slip = "卡号:6222****1234\n授权码:882133 参考号:041712345678\n批次号:000123 凭证号:000345\n"
    (reading,) = read_text(SALE + slip)
    assert (reading.kind, reading.decision) == ("sale", "award")


def test_a_shop_that_copies_prints_no_reprints():
    (reading,) = read_text("快印图文复印店\n" + SALE.removeprefix("永鑫超市\n"))
    assert (reading.reprint, reading.decision) == (False, "award")


def test_an_offer_at_the_head_makes_no_topup():
    (reading,) = read_text("会员充值500送100\n" + SALE)
    assert (reading.kind, reading.decision) == ("sale", "award")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("AWAITING PAYMENT", "pre_bill"),
        ("*** QUOTE ***", "pre_bill"),
        ("STAFF MEAL", "on_account"),
        ("CREDIT SALE", "on_account"),
        ("LAYAWAY", "deposit"),
        ("PACKING SLIP", "other"),
        ("STOCK TRANSFER", "other"),
        ("未买单", "pre_bill"),
        ("** 挂单 **", "other"),
        ("赊账", "on_account"),
        ("冲红单", "void"),
    ],
)
@pytest.mark.parametrize("below", [True, False])
def test_a_line_that_only_names_another_paper_makes_it_that(line, kind, below):
    (reading,) = read_text(SALE + line if below else SALE.replace("单号", f"{line}\n单号"))
    assert (reading.kind, reading.decision == "award") == (kind, False)

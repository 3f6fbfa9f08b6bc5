"""Every slip says what it must, in two languages and at both widths of paper.

The expected papers are in tests/cases/slips, one text file for each slip, width and language.
"""

import re
from pathlib import Path

import msgspec
import pytest

from edge_agent.slips.compose import (
    ActivitySlip,
    AnySlip,
    AwardSlip,
    BalanceSlip,
    CancellationSlip,
    ClaimSlip,
    Expiring,
    Origin,
    ParkingSlip,
    Receipt,
    RedemptionSlip,
    RefundSlip,
    ReviewSlip,
    compose,
)
from edge_agent.slips.parts import group_code
from loyalty.coupons import Coupon, said
from loyalty.rules.reasons import Reason
from loyalty.wording import say
from paper.encode import PAPER_58MM, PAPER_80MM, PrinterProfile, encode_slip
from paper.layout import QR, Cut, Line, as_text, lay_out
from paper.marker import COPY_BANNER, OWN_PRINT_MARK, Lang, is_own_print
from receipts.stream.decoder import Decoder
from receipts.stream.elements import Line as PrintedLine

CASES = Path(__file__).parents[2] / "cases" / "slips"
WIDTHS = (32, 48)
LANGS: tuple[Lang, ...] = ("zh", "en")

SHOP: dict[Lang, Origin] = {
    "zh": Origin("星河购物中心", "老街坊川菜馆", "T02", "2025-11-08 13:17", "T02-1-128"),
    "en": Origin("Galaxy Mall", "Old Street Kitchen", "T02", "2025-11-08 13:17", "T02-1-128"),
}
KIOSK: dict[Lang, Origin] = {
    "zh": Origin("星河购物中心", "一楼自助机", "K01", "2025-11-08 14:02", "K01-1-9"),
    "en": Origin("Galaxy Mall", "Kiosk 1F", "K01", "2025-11-08 14:02", "K01-1-9"),
}
RECEIPT = Receipt("A2025110800123", "2025-11-08 13:16:42", 238_00)
REFUND = Receipt("R2025110900007", "2025-11-09 10:05:11", -88_50)
VOUCHER_QR = "TPV1.AAAAAZ0GZ8Yq7n3mJ2bD4kQxw0c5h1u9-0lBq3sVYtRrO5mWm8sN2EoVd6PjXzL4aTgKfHnUc7"


def slips(lang: Lang) -> dict[str, AnySlip]:
    zh = lang == "zh"
    shop, kiosk = SHOP[lang], KIOSK[lang]
    earned = (
        ("基础 238.00元 × 1 = 238分", "金卡会员 × 1.5 = 357分")
        if zh
        else ("Base 238.00 x 1 = 238", "Gold member x 1.5 = 357")
    )
    returned = (
        ("退 88.50元，占原单 37%", "原单得 357分，扣回 133分")
        if zh
        else ("88.50 of 238.00 returned", "133 of the 357 earned")
    )
    unreadable = "金额不清楚" if zh else "The amount could not be read"
    return {
        "award": AwardSlip(
            shop, RECEIPT, "王* **** 6789", 357, earned, balance=12_840, expires_on="2026-12-31"
        ),
        "award_offline": AwardSlip(shop, RECEIPT, "王* **** 6789", 357, earned),
        "award_new_card": AwardSlip(
            shop, RECEIPT, "**** 4410", 238, earned[:1], expires_on="2026-12-31", member_known=False
        ),
        "claim": ClaimSlip(
            shop,
            RECEIPT,
            238,
            "7K3QXM92TR4HWB5C",
            "TPC1.7K3QXM92TR4HWB5C",
            "2025-11-08 23:59",
            "服务台或自助机" if zh else "the service desk or a kiosk",
        ),
        "refund": RefundSlip(shop, REFUND, "王* **** 6789", 133, returned, balance=12_707),
        "refund_debt": RefundSlip(shop, REFUND, "王* **** 6789", 133, returned, balance=-46),
        "redemption": RedemptionSlip(
            kiosk,
            "王* **** 6789",
            "不锈钢保温杯" if zh else "Steel thermos",
            500,
            "4N8TYQ6ZC2MHR7KX",
            VOUCHER_QR,
            "2025-12-08",
            "一楼服务台" if zh else "Service desk 1F",
            ("凭本券领取，不找零。",) if zh else ("Hand in this slip. No change given.",),
            balance=12_340,
        ),
        "coupon": RedemptionSlip(
            kiosk,
            "王* **** 6789",
            "织野满 200 减 50 券" if zh else "ZHIYE: 50 off 200",
            100,
            "4N8TYQ6ZC2MHR7KX",
            VOUCHER_QR,
            "2025-12-08",
            "织野" if zh else "ZHIYE",
            tuple(
                say(reason, lang)
                for reason in (said(Coupon(5_000, 0, 0, 20_000)), Reason("coupon_one_bill"))
            ),
            balance=12_740,
        ),
        "award_coupon": AwardSlip(
            shop,
            RECEIPT,
            "王* **** 6789",
            357,
            (*earned, say(Reason("coupon_used", {"amount": "50.00"}), lang)),
            balance=12_840,
            expires_on="2026-12-31",
        ),
        "refund_paid": RefundSlip(
            shop,
            REFUND,
            "王* **** 6789",
            133,
            (
                *returned,
                say(Reason("paid_points_back", {"points": "2990", "amount": "29.90"}), lang),
                say(Reason("coupon_back", {"until": "2025-12-08"}), lang),
            ),
            balance=15_697,
        ),
        "refund_part": RefundSlip(
            shop, REFUND, "王* **** 6789", 133, (*returned, say(Reason("coupon_stays"), lang))
        ),
        "parking": ParkingSlip(
            kiosk,
            "王* **** 6789",
            "3 小时" if zh else "3 hours",
            300,
            "4N8TYQ6ZC2MHR7KX",
            VOUCHER_QR,
            "2025-12-08",
            "地下停车场 B1-B3" if zh else "Car park B1-B3",
            balance=12_040,
        ),
        "parking_plate": ParkingSlip(
            kiosk,
            "王* **** 6789",
            "10 小时" if zh else "10 hours",
            1_000,
            "4N8TYQ6ZC2MHR7KX",
            VOUCHER_QR,
            "2025-12-08",
            "地下停车场 B1-B3" if zh else "Car park B1-B3",
            plate="GZ-A12345",
        ),
        "cancellation": CancellationSlip(
            kiosk,
            "王* **** 6789",
            "不锈钢保温杯" if zh else "Steel thermos",
            500,
            "****R7KX",
        ),
        "review": ReviewSlip(shop, unreadable, RECEIPT, "王* **** 6789"),
        "review_unread": ReviewSlip(shop, unreadable),
        "activity": ActivitySlip(
            kiosk, "王* **** 6789", "周年庆转盘" if zh else "Anniversary wheel"
        ),
        "balance": BalanceSlip(
            kiosk,
            "王* **** 6789",
            "金卡" if zh else "Gold",
            12_840,
            "2025-11-08 14:02",
            (Expiring(1_200, "2025-12-31"), Expiring(11_640, "2026-12-31")),
        ),
    }


def paper(slip: AnySlip, lang: Lang, width: int, *, copy: bool = False) -> str:
    return as_text(lay_out(compose(slip, lang, copy=copy), width), width)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", slips("zh"))
def test_the_slip_is_the_expected_paper(name: str, lang: Lang, width: int) -> None:
    expected = (CASES / f"{name}.{lang}.{width}.txt").read_text(encoding="utf-8")
    assert paper(slips(lang)[name], lang, width) == expected


def test_every_expected_paper_belongs_to_a_slip() -> None:
    names = {f"{name}.{lang}.{w}.txt" for name in slips("zh") for lang in LANGS for w in WIDTHS}
    assert {path.name for path in CASES.glob("*.txt")} == names


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", slips("zh"))
@pytest.mark.parametrize("copy", [False, True])
def test_every_slip_is_known_as_our_own_print(name: str, lang: Lang, copy: bool) -> None:
    lines = lay_out(compose(slips(lang)[name], lang, copy=copy), 32)
    assert is_own_print([line.text for line in lines if isinstance(line, Line)])


@pytest.mark.parametrize("name", slips("zh"))
def test_a_slip_printed_again_says_that_it_is_a_copy(name: str) -> None:
    slip = slips("zh")[name]
    assert COPY_BANNER in paper(slip, "zh", 32, copy=True)
    assert COPY_BANNER not in paper(slip, "zh", 32)


def test_what_nobody_knows_yet_is_not_printed_as_a_zero() -> None:
    unread = Receipt("", "2025-11-09 10:05", None)
    text = paper(RefundSlip(SHOP["zh"], unread, "持卡人", None, ()), "zh", 48)
    assert "0.00" not in text
    assert "小票号" not in text
    assert "同  步  中" in text


@pytest.mark.parametrize("profile", [PAPER_58MM, PAPER_80MM])
@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", slips("zh"))
def test_every_slip_is_small_enough_to_go_between_two_jobs(
    name: str, lang: Lang, profile: PrinterProfile
) -> None:
    encoded = encode_slip(compose(slips(lang)[name], lang, copy=True), profile)
    assert len(encoded.data) <= 4096
    assert encoded.replaced == 0


@pytest.mark.parametrize("name", slips("zh"))
def test_every_slip_is_one_piece_of_paper(name: str) -> None:
    lines = lay_out(compose(slips("zh")[name], "zh"), 32)
    assert lines.index(Cut()) == len(lines) - 1


@pytest.mark.parametrize("name", slips("zh"))
def test_a_slip_survives_the_journal_as_a_plain_value(name: str) -> None:
    slip = slips("zh")[name]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(slip), type=AnySlip) == slip


@pytest.mark.parametrize("name", ["claim", "redemption", "parking"])
def test_a_code_to_scan_has_blank_paper_above_and_below(name: str) -> None:
    lines = lay_out(compose(slips("zh")[name], "zh"), 32)
    at = next(index for index, line in enumerate(lines) if isinstance(line, QR))
    assert lines[at - 1] == lines[at + 1] == Line()


@pytest.mark.parametrize("name", slips("en"))
def test_an_english_slip_holds_no_chinese_but_our_mark_and_the_name(name: str) -> None:
    text = paper(slips("en")[name], "en", 48, copy=True)
    for ours in (OWN_PRINT_MARK, COPY_BANNER, "王*"):
        text = text.replace(ours, "")
    assert not re.search("[\u4e00-\u9fff]", text)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    "name",
    ["award", "claim", "refund", "redemption", "parking", "cancellation", "review", "balance"],
)
def test_a_tap_that_reads_our_slip_knows_it_as_ours(name: str, lang: Lang, encoding: str) -> None:
    profile = msgspec.structs.replace(PAPER_80MM, encoding=encoding)
    decoder = Decoder()
    data = encode_slip(compose(slips(lang)[name], lang), profile).data
    read = [*decoder.feed(data), *decoder.close()]
    assert is_own_print([item.text for item in read if isinstance(item, PrintedLine)])


def test_a_sixteen_character_code_stands_in_groups_of_four() -> None:
    assert group_code("7K3QXM92TR4HWB5C") == "7K3Q XM92\nTR4H WB5C"
    assert group_code("7K3QXM") == "7K3Q XM"

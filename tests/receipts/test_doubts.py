"""What makes a person be asked although some sum on the paper holds, and which sums are enough."""

import pytest

from receipts.reading import Reading, read_text

HEAD = "RIVER CAFE\nRECEIPT NO A17\n2025-11-08 10:00\n"
KOPITIAM = "KEDAI LOTUS SDN BHD\nINV NO: KB8812\n08/11/2025 10:00\n"
CHINESE = "永兴生鲜\n销售小票\n单号 YX1108-221\n2025-11-08 17:30\n"


def read(text: str) -> Reading:
    (reading,) = read_text(text)
    return reading


def codes(text: str) -> list[str]:
    return [why.code for why in read(text).why]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            f"{HEAD}Tea  9.00\nTOTAL  12.00\nPAYABLE  19.00\nCASH  27.00\nCHANGE  8.00\n",
            "left_over",
        ),
        (f"{CHINESE}套餐 4 200.00\n合计 200.00\n代金券 50.00\n现金 200.00\n", "left_over"),
        (f"{CHINESE}套餐 1 200.00\n合计 200.00\n应收\n微信 200.00\n", "lost_amount"),
        (f"{HEAD}Tea  7.60\nTOTAL  760\nCASH  1000\nCHANGE  240\n", "no_cents"),
        (f"{KOPITIAM}TOTAL RM 330\nCASH RM 330\n", "no_cents"),
        (f"{HEAD}Tea  2.S0\nTOTAL  2.50\nCASH  2.50\n", "worn"),
        (f"{HEAD}Tea  3.00\nCake  4.00\nTOTAL  7.00\n", "torn"),
        (f"{KOPITIAM}TEA 12.36\nTOTAL 12.36\nROUNDING -0.01\nCASH 12.35\nThanks\n", "unfinished"),
        (f"{CHINESE}咖啡 -1 25.00\n合计 25.00\n现金 25.00\n", "takes_back"),
    ],
)
def test_a_paper_that_lost_something_goes_to_a_person(text, code):
    reading = read(text)
    assert (reading.decision, code in codes(text)) == ("review", True), codes(text)


def test_worn_labels_of_total_and_change_do_not_make_goods_that_add_up():
    text = f"{KOPITIAM}TEA  10.60\nTLTIC RM 10.60\nCASH  RM 20.00\nCSANGE RM 9.40\n"
    assert read(text).decision == "review"


def test_a_sum_below_the_amount_that_no_label_names_goes_to_a_person():
    text = f"{KOPITIAM}TEA  10.00\nCAKE  5.00\nTOTAL 15.00\nLESS CARD\nT AL 14.00\nThanks\n"
    assert read(text).decision == "review"


def test_a_tax_that_is_that_of_the_total_supports_it():
    reading = read(
        f"{KOPITIAM}PAY PARKING TICKET\nTOTAL INCL. GST RM 5.00\nGST 6% RM 0.28\nRECEIPT\n"
    )
    assert (reading.owed_fen, reading.decision, codes_of(reading)) == (500, "award", ["tax"])


def test_net_and_tax_of_the_table_support_the_total():
    reading = read(
        f"{KOPITIAM}SOAP 106.00\nTOTAL RM 106.00\nCASH RM 106.00\n"
        "GST SUMMARY AMOUNT(RM) TAX(RM)\nSR @ 6%  100.00  6.00\n"
    )
    assert "tax" in codes_of(reading)
    assert {proof.sum for proof in reading.proofs} >= {"100.00 + 6.00 = 106.00"}


def test_coins_taken_off_without_a_new_total_are_taken_off():
    reading = read(
        f"{CHINESE}菠菜 1 3.57\n排骨 1 20.02\n合计 23.59\n抹零 -0.09\n现金 50.00\n找零 26.50\n"
    )
    assert (reading.owed_fen, reading.decision) == (2350, "award")


def test_a_void_that_hands_cash_back_shows_the_payment_of_the_sale_too():
    reading = read(
        "整单作废\n小满便利店\n原单号:XM00452\n作废时间:2025-11-08 09:15:00\n盒饭 2 36.00\n"
        "饮料 2 22.00\n合计 58.00\n现金 100.00\n找零 42.00\n退现金 58.00\n"
    )
    assert (reading.kind.value, reading.owed_fen, reading.decision) == ("void", -5800, "award")


def test_a_dish_taken_off_within_a_sale_makes_no_void():
    reading = read(
        f"{CHINESE}可乐 1 3.50\n咖啡 1 25.00\n取消 咖啡 -1 -25.0\n合计 3.50\n微信 3.50\n"
    )
    assert reading.kind.value == "sale"


def test_a_unit_price_above_its_line_is_no_line_of_goods():
    reading = read(
        f"{KOPITIAM}ITEM QTY PRICE AMOUNT\nPLUG TOP 13A @8.00\nWA34  3  8.00  24.00\n"
        "UMS PLUG @4.00\nST14  3  4.00  12.00\nTOTAL 36.00\nCASH 36.00\n"
    )
    assert [item.amount_fen for item in reading.items] == [2400, 1200]


def codes_of(reading: Reading) -> list[str]:
    return [why.code for why in reading.why]


def test_change_without_the_payment_it_came_from_goes_to_a_person():
    text = f"{CHINESE}可乐 1 3.50\n咖啡 1 25.00\n合计 28.50\n找零 21.50\n"
    assert "payment_gap" in codes(text)


def test_goods_and_a_total_below_the_payment_are_another_receipt():
    more = "饼干 1 4.00\n糖 1 2.00\n合计 6.00\n"
    text = f"{CHINESE}可乐 1 3.50\n合计 3.50\n现金 5.00\n找零 1.50\n{more}"
    assert "another_below" in codes(text)

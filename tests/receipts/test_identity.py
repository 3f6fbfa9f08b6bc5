"""A print, its reprint, both copies and a photo of it are one receipt; two sales never are.

The pairs are made from receipts of different shops, one of them without a number, so that every
way in which a till repeats itself is tried on every layout.
"""

import re
from collections.abc import Callable

import pytest

from loyalty.receipt import fingerprint
from receipts.reading import Reading, read_job, read_text
from tests.receipts.jobs import dressed, plain, text_of

NUMBERED = [
    "01_restaurant_checkout_58",
    "111_pharmacy",
    "101_two_prices_member",
    "107_service_charge_and_tax_hk",
    "136_english_gst_incl",
    "134_rounding_mo",
    "156_void_plain_bottom_en",
]
WITHOUT_NUMBER = """街角粥铺
2025-11-08 07:40:12
皮蛋粥      2     16.00
油条        3      9.00
合计             25.00
收您             30.00
找零              5.00
谢谢惠顾"""


def read(text: str) -> Reading:
    (reading,) = read_text(text)
    return reading


def identity(reading: Reading, shop: str = "shop-7") -> bytes:
    return fingerprint(reading.receipt(shop))


def reprint_on_top(text: str) -> str:
    return f"*** 补打 ***\n补打时间:2025-11-09 20:01:44\n{text}"


def reprint_below(text: str) -> str:
    return f"{text}\n第2次打印\n打印时间:2025-11-09 20:01:44"


def english_reprint(text: str) -> str:
    return f"** REPRINT **\n{text}\nREPRINTED: 09/11/2025 20:01"


def customer_copy(text: str) -> str:
    return f"{text}\n--------------------------------\n顾客联"


def merchant_copy(text: str) -> str:
    return f"{text}\n*商户联 MERCHANT COPY*"


def wider_paper(text: str) -> str:
    return re.sub(r" {2,}", lambda gap: gap[0] + " " * 9, text)


def full_width_digits(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in text)


def photo(text: str) -> str:
    """What OCR gives: no rules, no blank lines, columns moved together."""
    lines = [re.sub(r" {2,}", "  ", line.strip()) for line in text.splitlines()]
    return "\n".join(line for line in lines if line and not re.fullmatch(r"[-=*_ ]+", line))


REPEATS: list[Callable[[str], str]] = [
    reprint_on_top, reprint_below, english_reprint, customer_copy, merchant_copy, wider_paper,
    full_width_digits, photo,
]  # fmt: skip


def paper(name: str) -> str:
    return WITHOUT_NUMBER if name == "without a number" else text_of(name)


@pytest.mark.parametrize("repeat", REPEATS, ids=lambda repeat: repeat.__name__)
@pytest.mark.parametrize("name", [*NUMBERED, "without a number"])
def test_a_receipt_printed_again_is_the_same_receipt(name, repeat):
    text = paper(name)
    assert identity(read(repeat(text))) == identity(read(text))


@pytest.mark.parametrize("name", [*NUMBERED, "without a number"])
def test_the_same_paper_in_other_bytes_is_the_same_receipt(name):
    text = paper(name)
    jobs = [plain(text, "gb18030"), dressed(text, "gb18030"), plain(text, "utf-8")]
    assert {identity(read_job(job)[0]) for job in jobs} == {identity(read(text))}


def other_day(text: str) -> str:
    return text.replace("2025-11-08", "2025-11-09").replace("2025/11/08", "2025/11/09").replace(
        "08/11/2025", "09/11/2025"
    )  # fmt: skip


def other_number(text: str) -> str:
    number = read(text).number
    assert number is not None
    return text.replace(number, number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize("other", [other_day, other_number], ids=lambda other: other.__name__)
@pytest.mark.parametrize("name", NUMBERED)
def test_another_sale_is_another_receipt(name, other):
    text = paper(name)
    changed = other(text)
    assert changed != text
    assert identity(read(changed)) != identity(read(text))


@pytest.mark.parametrize("name", [*NUMBERED, "without a number"])
def test_the_same_paper_of_another_shop_is_another_receipt(name):
    reading = read(paper(name))
    assert identity(reading, "shop-7") != identity(reading, "shop-8")


SALE = """小满便利店
单号:{number}
{time}
咖啡   {count}   {amount}
合计       {amount}
现金       {amount}"""

TWO_SALES = [
    ("a number that restarts every day", {"time": "2025-11-09 08:12:33"}),
    ("another amount under one number", {"count": "2", "amount": "50.00"}),
    ("another number for the same goods", {"number": "0002"}),
    ("a longer number with the same end", {"number": "10001"}),
]


@pytest.mark.parametrize(("name", "changes"), TWO_SALES, ids=[name for name, _ in TWO_SALES])
def test_two_sales_that_share_most_of_what_is_printed_differ(name, changes):
    first = {"number": "0001", "time": "2025-11-08 08:12:33", "count": "1", "amount": "25.00"}
    assert identity(read(SALE.format(**first))) != identity(read(SALE.format(**first | changes)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("07:40:12", "07:41:05"),
        ("皮蛋粥      2     16.00", "瘦肉粥      2     16.00"),
        ("油条        3      9.00", "豆浆        3      9.00"),
        ("收您             30.00\n找零              5.00", "微信             25.00"),
    ],
)
def test_two_sales_without_numbers_differ_by_time_goods_or_payment(old, new):
    assert old in WITHOUT_NUMBER
    one, other = read(WITHOUT_NUMBER), read(WITHOUT_NUMBER.replace(old, new))
    assert identity(one) != identity(other)


def test_a_void_is_not_the_sale_that_it_takes_back():
    text = paper("156_void_plain_bottom_en")
    assert identity(read(text)) != identity(read(text.replace("VOIDED", "THANK YOU")))

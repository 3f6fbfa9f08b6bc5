"""Amounts are read in the spellings of tills and of scanners, and nothing else is money."""

import pytest

from receipts.stream.elements import Align, Line
from receipts.text.money import amounts, repair
from receipts.text.rows import rows_of


def read(line: str) -> list[tuple[int, bool]]:
    return [(amount.fen, amount.exact) for amount in amounts(repair(line).upper())]


@pytest.mark.parametrize(
    ("line", "fen"),
    [
        ("TOTAL RM.12.50", 1250),
        ("TOTAL 12..50", 1250),
        ("TOTAL RM 12 .50", 1250),
        ("TOTAL RMI2.5O", 1250),
        ("TOTAL S.50", 550),
        ("TOTAL 12.50R", 1250),
        ("TOTAL RM 1.250.00", 125_000),
        ("TOTAL 1.250,00", 125_000),
        ("TOTAL 1,250.00", 125_000),
        ("TOTAL (12.50)", -1250),
        ("TOTAL 12.50-", -1250),
        ("合计￥12.50元整", 1250),
        ("TOTAL12.50", 1250),
    ],
)
def test_an_amount_is_read_however_it_is_spelt(line, fen):
    assert read(line) == [(fen, True)]


@pytest.mark.parametrize(
    "line", ["单价 9.98/斤", "8.05元/升", "@ RM 2.050/L", "5.5/KG", "12.50%", "#12.50"]
)
def test_a_price_per_unit_a_rate_and_a_code_are_no_amounts(line):
    assert read(line) == []


@pytest.mark.parametrize("line", ["NO 0451", "VISA **** 1234", "会员卡 1234****", "满100减40"])
def test_numbers_that_name_something_are_no_amounts(line):
    (row,) = rows_of([Line((), line, Align.LEFT, 0, 0)], "ymd")
    assert row.amounts == ()


def test_two_columns_without_a_blank_between_them_are_two_amounts():
    assert [fen for fen, _ in read("TEH O 12.5025.00")] == [1250, 2500]

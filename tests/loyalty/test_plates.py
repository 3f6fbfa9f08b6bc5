"""Licence plates as drivers type them."""

import pytest

from loyalty.plates import read_plate, shown


@pytest.mark.parametrize(
    ("typed", "plate"),
    [
        ("粤B12345", "粤B12345"),
        (" 粤b·1234学 ", "粤B1234学"),
        ("沪A-D0Z99", "沪AD0Z99"),
        ("粤Z1234港", "粤Z1234港"),
        ("京AD12345", "京AD12345"),  # new energy, small
        ("京A12345F", "京A12345F"),  # new energy, large
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_plate_is_read_however_it_is_typed(typed: str, plate: str) -> None:
    assert read_plate(typed) == plate


@pytest.mark.parametrize(
    "typed",
    [
        "粤B1234",
        "粤B1234567",
        "B12345",
        "粤112345",
        "粤BI2345",
        "粤B12O45",
        "京AZ12345",
        "hello",
        "粤B12港45",
    ],
)
def test_what_is_no_plate_is_refused(typed: str) -> None:
    assert read_plate(typed) is None


def test_a_plate_is_shown_as_it_stands_on_the_car() -> None:
    assert (shown("粤B12345"), shown("")) == ("粤B·12345", "")

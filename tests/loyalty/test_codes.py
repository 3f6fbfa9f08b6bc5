"""Codes: what a scan means, what is dropped, and what a check symbol catches."""

import secrets
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty import codes
from loyalty.codes import BadCode, ClaimCode, MemberNumber, OtherCode, PaymentCode, VoucherCode

ELEVEN = st.text(alphabet=string.digits, min_size=11, max_size=11)


def short_code(first: str) -> str:
    return codes.make_short_code(first, secrets.randbelow)  # type: ignore[arg-type]


def test_the_check_digit_is_the_one_of_iso_7064() -> None:
    # The worked example of ISO/IEC 7064 for MOD 11,10: 0794 has check digit 5.
    assert codes.check_symbol("0794") == "5"


@given(ELEVEN)
def test_a_made_number_is_a_member_number_with_or_without_its_mark(digits: str) -> None:
    number = codes.make_member_number(digits)
    assert codes.is_member_number(number)
    assert codes.classify(f"TPM{number}\r\n") == MemberNumber(number, prefixed=True)
    assert codes.classify(f"]Q1TPM{number}") == MemberNumber(number, prefixed=True)


@given(ELEVEN, st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_always_caught(digits: str, place: int, by: int) -> None:
    number = codes.make_member_number(digits)
    wrong = str((int(number[place]) + by) % 10)
    assert not codes.is_member_number(number[:place] + wrong + number[place + 1 :])


def test_one_wrong_symbol_of_a_short_code_is_always_caught() -> None:
    code = short_code("V")
    for place in range(1, 16):
        for symbol in "0123456789ABCDEFGHJKMNPQRSTVWXYZ":
            other = code[:place] + symbol + code[place + 1 :]
            assert codes.is_short_code(other) == (other == code)


def test_a_short_code_may_be_typed_in_groups_in_lower_case_and_with_misread_letters() -> None:
    code = short_code("C")
    typed = codes.group(code).lower().replace("1", "l").replace("0", "o")
    assert codes.classify(typed) == ClaimCode(code)


def test_a_voucher_is_known_by_its_typed_code_or_by_its_signed_text() -> None:
    code = short_code("V")
    assert codes.classify(code) == VoucherCode(code=code, signed=None)
    assert codes.classify("TPVABCDEF23") == VoucherCode(code=None, signed="TPVABCDEF23")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("134567890123456789", "wechat_pay"),
        ("1 3456 7890 1234 56789", "wechat_pay"),
        ("2812345678901234", "alipay"),
        ("301234567890123456789012", "alipay"),
        ("6212345678901234567", "unionpay"),
        ("%B4111111111111111^DOE/JANE^2512101?", "bank_card"),
        (";4111111111111111=25121010000000000000?", "bank_card"),
        ("4111111111111111", "bank_card"),
        ("1345-6789-0123-456789", "wechat_pay"),
        ("\x02134567890123456789\x03", "wechat_pay"),
        ("13456\u200b7890123456789", "wechat_pay"),
        ("%b4111111111111111^DOE/JANE^2512101?", "bank_card"),
        ("B4111111111111111^DOE/JANE^2512101", "bank_card"),
        ("4111111111111111=25121010000000000000", "bank_card"),
        ("2221000000000009", "bank_card"),
        ("30569309025904", "bank_card"),
        ("wxp://f2f0abcdef", "wechat_pay"),
        ("HTTPS://QR.ALIPAY.COM/fkx123", "alipay"),
    ],
)
def test_what_can_take_money_is_recognised_and_its_content_is_gone(text: str, kind: str) -> None:
    scan = codes.classify(text)
    assert scan == PaymentCode(kind)  # type: ignore[arg-type]
    assert "1234" not in repr(scan)
    assert "4111" not in repr(scan)


@pytest.mark.parametrize(
    ("text", "scan"),
    [
        ("", BadCode("empty")),
        (" \r\n", BadCode("empty")),
        ("TPM123", BadCode("length")),
        ("TPM123456789013", BadCode("check")),
        ("TPC", BadCode("length")),
        ("TPCC00000000000000", BadCode("length")),
        ("6901234567892", OtherCode("6901234567892")),
        ("04A1B2C3D4", OtherCode("04A1B2C3D4")),
        ("会员", OtherCode("会员")),
    ],
)
def test_what_is_not_ours_or_is_damaged_is_said_to_be(text: str, scan: codes.Scan) -> None:
    assert codes.classify(text) == scan


def test_a_member_number_may_be_typed_in_groups() -> None:
    number = codes.make_member_number("12345678901")
    grouped = "-".join((number[:4], number[4:8], number[8:]))
    assert codes.classify(grouped) == MemberNumber(number, prefixed=False)


def test_full_width_digits_of_an_input_method_are_read_as_digits() -> None:
    number = codes.make_member_number("12345678901")
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in number)
    assert codes.classify(wide) == MemberNumber(number, prefixed=False)


def test_a_card_tag_needs_the_programme_key() -> None:
    assert codes.card_tag(b"a" * 32, "1") != codes.card_tag(b"b" * 32, "1")
    assert len(codes.card_tag(b"a" * 32, "1")) == 16


@pytest.mark.parametrize(
    ("name", "masked"), [("王小明", "王**"), ("Alice Wong", "A***"), ("", "***"), (" 欧阳", "欧**")]
)
def test_a_masked_name_shows_one_character_in_at_most_twelve_bytes(name: str, masked: str) -> None:
    assert codes.mask_name(name) == masked
    assert len(masked.encode()) <= 12

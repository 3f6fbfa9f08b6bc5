"""Vouchers: only central can write one, and every changed symbol is noticed."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from loyalty.vouchers import NotAVoucher, Voucher, read_signed, signed_text

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
VOUCHER = Voucher(1, "VBQFJ9E05STQHS18", "thermos", "ab" * 16, "2026-12-21")


def test_a_signed_voucher_is_read_back_with_the_public_key_alone() -> None:
    assert read_signed(signed_text(VOUCHER, KEY), PUBLIC) == VOUCHER


def test_its_text_is_made_of_the_symbols_that_keep_a_qr_small() -> None:
    text = signed_text(VOUCHER, KEY)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    assert len(text) < 300


def test_any_changed_symbol_makes_it_no_voucher() -> None:
    text = signed_text(VOUCHER, KEY)
    for place in range(3, len(text) - 1):
        other = "A" if text[place] != "A" else "B"
        with pytest.raises(NotAVoucher):
            read_signed(text[:place] + other + text[place + 1 :], PUBLIC)


@pytest.mark.parametrize("text", ["TPV", "TPVAAAA", "TPV1", "TPV会员", "TPV" + "A" * 600])
def test_other_text_is_no_voucher(text: str) -> None:
    with pytest.raises(NotAVoucher):
        read_signed(text, PUBLIC)


def test_another_mall_cannot_sign_for_this_one() -> None:
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    with pytest.raises(NotAVoucher):
        read_signed(signed_text(VOUCHER, other), PUBLIC)

"""What the bytes of a code say."""

import pytest

from edge_agent.devices.codes.saying import said


@pytest.mark.parametrize(
    ("raw", "guess", "text"),
    [
        (b"TPM123", "TPM123", "TPM123"),
        ("会员".encode(), "会员", "会员"),
        # No charset named, and the library takes each byte for a sign of Western Europe.
        ("会员卡积分".encode("gbk"), "会员卡积分".encode("gbk").decode("latin-1"), "会员卡积分"),
        # The same for half-width katakana.
        (
            "卡".encode("gbk") * 3,
            ("卡".encode("gbk") * 3).decode("shift_jis"),
            "卡卡卡",
        ),
        # Japanese in Kanji mode also reads as GBK; its guess was no guess.
        (b"\x93_\xe4\xaa", "点茗", "点茗"),
        ("café".encode("latin-1"), "café", "café"),
    ],
)
def test_text_is_what_was_meant_where_no_charset_is_named(raw, guess, text):
    assert said(raw, guess) == text


@pytest.mark.parametrize("raw", [b"\x00\xff\xfe\x01\x80abc", bytes(range(120, 256)), b"\x80\x01"])
def test_bytes_that_are_no_text_are_marked(raw):
    assert "\N{REPLACEMENT CHARACTER}" in said(raw, raw.decode("latin-1"))


def test_the_separator_of_gs1_stays():
    assert said(b"10AB\x1d21\xbb\xe1", "10AB\x1d21\xbb\xe1") == "10AB\x1d21会"

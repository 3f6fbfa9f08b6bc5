"""What belongs to a person is taken out of print data before it is kept or sent."""

import pytest

from receipts.redaction import masked, masked_job
from receipts.stream.decoder import Decoder
from receipts.stream.elements import Line


def text_of(raw: bytes) -> str:
    decoder = Decoder(None)
    elements = decoder.feed(raw) + decoder.close()
    return "\n".join(each.text for each in elements if isinstance(each, Line))


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("卡号 6222021234567894", "卡号 ************7894"),
        ("6222 0212 3456 7894", "**** **** **** 7894"),
        ("付款码 134512345678901234", "付款码 **************1234"),
        ("13812345678", "*******5678"),
        ("姓名:王小明", "姓名:***"),
        ("会员：王小明 13812345678", "会员：*** ***********"),
        ("Cardholder: ANNA LEE", "Cardholder: **** ***"),
        ("单号 20251108000123", "单号 20251108000123"),
        ("会员:12.00", "会员:12.00"),
        ("应收        214.00", "应收        214.00"),
    ],
)
def test_cards_payment_codes_phones_and_names_are_masked_and_facts_are_not(
    printed: str, kept: str
) -> None:
    assert masked(printed) == kept


def test_the_number_of_the_receipt_stays_even_if_it_looks_like_a_card() -> None:
    assert masked("单号:6222021234567894", keep=("6222021234567894",)) == "单号:6222021234567894"


@pytest.mark.parametrize("encoding", ["gb18030", "big5hkscs", "utf-8"])
def test_a_job_keeps_its_length_and_its_commands(encoding: str) -> None:
    label = "會員" if encoding == "big5hkscs" else "会员"
    text = f"{label}:王五\n卡 6222021234567894\n應收 88.00\n".replace(
        "應", "應" if encoding != "gb18030" else "应"
    )
    raw = b"\x1b@\x1b!\x10" + text.encode(encoding) + b"\x1dV\x00"
    hidden = masked_job(raw)
    assert len(hidden) == len(raw)
    assert hidden.startswith(b"\x1b@\x1b!\x10")
    assert hidden.endswith(b"\x1dV\x00")
    assert "王五".encode(encoding) not in hidden
    assert b"6222021234567894" not in hidden
    assert b"88.00" in hidden


def test_a_masked_job_still_reads_as_the_same_paper() -> None:
    raw = "禾鹿小馆\n单号:HL1\n会员:王小明\n应收 88.00\n".encode("gb18030")
    assert text_of(masked_job(raw)).splitlines() == [
        "禾鹿小馆", "单号:HL1", "会员:******", "应收 88.00",
    ]  # fmt: skip

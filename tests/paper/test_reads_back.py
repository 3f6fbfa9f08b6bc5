"""What we print reads back, byte for byte, as what we laid out."""

import pytest

from paper.encode import PrinterProfile, encode_slip
from paper.layout import QR, Cut, Line, Pair, Rule, Slip, Text, lay_out
from receipts.stream import elements
from receipts.stream.decoder import Decoder

SLIP: Slip = (
    Text("积分联 TILLPOINTS", "centre"),
    Text("兑换凭条", "centre", bold=True, size=2),
    Rule("="),
    Pair("会员", "王* **** 6789"),
    Pair("消费金额", "￥238.00"),
    Pair("本次积分", "+357", bold=True, size=2),
    Text("请于截止时间前到服务台扫描二维码或出示认领码领取积分。"),
    QR("TPV1.4N8TYQ6ZC2MHR7KX"),
    Cut(),
)


def read(profile: PrinterProfile) -> list[elements.Element]:
    decoder = Decoder()
    return [*decoder.feed(encode_slip(SLIP, profile).data), *decoder.close()]


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "utf-8"])
@pytest.mark.parametrize("kanji_mode", [False, True])
@pytest.mark.parametrize("width", [32, 42, 48])
def test_every_line_reads_back_at_its_place_and_size(
    encoding: str, kanji_mode: bool, width: int
) -> None:
    profile = PrinterProfile(
        columns=width,
        encoding=encoding,  # type: ignore[arg-type]
        kanji_mode=kanji_mode,
    )
    lines = [item for item in read(profile) if isinstance(item, elements.Line)]
    laid = [item for item in lay_out(SLIP, width) if isinstance(item, Line)]
    assert [item.text.strip() for item in lines if item.text] == [item.text for item in laid]
    assert [item.large for item in lines if item.text] == [item.size == 2 for item in laid]
    assert [len(item.text) - len(item.text.lstrip(" ")) for item in lines if item.text] == [
        item.indent for item in laid
    ]


def test_the_native_code_reads_back_in_the_middle() -> None:
    codes = [item for item in read(PrinterProfile()) if isinstance(item, elements.Code)]
    assert [(code.symbology, code.text, code.align) for code in codes] == [
        ("qr", "TPV1.4N8TYQ6ZC2MHR7KX", elements.Align.CENTRE)
    ]


def test_the_cut_reads_back_as_the_end_of_one_document() -> None:
    cuts = [item for item in read(PrinterProfile()) if isinstance(item, elements.Cut)]
    assert len(cuts) == 1
    assert cuts[0].partial


def test_nothing_we_send_is_unknown_to_our_own_decoder() -> None:
    for profile in (PrinterProfile(), PrinterProfile(qr="raster", kanji_mode=True)):
        assert [item for item in read(profile) if isinstance(item, elements.Doubt)] == []

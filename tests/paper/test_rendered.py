"""Every slip as a printer draws it: right signs, right places, and codes that a phone reads."""

import functools
import os
from pathlib import Path

import pytest
import zxingcpp

from edge_agent.devices.printer_config import Printer as Config
from edge_agent.devices.printer_font import Pen, find_font
from edge_agent.slips.compose import ClaimSlip, ParkingSlip, RedemptionSlip, compose
from paper.encode import PrinterProfile, encode_slip
from paper.layout import Blank, Pair, Text
from tests.edge_agent.slips.test_compose import CASES, LANGS, slips
from tests.paper.rendered import Model, Printer, Refused

#: Set to a folder to have every paper drawn there, to look at.
LOOK = os.environ.get("TILLPOINTS_SLIP_PICTURES", "")

PAPERS = {
    "58": {"columns": 32, "dots": 384, "has_cutter": False},
    "80": {"columns": 48, "dots": 576},
}
ENCODINGS = {
    "gb18030": ({"encoding": "gb18030"}, {"sizes_hanzi": True}),
    "gb18030-epson": (
        {"encoding": "gb18030", "kanji_mode": True},
        {"wakes_in_chinese": False, "sizes_hanzi": False},
    ),
    "gbk": ({"encoding": "gbk", "qr": "raster"}, {"encoding": "gbk"}),
    "utf-8": ({"encoding": "utf-8"}, {"encoding": "utf-8"}),
    "utf-8-epson": ({"encoding": "utf-8", "kanji_mode": True}, {"wakes_in_chinese": False}),
    "picture": ({"encoding": "picture"}, {"wakes_in_chinese": False}),
    "star": ({"encoding": "picture", "raster": "star"}, {}),
}
DRAWN = {"picture", "star"}


@functools.cache
def pen(paper):
    return Pen(find_font(), PAPERS[paper]["columns"], PAPERS[paper]["dots"])


def printed(paper, encoding, slip, lang):
    ours, theirs = ENCODINGS[encoding]
    profile = PrinterProfile(**PAPERS[paper], **ours)
    data = encode_slip(compose(slip, lang), profile, pen(paper).draw).data
    return Printer(Model(profile.dots, **theirs)).feed(data)


@pytest.mark.parametrize(("paper", "encoding"), [(p, e) for p in PAPERS for e in ENCODINGS])
def test_every_slip_is_drawn_as_it_was_meant(paper, encoding):
    for lang in LANGS:
        for name, slip in slips(lang).items():
            if encoding in DRAWN and name not in {"award", "redemption"} and not LOOK:
                continue  # drawing takes its time, and these two hold all there is
            printer = printed(paper, encoding, slip, lang)
            picture = printer.picture_of_it()
            if LOOK:
                picture.save(Path(LOOK) / f"{name}.{lang}.{paper}.{encoding}.png")
            read = [
                code.text for code in zxingcpp.read_barcodes(picture, zxingcpp.BarcodeFormat.QRCode)
            ]
            with_code = ClaimSlip | RedemptionSlip | ParkingSlip
            wanted = [slip.qr] if isinstance(slip, with_code) else []
            assert read == wanted, (name, lang)
            if encoding not in DRAWN:
                assert text_of(printer) == text_meant(name, lang, paper), (name, lang)


def text_of(printer):
    return [line for line in printer.text if line and not line.startswith("[QR")]


def text_meant(name, lang, paper):
    width = PAPERS[paper]["columns"]
    lines = (CASES / f"{name}.{lang}.{width}.txt").read_text(encoding="utf-8").splitlines()
    # A native code ends with a line of its own, which is blank where the printer did not need it.
    return [line for line in lines if line and "[QR" not in line and "✂" not in line]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_yen_sign_is_one_sign_everywhere(encoding):
    ours, theirs = ENCODINGS[encoding]
    profile = PrinterProfile(**PAPERS["58"], **ours)
    data = encode_slip((Pair("合计", "¥8.00"), Text("￥9")), profile, pen("58").draw).data
    printer = Printer(Model(384, **theirs)).feed(data)
    if encoding not in DRAWN:
        assert printer.text[0].endswith(" ￥8.00")
        assert printer.text[1] == "￥9"


def test_the_renderer_knows_a_wrong_sign_when_it_is_sent_one():
    four_bytes = "¥".encode("gb18030") + b"8\n"
    assert Printer(Model(384, "gbk")).feed(four_bytes).text != ["￥8"]
    assert Printer(Model(384, wakes_in_chinese=False)).feed("积\n".encode("gb18030")).text != ["积"]
    with pytest.raises(Refused, match="command 1b 42 02 02"):
        Printer(Model(384)).feed(b"\x1bB\x02\x02")
    with pytest.raises(Refused, match="a line of 396 dots on 384"):
        Printer(Model(384)).feed(b"x" * 33 + b"\n")


@pytest.mark.parametrize("name", ["sprt-pos58", "xprinter-80", "epson-tm-t88v", "star-tsp100"])
def test_a_slip_fits_the_paper_of_a_model_by_its_profile(name):
    config = Config(kind="file", address="/dev/null", profile=name)
    wanted = config.encoder()
    data = config.encode()((Text("积" * 40), Blank(), Text("x" * 70))).data
    is_epson = name.startswith("epson")
    model = Model(wanted.dots, wakes_in_chinese=not is_epson, sizes_hanzi=not is_epson)
    assert Printer(model).feed(data).y > 0

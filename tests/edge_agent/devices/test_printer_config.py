"""What agent.toml says of our own printer, and what it cannot mean."""

import msgspec
import pytest

from edge_agent.devices import printer_config
from edge_agent.devices.printer_config import Printer
from edge_agent.devices.printer_cups import CupsPrinter
from edge_agent.devices.printer_wires import FilePrinter, NetworkPrinter, SerialPrinter
from edge_agent.devices.printers import Answer, Status, TapPrinter
from edge_agent.devices.profiles import printers
from edge_agent.devices.slip_folder import Result, Slips
from edge_agent.devices.sources import Source
from paper.encode import PrinterProfile
from paper.layout import Text

LP0 = Source("printer", "/dev/usb/lp0", "0416", "5011", "", "1-1.2", "POS58")
USABLE = sorted(name for name, model in printers().items() if model.dialect != "impact")


def test_without_a_profile_it_is_the_common_printer_of_80_mm():
    assert Printer().encoder() == PrinterProfile()
    assert Printer().manner() == "dle_eot"


def test_a_profile_says_what_the_model_wants():
    narrow = Printer(profile="zjiang-pos-5890").encoder()
    assert (narrow.columns, narrow.dots, narrow.qr, narrow.has_cutter) == (32, 384, "raster", False)
    assert not narrow.kanji_mode
    epson = Printer(profile="epson-tm-t88v").encoder()
    assert (epson.columns, epson.kanji_mode, epson.encoding) == (42, True, "gb18030")


def test_a_key_beside_the_profile_wins():
    told = Printer(profile="zjiang-pos-5890", encoding="gbk", has_cutter=True).encoder()
    assert (told.encoding, told.has_cutter, told.columns) == ("gbk", True, 32)


def test_a_model_without_chinese_is_sent_pictures_in_its_own_manner():
    star = Printer(profile="star-tsp100").encoder()
    assert (star.encoding, star.raster) == ("picture", "star")
    assert Printer(profile="wincor-th230plus").encoder().encoding == "picture"


@pytest.mark.parametrize("name", USABLE)
def test_every_model_prints_chinese_and_the_yen_sign(name):
    printer = Printer(kind="network", address="192.0.2.1:9100", profile=name)
    assert not list(printer.mistakes())
    encoded = printer.encode()((Text("合计 ¥8 ￥9"),))
    assert encoded.replaced == 0
    if printer.encoder().encoding != "picture":
        assert encoded.data.count(b"\xa3\xa4") == 2
        assert b"\x81\x30\x84\x36" not in encoded.data  # U+00A5 in four bytes, two wrong signs


@pytest.mark.parametrize(
    ("printer", "said"),
    [
        (Printer(profile="xprinter"), "printer.profile is none of citizen-ct-s651, "),
        (Printer(profile="epson-tm-u220b"), "prints no codes that a phone can read"),
        (Printer(encoding="picture"), "too long to go between the POS's jobs"),
        (Printer(kind="usb"), "give vid and pid, serial or port"),
        (Printer(kind="cups"), "printer.kind is 'cups' but printer.address is empty"),
        (Printer(kind="network", address="printer"), "is no address and port"),
        (Printer(kind="network", address=":9100"), "is no address and port"),
        (Printer(kind="network", address="192.0.2.1:99999"), "is no address and port"),
        (Printer(kind="network", address="192.0.2.1:²"), "is no address and port"),
        (Printer(kind="network", address="counter..mall:9100"), "is no address and port"),
        (Printer(kind="serial", address="/dev/ttyS0", baud=-1), "printer.baud is none of 50, "),
    ],
)
def test_what_cannot_be_meant_is_said(printer, said):
    assert said in "; ".join(printer.mistakes())


@pytest.mark.parametrize("address", ["192.0.2.1:9100", "[fd00::5]:9100", "printer-1.mall:9100"])
def test_a_printer_on_the_network_has_a_number_or_a_name(address):
    assert not list(Printer(kind="network", address=address).mistakes())


def test_each_kind_has_its_driver(tmp_path):
    slips = Slips(tmp_path)
    kinds = {
        "tap": TapPrinter,
        "network": NetworkPrinter,
        "serial": SerialPrinter,
        "usb": FilePrinter,
        "file": FilePrinter,
        "cups": CupsPrinter,
    }
    for kind, driver in kinds.items():
        assert isinstance(Printer(kind=kind, address="[::1]:9100").open(slips), driver)


@pytest.mark.parametrize(
    ("dle_eot", "asb", "manner"),
    [
        ("yes", "yes", "dle_eot"),
        ("unknown", "no", "dle_eot"),
        ("no", "yes", "asb"),
        ("no", "no", "never"),
        ("no", "unknown", "never"),
    ],
)
def test_a_model_is_asked_only_what_it_answers(monkeypatch, dle_eot, asb, manner):
    model = msgspec.structs.replace(
        printers()["xprinter-80"], answers_dle_eot=dle_eot, answers_asb=asb
    )
    monkeypatch.setattr(printer_config.profiles, "printers", lambda: {"model": model})
    assert Printer(profile="model").manner() == manner


def test_another_printer_at_the_plug_is_not_printed_on_but_asked_about(monkeypatch):
    monkeypatch.setattr(printer_config, "usb_printers", lambda: [LP0])
    driver = Printer(kind="usb", vid="04b8", port="1-1.2").open(None)
    assert driver.print_slip("a", b"slip").result is Result.NOT_PRINTED
    said = "another printer is plugged in (vid is '0416'): is it meant?"
    assert driver.status() == Status(online=Answer.NO, swapped=said)


def test_of_two_equal_printers_neither_is_picked(monkeypatch):
    monkeypatch.setattr(printer_config, "usb_printers", lambda: [LP0, LP0])
    outcome = Printer(kind="usb", vid="0416").open(None).print_slip("a", b"slip")
    assert outcome.result is Result.NOT_PRINTED
    assert "2 equal printers are plugged in: name its port" in outcome.reason

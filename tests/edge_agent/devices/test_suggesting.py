"""What is suggested can be pasted, and then means that device and no other."""

import tomllib
from pathlib import Path

import pytest

from edge_agent.config import Config, load
from edge_agent.devices.profiles import printers, scanners
from edge_agent.devices.setup.sheet import sheet
from edge_agent.devices.sources import Match, NotFoundError, Source, meant
from edge_agent.devices.suggesting import match_for, profile_name, suggest

NEWLAND = ("keyboard", "/dev/input/event5", "1eab", "1d03", "", "usb-1/input0", "Newland FM430")
HEAD = 'state = "s"\n[central]\nurl = "http://c"\n[[tap]]\nspool = "spool"\n'


def source(**facts):
    plain = Source(*NEWLAND)
    return Source(**{key: facts.get(key, getattr(plain, key)) for key in plain.__struct_fields__})


def pasted(folder: Path, lines: str) -> Config:
    path = folder / "agent.toml"
    path.write_text(HEAD + lines, encoding="utf-8")
    return load(path)


def test_a_known_scanner_s_lines_load_and_mean_it(tmp_path):
    lines = suggest([source()], scanners(), printers())
    assert "Newland FM430 (stationary), profile newland-fm430" in lines
    (config,) = pasted(tmp_path, lines).hid_scanner
    assert config.match() == Match("1eab", "1d03")
    assert meant(config.match(), "keyboard", [source()]) == source()


def test_a_hid_pos_scanner_is_told_with_its_maker_s_reports(tmp_path):
    lines = suggest([source(kind="pos", pid="1d10")], scanners(), printers())
    (config,) = pasted(tmp_path, lines).hid_scanner
    assert (config.kind, config.reports) == ("pos", "newland")


@pytest.mark.parametrize("serials", [("", ""), ("Printer", "Printer"), ("A1", "A1")])
def test_two_equal_scanners_are_told_apart_by_their_ports(tmp_path, serials):
    both = [
        source(port=f"usb-{plug}/input0", node=f"/dev/input/event{plug}", serial=serial)
        for plug, serial in zip((1, 2), serials, strict=True)
    ]
    configs = pasted(tmp_path, suggest(both, scanners(), printers())).hid_scanner
    assert [meant(config.match(), "keyboard", both) for config in configs] == both
    assert len({config.name for config in configs}) == 2


def test_a_serial_number_is_enough_where_there_is_one():
    both = [source(serial="A"), source(serial="B", port="usb-2/input0")]
    assert match_for(both[0], both) == Match("1eab", "1d03", "A")


def test_an_unknown_keyboard_is_only_shown_behind_a_mark(tmp_path):
    lines = suggest([source(vid="046d", pid="c31c", product="USB Keyboard")], scanners(), {})
    assert all(line.startswith("#") for line in lines.splitlines())
    assert pasted(tmp_path, lines).hid_scanner == ()
    uncommented = "\n".join(line.removeprefix("# ") for line in lines.splitlines()[1:])
    assert len(pasted(tmp_path, uncommented).hid_scanner) == 1


def test_a_zebra_on_a_serial_line_gets_its_protocol(tmp_path):
    zebra = source(kind="serial", node="/dev/serial/by-id/usb-Z", vid="05e0", pid="1701")
    (config,) = pasted(tmp_path, suggest([zebra], scanners(), printers())).scanner
    assert (config.port, config.protocol) == ("/dev/serial/by-id/usb-Z", "ssi")


def test_a_printer_s_lines_load(tmp_path):
    zjiang = source(kind="printer", node="/dev/usb/lp0", vid="0416", pid="5011", product="POS58")
    printer = pasted(tmp_path, suggest([zjiang], scanners(), printers())).printer
    assert (printer.kind, printer.vid, printer.profile) == ("usb", "0416", "zjiang-pos-5890")
    assert (printer.encoder().columns, printer.encoder().kanji_mode) == (32, False)
    epson = source(kind="printer", node="/dev/usb/lp0", vid="04b8", pid="0e03", product="TM-T20II")
    printer = pasted(tmp_path, suggest([epson], scanners(), printers())).printer
    assert (printer.encoder().columns, printer.encoder().kanji_mode) == (48, True)


@pytest.mark.parametrize("serials", [("", ""), ("Printer", "Printer"), ("A", "A"), ("A", "B")])
def test_of_two_equal_printers_one_can_be_pasted_and_means_that_one(tmp_path, serials):
    both = [
        Source("printer", f"/dev/usb/lp{plug}", "0416", "5011", serial, f"1-1.{plug}", "POS58")
        for plug, serial in enumerate(serials)
    ]
    first, second = suggest(both, scanners(), printers()).split("\n\n")
    second = "\n".join(line.removeprefix("# ") for line in second.splitlines()[1:])
    for lines, mine in ((first, both[0]), (second, both[1])):
        assert meant(pasted(tmp_path, lines).printer.match, "printer", both) == mine


def test_an_unknown_printer_is_shown_with_its_keys_behind_a_mark(tmp_path):
    unknown = source(kind="printer", node="/dev/usb/lp0", vid="ffff", pid="0001", product="")
    lines = suggest([unknown], scanners(), printers()).splitlines()
    assert lines[0].startswith("# printer at /dev/usb/lp0: no known model")
    printer = pasted(tmp_path, "\n".join(line.removeprefix("# ") for line in lines[1:])).printer
    assert meant(printer.match, "printer", [unknown]) == unknown


def test_the_most_exact_profile_wins():
    sunmi = source(vid="05f9", pid="2514")
    assert profile_name(sunmi, scanners()) == "sunmi-desk"
    assert profile_name(source(vid="065a", pid="0001"), scanners()) == "opticon"
    assert profile_name(source(vid="ffff"), scanners()) is None


@pytest.mark.parametrize(
    ("match", "said"),
    [
        (Match("1eab", "1d03"), "2 equal scanners are plugged in"),
        (Match("0c2e", "0b81"), "it is not plugged in"),
        (Match("1eab", "1d03", "C"), "another scanner is plugged in (serial is 'A')"),
    ],
)
def test_what_cannot_be_told_is_a_question_and_not_a_guess(match, said):
    both = [source(serial="A"), source(serial="B", port="usb-2/input0")]
    with pytest.raises(NotFoundError) as caught:
        meant(match, "keyboard", both)
    assert said in str(caught.value)


def test_of_two_equal_scanners_one_that_is_unplugged_makes_the_other_no_question():
    left, right = (Match("1eab", "1d03", port=f"usb-{plug}/input0") for plug in (1, 2))
    here = source(port="usb-2/input0")
    with pytest.raises(NotFoundError) as alone:
        meant(left, "keyboard", [here])
    assert alone.value.is_another
    with pytest.raises(NotFoundError, match="it is not plugged in") as known:
        meant(left, "keyboard", [here], [right])
    assert not known.value.is_another
    assert meant(right, "keyboard", [here], [left]) == here


def test_a_serial_scanner_s_ids_are_pasted_with_its_port(tmp_path):
    found = source(kind="serial", node="/dev/serial/by-path/p", pid="1d06", serial="S1")
    (line,) = pasted(tmp_path, suggest([found], scanners(), printers())).scanner
    assert (line.port, line.match()) == (found.node, Match("1eab", "1d06", "S1"))


@pytest.mark.parametrize("name", scanners())
def test_a_sheet_shows_every_setting(name):
    profile = scanners()[name]
    page = sheet(profile)
    settings = profile.setup.setting if profile.setup else ()
    for setting in settings:
        assert setting.does_zh in page
        assert (setting.barcode or setting.manual) in page
    first = bool(profile.setup and profile.setup.first_barcode)
    codes = sum(bool(setting.barcode) for setting in settings)
    assert page.count("<svg") == codes + 2 * first
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")


def test_a_camera_is_suggested_behind_a_mark_because_it_sees_people():
    camera = Source("camera", "/dev/video0", "046d", "0825", "A1B2", "1-2", "Webcam C270")
    lines = suggest([camera], scanners(), printers()).splitlines()
    assert lines[0] == "# Webcam C270: a camera; if it is there to read codes, take off the #"
    assert "focus is fixed" in lines[1]  # as its profile says
    assert all(line.startswith("# ") for line in lines)
    assert tomllib.loads("\n".join(line[2:] for line in lines[2:])) == {
        "camera": [{"vid": "046d", "pid": "0825", "serial": "A1B2", "name": "camera-0"}]
    }

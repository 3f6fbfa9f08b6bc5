"""Every profile is what it says it is, and every fact in it has a source."""

import re
import tomllib
from importlib.resources import files

import pytest
import serial

from edge_agent.devices.profiles import ProfileError, ScannerProfile, _parsed, printers, scanners
from edge_agent.devices.setup.applying import apply
from edge_agent.devices.virtual.settable_scanner import SettableScanner

FOLDERS = {"scanners": scanners(), "printers": printers()}
ALL = [(folder, name) for folder, found in FOLDERS.items() for name in found]
SET_UP = {name: each for name, each in FOLDERS["scanners"].items() if each.setup}
# What needs no source: how we name the model and what we say about it.
OURS = {"model", "fact", "note"}


def test_there_are_enough_models():
    assert len(FOLDERS["scanners"]) >= 12
    assert len(FOLDERS["printers"]) >= 14


@pytest.mark.parametrize(("folder", "name"), ALL)
def test_every_fact_has_a_source_and_every_source_a_fact(folder, name):
    given = tomllib.loads(files("firmware_configs").joinpath(folder, f"{name}.toml").read_text())
    about = [key for fact in given["fact"] for key in fact["about"]]
    assert {key.split(".")[0] for key in about} == set(given) - OURS
    assert len(about) == len(set(about)), "one fact, two reliabilities"
    for key in about:
        table = given
        for part in key.split("."):
            table = table[0] if isinstance(table, list) else table
            assert part in table, key
            table = table[part]


@pytest.mark.parametrize(("folder", "name"), ALL)
def test_no_model_shows_itself_as_anything_at_all(folder, name):
    for plug in FOLDERS[folder][name].plug:
        assert plug.vid, plug


def test_no_two_models_of_one_kind_claim_the_same_plug():
    for found in FOLDERS.values():
        plugs = [plug for profile in found.values() for plug in profile.plug]
        assert len(plugs) == len(set(plugs))


@pytest.mark.parametrize("name", FOLDERS["printers"])
def test_a_printer_s_columns_fit_its_head(name):
    printer = FOLDERS["printers"][name]
    assert printer.columns * 9 <= printer.dots <= printer.columns * 14 or printer.dpi < 100


@pytest.mark.parametrize("name", FOLDERS["printers"])
def test_a_code_page_is_one_that_we_can_decode(name):
    for number, codec in FOLDERS["printers"][name].code_page.items():
        assert 0 <= int(number) <= 255
        assert b"A".decode(codec) == "A"


@pytest.mark.parametrize("name", SET_UP)
def test_every_set_up_is_taken_by_a_scanner_of_its_maker_in_the_words_it_expects(name, tmp_path):
    setup = SET_UP[name].setup
    wanted = {setting.name: setting.value for setting in setup.setting}
    others = {key: "0" * max(len(value), 2) for key, value in wanted.items()}
    link = tmp_path / "scanner"
    with (
        SettableScanner(link, setup.grammar, dict(others), "MODEL 7") as scanner,
        serial.Serial(str(link), timeout=0.01, exclusive=True) as port,
    ):
        outcome = apply(port, setup)
        assert (outcome.why, outcome.changed) == ("", tuple(wanted))
        assert scanner.settings == wanted
        assert outcome.identity == "MODEL 7"


@pytest.mark.parametrize("name", SET_UP)
def test_what_a_scanner_is_expected_to_answer_has_a_source_of_its_own(name):
    about = {key: fact for fact in SET_UP[name].fact for key in fact.about}
    assert about["setup.setting.answer"].reliability != "trade knowledge"


def test_every_setting_says_what_it_does_in_both_languages_and_what_its_code_is_called():
    for profile in SET_UP.values():
        for setting in profile.setup.setting:
            assert re.search(r"[\u4e00-\u9fff]", setting.does_zh), setting
            assert setting.does_en.isascii(), setting
            assert setting.manual, setting


def test_a_wrong_profile_is_named_with_its_key(tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text('model = "x"\nlayuot = "us"\n')
    with pytest.raises(ProfileError, match=r"wrong\.toml: layuot: .* did you mean 'layout'"):
        _parsed(path, ScannerProfile)

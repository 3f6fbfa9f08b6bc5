"""Every profile is what it says it is, and every fact in it has a source."""

import tomllib
from importlib.resources import files

import pytest

from edge_agent.devices.profiles import ProfileError, ScannerProfile, _parsed, printers, scanners
from edge_agent.devices.setup.grammars import GRAMMARS

FOLDERS = {"scanners": scanners(), "printers": printers()}
ALL = [(folder, name) for folder, found in FOLDERS.items() for name in found]
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


@pytest.mark.parametrize("name", FOLDERS["scanners"])
def test_a_set_up_can_be_framed(name):
    setup = FOLDERS["scanners"][name].setup
    for setting in setup.setting if setup else ():
        grammar = GRAMMARS[setup.grammar]
        assert grammar.put(setting.name, setting.value)
        assert grammar.ask(setting.name)


def test_a_wrong_profile_is_named_with_its_key(tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text('model = "x"\nlayuot = "us"\n')
    with pytest.raises(ProfileError, match=r"wrong\.toml: layuot: .* did you mean 'layout'"):
        _parsed(path, ScannerProfile)

"""agent.toml: every key is in the sample, and every mistake is named with its place."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from msgspec import structs

from edge_agent.config import Config, ConfigError, HidScanner, load
from edge_agent.devices.camera.config import Camera
from edge_agent.devices.cards.config import CardReader
from loyalty.settings import keys

SAMPLE = files("firmware_configs").joinpath("agent.toml").read_text("utf-8")
SMALL = 'state = "s"\n[central]\nurl = "http://c"\n[[tap]]\nspool = "spool"\n'


def loaded(folder: Path, text: str) -> Config:
    path = folder / "agent.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_the_sample_names_every_key_with_its_default(tmp_path: Path) -> None:
    whole = re.sub(r"^# (?=\w+ = |\[\[)", "", SAMPLE, flags=re.MULTILINE)
    full, plain = loaded(tmp_path, whole), loaded(tmp_path, SAMPLE)
    # A till without such a scanner needs no line of it.
    assert full.hid_scanner == (HidScanner(vid="1eab", pid="1d03"),)
    # What no profile and no key says has a default of the printer's own.
    assert full.printer.encoder() == plain.printer.encoder()
    assert full.printer.manner() == plain.printer.manner()
    assert full.card_reader == (CardReader(),)
    assert full.camera == (Camera(vid="046d", pid="0825"),)
    assert (
        structs.replace(full, hid_scanner=(), camera=(), card_reader=(), printer=plain.printer)
        == plain
    )
    table, named = "", set()
    for line in whole.splitlines():
        if found := re.match(r"\[+(\w+)\]+", line):
            table = found[1] + "."
        elif found := re.match(r"(\w+) = ", line):
            named.add(table + found[1])
    assert named == set(keys(Config))


def test_relative_paths_are_beside_the_file(tmp_path: Path) -> None:
    config = loaded(tmp_path, SMALL + '[printer]\nfont = "slip.ttc"\n')
    assert config.state_path == tmp_path / "s"
    assert config.tap[0].slips_path == tmp_path / "spool" / "slips"
    assert config.printer.font == str(tmp_path / "slip.ttc")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALL.replace("state", "sate"), "sate: there is no such key; did you mean 'state'?"),
        (SMALL.replace("url", "uri"), "central.uri: there is no such key; did you mean 'url'?"),
        (SMALL.replace("spool =", "spol ="), "tap[0].spol: there is no such key"),
        (SMALL.replace('"s"', "5"), "Expected `str`, got `int` - at `state`"),
        ('state = "s"\n', "central"),
        (SMALL + "[printer]\ncolumns = 400\n", "printer.columns"),
        (SMALL + '[printer]\nkind = "network"\n', "printer.address is empty"),
        (SMALL.split("[[tap]]", maxsplit=1)[0], "printer.kind is 'tap' but there is no [[tap]]"),
        (SMALL + '[[camera]]\nname = "x"\n', "camera[0] takes any camera"),
        (SMALL + '[[camera]]\nvid = "046d"\nfile = "f"\n', "camera[0] is a file and no camera"),
        (SMALL + '[[hid_scanner]]\nname = "x"\n', "hid_scanner[0] takes any keyboard"),
        (SMALL + '[[hid_scanner]]\nvid = "1EAB"\n', "hid_scanner[0].vid"),
        (SMALL + '[[hid_scanner]]\nvid = "1eab"\nlayout = "xx"\n', "hid_scanner[0].layout"),
        (
            SMALL + '[[hid_scanner]]\nvid = "1eab"\nkind = "pos"\npass_on = "all"\n',
            "pass_on is for keyboards",
        ),
        (SMALL + '[[hid_scanner]]\nvid = "1eab"\nreversed = true\n', "kept_as and reversed"),
        (SMALL + '[[tap]]\nspool = "spool"\n', "two [[tap]] name 'spool'"),
        (SMALL + '[[scanner]]\nport = "/dev/a"\n' * 2, "two [[scanner]] name '/dev/a'"),
        (SMALL + '[[scanner]]\nport = "a"\nbaud = 0\n', "scanner[0].baud is none of 50, 75"),
        (SMALL + "spool_keep_days = 8\n", "spool_keep_days"),
        ("state = \n", "line 1"),
    ],
)
def test_a_mistake_is_said_with_file_key_and_reason(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "agent.toml"))
    assert said in str(caught.value)


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    text = (
        'state = "s"\n[central]\nurl = "http://c"\n[[hid_scanner]]\nkind = "pos"\npass_on = "all"'
    )
    with pytest.raises(ConfigError) as wrong:
        loaded(tmp_path, text)
    assert [line.split("agent.toml: ")[1] for line in str(wrong.value).splitlines()] == [
        "printer.kind is 'tap' but there is no [[tap]]",
        "hid_scanner[0] takes any keyboard: give vid and pid, serial, port or product",
        "hid_scanner[0]: pass_on is for keyboards; this scanner types nothing",
    ]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml")

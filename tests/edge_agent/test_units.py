"""The systemd units start what there is, and may do no more than they need."""

import configparser
from importlib.resources import files

import pytest

from tillpoints.cli import COMMANDS

FOLDER = files("firmware_configs").joinpath("systemd")
OURS = ("tillpoints-agent", "tillpoints-tap")


def unit(name):
    # Keys may stand several times, and lines may be continued: the last one is enough here.
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string(FOLDER.joinpath(f"{name}.service").read_text(encoding="utf-8"))
    return parser


@pytest.mark.parametrize("name", OURS)
def test_a_unit_starts_a_command_that_there_is(name):
    program, command, verb, *_ = unit(name)["Service"]["ExecStart"].split()
    assert (program, verb) == ("tillpoints", "run")
    assert command in COMMANDS


@pytest.mark.parametrize("name", [*OURS, "tillpoints-kiosk"])
def test_a_unit_comes_back_whatever_happened_and_never_gives_up(name):
    service = unit(name)
    assert service["Service"]["Restart"] == "always"
    assert service["Unit"]["StartLimitIntervalSec"] == "0"
    assert service["Service"]["User"] not in {"", "root"}
    assert service["Service"]["NoNewPrivileges"] == "yes"


def test_what_the_agent_remembers_in_memory_stays_while_the_machine_is_up():
    service = unit("tillpoints-agent")["Service"]
    assert service["RuntimeDirectory"] == service["StateDirectory"] == "tillpoints"
    assert service["RuntimeDirectoryPreserve"] == "yes"
    assert service["RuntimeDirectoryMode"] == "0700"


def test_the_tap_depends_on_nothing_of_ours():
    tap = unit("tillpoints-tap")["Unit"]
    assert not {"Requires", "BindsTo", "PartOf", "Wants"} & set(tap)
    agent = unit("tillpoints-agent")["Unit"]
    assert not {"Requires", "BindsTo", "PartOf"} & set(agent)


def test_no_till_waits_for_a_network():
    for name in OURS:
        assert "network" not in unit(name)["Unit"].get("After", "")


@pytest.mark.parametrize("name", OURS)
def test_every_user_of_a_unit_is_made(name):
    made = FOLDER.joinpath("tillpoints.sysusers").read_text(encoding="utf-8")
    assert f"u {unit(name)['Service']['User']} " in made

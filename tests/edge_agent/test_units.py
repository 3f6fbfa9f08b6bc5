"""The systemd units start what there is, and may do no more than they need."""

import configparser
import re
import shutil
import subprocess
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


def test_an_agent_with_a_journal_of_many_years_is_left_the_time_to_read_it():
    """6 GB at 10 MB/s, read to be checked and read again to be copied, and written once."""
    assert int(unit("tillpoints-agent")["Service"]["TimeoutStartSec"]) >= 3 * 6_000 / 10


def test_what_the_agent_remembers_in_memory_stays_while_the_machine_is_up():
    service = unit("tillpoints-agent")["Service"]
    assert service["RuntimeDirectory"] == service["StateDirectory"] == "tillpoints"
    assert service["RuntimeDirectoryPreserve"] == "yes"
    assert service["RuntimeDirectoryMode"] == "0700"


def lines(name, key):
    text = FOLDER.joinpath(f"{name}.service").read_text(encoding="utf-8")
    return re.findall(rf"^{key}=(.*)$", text, flags=re.MULTILINE)


def test_the_tap_depends_on_nothing_of_ours():
    tap = unit("tillpoints-tap")["Unit"]
    assert not {"Requires", "BindsTo", "PartOf"} & set(tap)
    assert "tillpoints" not in " ".join(lines("tillpoints-tap", "Wants"))
    agent = unit("tillpoints-agent")["Unit"]
    assert not {"Requires", "BindsTo", "PartOf"} & set(agent)


@pytest.mark.parametrize("name", OURS)
def test_the_driver_of_every_group_of_devices_is_there_before_the_service(name):
    # systemd looks a group up once, at the start; whose driver is missing then stays refused.
    drivers = {
        "char-ttyUSB": "usbserial",
        "char-ttyACM": "cdc_acm",
        "char-usb": "usbcore",
        "char-hidraw": "hid",
        "char-video4linux": "videodev",
    }
    groups = {line.split()[0] for line in lines(name, "DeviceAllow")}
    for group in groups & set(drivers):
        wanted = f"modprobe@{drivers[group]}.service"
        for key in ("Wants", "After"):
            assert wanted in " ".join(lines(name, key)).split()


def test_no_till_waits_for_a_network():
    for name in OURS:
        assert "network" not in " ".join(lines(name, "After"))


def test_the_screen_is_not_killed_for_its_session():
    # Type=exec never ends its start where PAMName is set, before systemd 256.
    screen = unit("tillpoints-kiosk")["Service"]
    assert screen["PAMName"] == "login"
    assert screen["Type"] == "simple"


@pytest.mark.parametrize("name", OURS)
def test_every_user_of_a_unit_is_made(name):
    made = FOLDER.joinpath("tillpoints.sysusers").read_text(encoding="utf-8")
    assert f"u {unit(name)['Service']['User']} " in made


@pytest.mark.parametrize("name", OURS)
def test_systemd_kills_a_service_whose_loop_stands_still(name):
    service = unit(name)["Service"]
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) >= 10


@pytest.fixture(scope="module")
def verified(tmp_path_factory):
    """What systemd says of our units, their programs being ones that are here."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs the Debian package systemd")
    folder = tmp_path_factory.mktemp("units")
    units = [each for each in FOLDER.iterdir() if each.name.endswith(".service")]
    for each in units:
        text = each.read_text(encoding="utf-8")
        text = re.sub(r"^(Exec\w+)=\S+", r"\1=/bin/true", text, flags=re.MULTILINE)
        (folder / each.name).write_text(text, encoding="utf-8")
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(folder / each.name for each in units)],
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stderr


@pytest.mark.parametrize("name", [*OURS, "tillpoints-kiosk", "tillpoints-gadget"])
def test_systemd_finds_nothing_wrong_with_a_unit(verified, name):
    assert [line for line in verified.splitlines() if f"{name}.service" in line] == []

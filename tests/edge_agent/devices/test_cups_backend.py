"""The CUPS backend and its installer, called as CUPS and an administrator would."""

import os
import subprocess
from pathlib import Path

import pytest

from edge_agent.devices.tap.folder_tap import lost_file

FIRMWARE = Path(__file__).parents[3] / "firmware_configs" / "cups"
BACKEND = ("/usr/bin/env", "python3", "-I", str(FIRMWARE / "backend.py"))
LPSTAT = """#!/bin/sh
[ "$2" = counter ] && exec echo "device for counter: usb://X/Y?serial=1"
echo "lpstat: Invalid destination name in list" >&2
exit 1
"""


@pytest.fixture
def place(tmp_path):
    for name in ("bin", "cups/backend", "copies"):
        (tmp_path / name).mkdir(parents=True)
    programs = {
        "bin/lpstat": LPSTAT,
        "bin/lpadmin": f'#!/bin/sh\nprintf "%s|" "$@" >>{tmp_path}/asked\n',
        "cups/backend/usb": f'#!/bin/sh\nprintf "%s|" "$@" >{tmp_path}/called\ncat >/dev/null\n',
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    yield tmp_path
    lost_file(tmp_path / "copies").unlink(missing_ok=True)


def run(place, *command, uri="", data=b"receipt"):
    environ = {
        **os.environ,
        "PATH": f"{place}/bin:{os.environ['PATH']}",
        "CUPS_SERVERBIN": str(place / "cups"),
        "DEVICE_URI": uri or f"tillpoints:{place}/copies?usb://X/Y?serial=1",
    }
    ran = subprocess.run(
        command, input=data, env=environ, cwd=place, capture_output=True, timeout=60, check=False
    )
    return ran.returncode, ran.stderr.decode()


def tap_queue(place, *arguments):
    return run(place, "sh", str(FIRMWARE / "tap-queue"), *arguments)


def asked(place):
    return (place / "asked").read_text() if (place / "asked").exists() else ""


def test_what_a_user_calls_a_job_reaches_the_printer_s_backend_as_it_is(place):
    words = ("12", "us er'\"$(id)", "ti;tle `x`", "1", 'opt="a b"')
    assert run(place, *BACKEND, *words) == (0, "")
    assert (place / "called").read_text() == "|".join((*words, ""))
    (copy,) = (place / "copies").glob("*.job")
    assert copy.read_bytes() == b"receipt"


@pytest.mark.parametrize("title", ["receipt", "tillpoints slip 7"])
def test_a_queue_whose_own_backend_is_missing_says_which(place, title):
    uri = f"tillpoints:{place}/copies?nope://X"
    code, said = run(place, *BACKEND, "12", "u", title, "1", "o", uri=uri)
    assert code == 1
    assert said.startswith(f"ERROR: tillpoints: the queue's own backend {place}/cups/backend/nope")
    assert said.count("\n") == 1


def test_a_job_s_file_that_went_away_costs_its_copy_and_is_counted(place):
    code, said = run(place, *BACKEND, "12", "u", "t", "1", "o", str(place / "gone"))
    assert code == 0
    assert "WARNING: tillpoints: the copy of this job: [Errno 2]" in said
    assert not list((place / "copies").iterdir())
    assert lost_file(place / "copies").stat().st_size == 1


def test_a_queue_that_is_not_there_is_not_made(place):
    code, said = tap_queue(place, "on", "conter", str(place / "new"))
    assert (code, asked(place)) == (1, "")
    assert "Invalid destination name" in said
    assert tap_queue(place, "off", "conter")[0] == 1


@pytest.mark.parametrize("folder", ["copies", "/var/my copies", "/var/a?b", "/var/a%20b", ""])
def test_a_folder_that_a_uri_cannot_carry_is_refused(place, folder):
    code, said = tap_queue(place, "on", "counter", folder)
    assert (code, asked(place)) == (2, "")
    assert "name FOLDER from / on" in said


def test_a_queue_keeps_its_own_printer_behind_the_tap(place):
    assert tap_queue(place, "on", "counter", str(place / "new"))[0] == 0
    assert asked(place) == f"-p|counter|-v|tillpoints:{place}/new?usb://X/Y?serial=1|"
    assert (place / "cups/backend/tillpoints").stat().st_mode & 0o777 == 0o700

"""The screens' view of the POS's printer, as its tap reports it."""

import msgspec
import pytest

from edge_agent.devices.heartbeat import Condition, Cover, Heartbeat, Lost, Paper, Reachable
from edge_agent.devices.job_file import Moment
from edge_agent.devices.printers import Answer, Status
from edge_agent.devices.scanner_thread import SWAPPED
from edge_agent.web.device_view import connections_view

NOW = Moment("boot", 1, 1_780_000_000_000)
BEAT = Heartbeat(
    tap="counter-1",
    pid=1,
    started=NOW,
    beat=NOW,
    printer=Reachable.YES,
    open_connections=0,
    printed_bytes=0,
    jobs=0,
    incomplete_jobs=0,
    unkept_jobs=0,
    refused_connections=0,
    failed_connections=0,
    slips=0,
    last_error="",
)


def view(**told):
    return connections_view([msgspec.structs.replace(BEAT, **told)], Status(), [])


def test_a_printer_without_trouble_is_fine_and_says_what_it_knows():
    shown = view(condition=Condition(Paper.OK, Cover.CLOSED))
    assert shown["printer"] == {"state": "yes", "why": None}
    assert shown["pos_printer"] == {
        "reachable": "yes",
        "paper": "ok",
        "cover": "closed",
        "stalled": False,
    }


@pytest.mark.parametrize(
    "condition",
    [
        Condition(paper=Paper.OUT),
        Condition(cover=Cover.OPEN),
        Condition(stalled=True),
    ],
)
def test_a_printer_that_is_reached_but_cannot_print_is_not_fine(condition):
    shown = view(condition=condition)
    assert shown["printer"]["state"] == "no"
    assert shown["printer"]["why"]["zh"]


def test_jobs_without_a_copy_are_shown_for_a_day():
    lost = Lost(3, NOW.wall_ms - 5000, NOW.wall_ms - 1000)
    assert view(lost=lost)["lost"] == msgspec.to_builtins(lost)
    old = Lost(3, 0, NOW.wall_ms - 25 * 3600 * 1000)
    assert view(lost=old)["lost"] is None
    assert view()["lost"] is None


def test_what_keeps_a_camera_from_seeing_is_told_in_both_languages():
    assert connections_view([], Status(), [True])["scanner_trouble"] is None
    told = connections_view([], Status(), [True], "camera_dark")["scanner_trouble"]
    assert told["code"] == "camera_dark"
    assert told["zh"] != told["en"]


def test_without_a_living_tap_nothing_is_claimed():
    shown = connections_view([None], Status(), [])
    assert (shown["tap"], shown["pos_printer"], shown["lost"]) == ("no", None, None)
    assert shown["printer"]["state"] == "unknown"


def test_a_heartbeat_of_an_older_tap_is_still_read():
    old = {key: value for key, value in msgspec.to_builtins(BEAT).items() if key != "condition"}
    del old["lost"]
    assert msgspec.convert(old, Heartbeat) == BEAT


def test_another_printer_at_the_plug_is_asked_about_whatever_the_tap_says():
    status = Status(online=Answer.NO, swapped="another printer is plugged in: is it meant?")
    shown = connections_view([BEAT], status, [])["printer"]
    assert shown["state"] == "no"
    assert "Another printer is plugged in" in shown["why"]["en"]
    assert "不是原来的打印机" in shown["why"]["zh"]


def test_another_scanner_at_the_plug_is_asked_about():
    told = connections_view([], Status(), [False], SWAPPED)["scanner_trouble"]
    assert "Another scanner is plugged in" in told["en"]

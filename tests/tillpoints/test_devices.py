"""`tillpoints devices` as an installer uses it."""

import contextlib
import json
import os
import select
import subprocess
import sys
import threading

import pytest
from click.testing import CliRunner

from edge_agent.devices.virtual.scanner import VirtualScanner
from edge_agent.devices.virtual.settable_scanner import SettableScanner
from tillpoints.commands.devices import command

BEFORE = {"SCNMOD": "0", "TSUENA": "0", "TSUSET": "0A", "GRBENA": "1"}


def run(*arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture
def scanner(tmp_path):
    with SettableScanner(tmp_path / "scanner", "newland", dict(BEFORE), "FM430 V1.02.003") as it:
        yield it


def test_a_scanner_is_set_up_and_says_who_it_is(scanner, tmp_path):
    ran = run("setup", "newland-fm430", "--port", tmp_path / "scanner")
    assert ran.exit_code == 0, ran.output
    assert "scanner: FM430 V1.02.003" in ran.output
    assert "GRBENA: 本来如此 / was so already" in ran.output
    assert scanner.settings == {"SCNMOD": "2", "TSUENA": "1", "TSUSET": "0D", "GRBENA": "1"}


def test_a_refused_setting_is_said_exactly_and_exits_4(scanner, tmp_path):
    scanner.refuses.add("TSUSET")
    ran = run("setup", "newland-fm430", "--port", tmp_path / "scanner", "--json")
    assert ran.exit_code == 4
    assert "refused: TSUSET: bad value" in ran.output
    told = json.loads(ran.output.splitlines()[0])
    assert told["undone"] == ["TSUENA", "SCNMOD"]
    assert scanner.settings == BEFORE


@pytest.mark.parametrize("held_after", [1, 3, 11])
def test_ctrl_c_in_the_middle_puts_all_back_and_says_so(scanner, tmp_path, held_after):
    # Its identity, the first setting's answer, the last setting's: on a terminal of its own.
    scanner.held_after = held_after
    terminal, end = os.openpty()
    arguments = ["devices", "setup", "newland-fm430", "--port", str(tmp_path / "scanner")]
    with subprocess.Popen(
        ["setsid", "--ctty", sys.executable, "-m", "tillpoints", *arguments],
        stdin=end,
        stdout=end,
        stderr=end,
    ) as running:
        os.close(end)
        assert scanner.is_held.wait(30)
        os.write(terminal, b"\x03")
        shown = read_until(terminal, "is being put back")
        scanner.goes_on.set()
        shown += read_until(terminal, None)
        assert running.wait(30) == 4
    os.close(terminal)
    assert scanner.settings == BEFORE
    assert "stopped at" in shown
    assert ("SCNMOD: 已恢复原值 / put back as it was" in shown) == (held_after > 1)
    assert "CHANGED" not in shown


def read_until(terminal, wanted):
    """Read what a process shows, until it shows `wanted` or has ended."""
    shown = b""
    while wanted is None or wanted not in shown.decode(errors="replace"):
        assert select.select([terminal], [], [], 30)[0], shown
        try:
            data = os.read(terminal, 4096)
        except OSError:  # how a terminal says that nobody holds it any more
            break
        shown += data
    return shown.decode()


def test_where_no_wire_leads_a_sheet_is_written(tmp_path):
    ran = run("setup", "newland-hr22", "--sheet", tmp_path / "sheet.html")
    assert ran.exit_code == 0
    assert "@TSUENA1" in (tmp_path / "sheet.html").read_text(encoding="utf-8")


def test_a_model_without_known_commands_says_what_to_do(tmp_path):
    ran = run("setup", "mindeo", "--port", tmp_path / "nothing")
    assert ran.exit_code == 4
    assert "use --sheet or its manual" in ran.output


def test_a_port_that_is_not_there_is_named(tmp_path):
    ran = run("setup", "newland-hr22", "--port", tmp_path / "nothing")
    assert ran.exit_code == 4
    assert str(tmp_path / "nothing") in ran.output


@pytest.mark.parametrize("arguments", [("setup", "nobody"), ("setup", "newland-hr22")])
def test_a_wrong_call_is_wrong_usage(arguments):
    assert run(*arguments).exit_code == 2


def test_what_is_plugged_in_is_listed_for_people_and_programs():
    ran = run("list", "--json")
    assert ran.exit_code == 0
    for device in json.loads(ran.output)["devices"]:
        assert {"kind", "node", "vid", "pid", "serial", "port", "profile"} <= device.keys()
    assert run("list").exit_code == 0
    assert run("suggest").exit_code == 0
    assert run("watch", "--seconds", 1).exit_code == 0


def test_scans_are_told_by_kind_and_never_by_content(tmp_path):
    virtual = VirtualScanner(tmp_path / "scanner")
    virtual.plug()
    config = tmp_path / "agent.toml"
    config.write_text(
        f'state = "s"\n[central]\nurl = "http://c"\n[[tap]]\nspool = "s"\n'
        f'[[scanner]]\nport = "{virtual.link}"\nname = "desk"\n'
        f'[[scanner]]\nport = "{tmp_path}/none"\nname = "other"\n'
    )
    done = threading.Event()

    def scan_until_done():
        # What came before the line was opened is not a scan of this test.
        while not done.wait(0.1):
            with contextlib.suppress(BlockingIOError):
                virtual.scan("134567890123456789")
                virtual.scan("6901234567892")

    cashier = threading.Thread(target=scan_until_done)
    cashier.start()
    ran = run("test", "--config", config, "--seconds", 2)
    done.set()
    cashier.join()
    virtual.unplug()
    assert ran.exit_code == 4
    assert "desk: PaymentCode (wechat_pay)" in ran.output
    assert "desk: OtherCode (13 字符 / characters)" in ran.output
    assert "desk: 可读取 / can be read" in ran.output
    assert "other: 读不到 / CANNOT BE READ" in ran.output
    assert "134567890123456789" not in ran.output


def test_each_line_of_agent_toml_is_told_with_its_device_or_why_it_has_none(tmp_path):
    virtual = VirtualScanner(tmp_path / "scanner")
    virtual.plug()
    config = tmp_path / "agent.toml"
    config.write_text(
        'state = "s"\n[central]\nurl = "http://c"\n[[tap]]\nspool = "s"\n'
        f'[[scanner]]\nport = "{virtual.link}"\nname = "desk"\n'
        f'[[scanner]]\nport = "{tmp_path}/none"\nname = "other"\n'
        '[[hid_scanner]]\nvid = "ffff"\npid = "0001"\nname = "hand"\n'
    )
    told = json.loads(run("list", "--config", config, "--json").output)["configured"]
    virtual.unplug()
    assert told == {
        "desk": str(virtual.link),
        "other": f"{tmp_path}/none 未插入 / is not plugged in",
        "hand": "it is not plugged in",
    }
    assert 'ATTRS{id/vendor}=="ffff"' in run("rules", "--config", config).output
    assert run("list", "--config", tmp_path / "nothing").exit_code == 3


def test_of_two_lines_with_one_name_neither_is_left_out(tmp_path):
    config = tmp_path / "agent.toml"
    config.write_text(
        'state = "s"\n[central]\nurl = "http://c"\n[[tap]]\nspool = "spool"\n'
        '[[hid_scanner]]\nvid = "dead"\n[[hid_scanner]]\nvid = "beef"\n'
        '[[camera]]\nname = "eye"\nfile = "frames"\n',
        encoding="utf-8",
    )
    told = json.loads(run("list", "--config", config, "--json").output)["configured"]
    assert told == {
        "scanner": "it is not plugged in",
        "scanner #2": "it is not plugged in",
        "eye": f"played from {tmp_path / 'frames'}",
    }


def test_a_sheet_that_cannot_be_written_is_said(tmp_path):
    ran = run("setup", "newland-hr22", "--sheet", tmp_path / "none" / "sheet.html")
    assert ran.exit_code == 2
    assert "No such file or directory" in ran.output

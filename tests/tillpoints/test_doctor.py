import json
import os
import pwd
from pathlib import Path

import pytest
from click.testing import CliRunner

from tillpoints import findings
from tillpoints.commands import doctor


@pytest.mark.parametrize(
    ("healthy", "sick"),
    [
        (findings.check_python((3, 11, 0)), findings.check_python((3, 10, 14))),
        (findings.check_sqlite((3, 37, 0)), findings.check_sqlite((3, 36, 0))),
        (findings.check_disk(Path("/"), 512), findings.check_disk(Path("/"), 511)),
        (findings.check_memory(Path("/run"), True), findings.check_memory(Path("/run"), False)),
        (findings.check_clock(1001.0, 1000.0), findings.check_clock(999.0, 1000.0)),
        (findings.check_libraries("agent", []), findings.check_libraries("agent", ["serial"])),
        (findings.check_chinese_font(["文泉驿"]), findings.check_chinese_font([])),
        (findings.check_browser("/usr/bin/chromium"), findings.check_browser(None)),
        (findings.check_kiosk_screen([]), findings.check_kiosk_screen(["cage", "xwayland"])),
        (findings.check_groups([], "pos"), findings.check_groups(["dialout", "input"], "pos")),
        (findings.check_queues(0o100700, "lp"), findings.check_queues(0o100755, "lp")),
        (findings.check_zbar("libzbar.so.0"), findings.check_zbar(None)),
        (findings.check_smart_cards("lib", "pcscd"), findings.check_smart_cards("lib", None)),
        (findings.check_brltty(installed=False), findings.check_brltty(installed=True)),
        (
            findings.check_rules(ruled=True, modem_manager=True),
            findings.check_rules(ruled=False, modem_manager=True),
        ),
    ],
    ids=lambda finding: finding.name,
)
def test_a_sick_machine_is_told_what_mends_it_and_a_healthy_one_is_not(healthy, sick):
    assert healthy.name == sick.name
    assert (healthy.state, healthy.mend) == ("ok", "")
    assert sick.state != "ok"
    assert sick.mend
    assert sick.zh != sick.en


def test_a_missing_library_is_named_with_the_extra_that_brings_it():
    finding = findings.check_libraries("agent", ["serial", "segno"])
    assert "serial, segno" in finding.en
    assert finding.mend == "pip install 'tillpoints[agent]'"


def test_json_and_text_tell_the_same_findings():
    as_json = json.loads(CliRunner().invoke(doctor.command, ["--json"]).stdout)
    as_text = CliRunner().invoke(doctor.command).stdout
    names = [finding["name"] for finding in as_json["findings"]]
    assert {"python", "sqlite", "disk", "clock", "agent", "central", "font"} < set(names)
    for name in names:
        assert f" {name} " in as_text


def test_only_what_is_wrong_everywhere_fails_the_command(monkeypatch):
    absent, wrong = findings.check_browser(None), findings.check_python((3, 10))
    monkeypatch.setattr(doctor, "examine", lambda: [absent])
    assert CliRunner().invoke(doctor.command).exit_code == 0
    monkeypatch.setattr(doctor, "examine", lambda: [absent, wrong])
    assert CliRunner().invoke(doctor.command).exit_code == 1


def test_a_machine_without_our_cups_backend_lacks_nothing():
    assert findings.check_queues(None, None).state == "ok"
    assert findings.check_queues(0o100700, None).mend == "apt install cups-client"


def test_a_clock_that_runs_decades_ahead_is_as_wrong_as_one_behind():
    installed_s = 1.8e9
    assert findings.check_clock(installed_s + 5 * 365 * 86_400, installed_s).state == "ok"
    ahead = findings.check_clock(4.1e9, installed_s)
    assert (ahead.state, ahead.mend) == ("wrong", "timedatectl set-ntp true")


def test_root_asks_for_the_service_s_user_and_not_for_itself(monkeypatch):
    daemon = pwd.getpwnam("daemon")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(doctor, "SERVICE_USER", "daemon")
    user, groups = doctor.whose_groups()
    assert (user, groups) == ("daemon", {*os.getgrouplist("daemon", daemon.pw_gid)})
    assert doctor.missing_groups(groups)
    monkeypatch.setattr(doctor, "SERVICE_USER", "nobody of that name")
    assert doctor.whose_groups() == ("root", None)
    assert doctor.missing_groups(None) == []

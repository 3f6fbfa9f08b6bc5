import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tillpoints.commands import doctor


@pytest.mark.parametrize(
    ("healthy", "sick"),
    [
        (doctor.check_python((3, 11, 0)), doctor.check_python((3, 10, 14))),
        (doctor.check_sqlite((3, 37, 0)), doctor.check_sqlite((3, 36, 0))),
        (doctor.check_disk(Path("/"), 512), doctor.check_disk(Path("/"), 511)),
        (doctor.check_memory(Path("/run"), True), doctor.check_memory(Path("/run"), False)),
        (doctor.check_clock(1001.0, 1000.0), doctor.check_clock(999.0, 1000.0)),
        (doctor.check_libraries("agent", []), doctor.check_libraries("agent", ["serial"])),
        (doctor.check_chinese_font(["文泉驿"]), doctor.check_chinese_font([])),
        (doctor.check_browser("/usr/bin/chromium"), doctor.check_browser(None)),
        (doctor.check_groups([]), doctor.check_groups(["dialout", "input"])),
        (doctor.check_queues(0o100700, "lp"), doctor.check_queues(0o100755, "lp")),
        (doctor.check_zbar("libzbar.so.0"), doctor.check_zbar(None)),
        (doctor.check_smart_cards("lib", "pcscd"), doctor.check_smart_cards("lib", None)),
        (doctor.check_brltty(installed=False), doctor.check_brltty(installed=True)),
        (
            doctor.check_modem_manager(running=True, ruled=True),
            doctor.check_modem_manager(running=True, ruled=False),
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
    finding = doctor.check_libraries("agent", ["serial", "segno"])
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
    absent, wrong = doctor.check_browser(None), doctor.check_python((3, 10))
    monkeypatch.setattr(doctor, "examine", lambda: [absent])
    assert CliRunner().invoke(doctor.command).exit_code == 0
    monkeypatch.setattr(doctor, "examine", lambda: [absent, wrong])
    assert CliRunner().invoke(doctor.command).exit_code == 1


def test_a_machine_without_our_cups_backend_lacks_nothing():
    assert doctor.check_queues(None, None).state == "ok"
    assert doctor.check_queues(0o100700, None).mend == "apt install cups-client"

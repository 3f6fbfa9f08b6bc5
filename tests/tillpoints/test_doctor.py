import json
import os
import pwd
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace as replace_struct

from edge_agent.config import Central, Config
from edge_agent.devices.printer_config import Printer
from edge_agent.devices.printer_font import FontMissingError
from tillpoints import findings, kernel_clock
from tillpoints.commands import doctor
from tillpoints.folder_findings import Place, Seen, check_place, check_room, look


@pytest.mark.parametrize(
    ("healthy", "sick"),
    [
        (findings.check_python((3, 11, 0)), findings.check_python((3, 10, 14))),
        (findings.check_sqlite((3, 37, 0)), findings.check_sqlite((3, 36, 0))),
        (findings.check_ntp(None, kept=True), findings.check_ntp(None, kept=False)),
        (check_room(Path("/"), 512, None), check_room(Path("/"), 511, None)),
        (findings.check_memory(Path("/run"), True), findings.check_memory(Path("/run"), False)),
        (findings.check_clock(1001.0, 1000.0), findings.check_clock(999.0, 1000.0)),
        (findings.check_libraries("agent", []), findings.check_libraries("agent", ["serial"])),
        (findings.check_chinese_font(["文泉驿"]), findings.check_chinese_font([])),
        (findings.check_slip_font(Path("/f.ttc")), findings.check_slip_font(None)),
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


def test_a_printer_of_pictures_wants_a_font_and_others_do_not(monkeypatch):
    def no_font():
        raise FontMissingError("none")

    monkeypatch.setattr(doctor, "find_font", no_font)
    cups = Printer(kind="cups", address="q", profile="star-tsp100")
    config = Config(state="s", central=Central(url="http://c"), printer=cups)
    (finding,) = doctor.slip_fonts(config)
    assert finding.state == "wrong"
    named = replace_struct(config, printer=replace_struct(cups, font="/f.ttc"))
    assert doctor.slip_fonts(named) == []
    text = replace_struct(config, printer=Printer(kind="cups", address="q"))
    assert doctor.slip_fonts(text) == doctor.slip_fonts(None) == []


def test_json_and_text_tell_the_same_findings():
    as_json = json.loads(CliRunner().invoke(doctor.command, ["--json"]).stdout)
    as_text = CliRunner().invoke(doctor.command).stdout
    names = [finding["name"] for finding in as_json["findings"]]
    assert {"python", "sqlite", "disk", "clock", "agent", "central", "font"} < set(names)
    for name in names:
        assert f" {name} " in as_text


def test_only_what_is_wrong_everywhere_fails_the_command(monkeypatch):
    absent, wrong = findings.check_browser(None), findings.check_python((3, 10))
    monkeypatch.setattr(doctor, "examine", lambda _: [absent])
    assert CliRunner().invoke(doctor.command).exit_code == 0
    monkeypatch.setattr(doctor, "examine", lambda _: [absent, wrong])
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
    who = doctor.who_uses_it()
    groups = {*os.getgrouplist("daemon", daemon.pw_gid)}
    assert who == ("daemon", daemon.pw_uid, groups)
    assert doctor.missing_groups(who.groups)
    monkeypatch.setattr(doctor, "SERVICE_USER", "nobody of that name")
    assert doctor.who_uses_it() == ("root", 0, None)
    assert doctor.missing_groups(None) == []


@pytest.mark.parametrize("keeper", ["systemd-timesyncd", "chronyd", "ntpd"])
def test_who_should_keep_the_clock_and_does_not_is_named_with_how_to_ask_it(keeper):
    finding = findings.check_ntp(keeper, kept=False)
    assert keeper in finding.zh
    assert keeper in finding.en
    assert "; " in finding.mend


def test_the_kernel_says_whether_its_clock_is_kept():
    assert kernel_clock.is_kept() in {True, False, None}
    # adjtimex(2): the state TIME_OK or TIME_ERROR; the flags STA_PLL and STA_UNSYNC.
    assert kernel_clock.means_kept(0, 0x0001)
    assert not kernel_clock.means_kept(5, 0x0041)
    assert not kernel_clock.means_kept(0, 0x0040)
    assert findings.check_ntp("ntpd", kept=None).mend == "timedatectl status"


def test_a_disk_is_full_when_no_more_files_fit():
    assert check_room(Path("/"), 512, 10_000).state == "ok"
    assert check_room(Path("/"), 512, 9_999).state == "wrong"


SPOOL = Place(Path("/spool/a b"), "打印副本", "print copies")
PICTURES = Place(Path("/frames"), "摄像头画面", "camera pictures", "reading")
FIT = Seen("folder", permits=True, free_mib=600, inodes=20_000)


@pytest.mark.parametrize(
    ("place", "seen", "state", "said", "mend"),
    [
        (SPOOL, FIT, "ok", "is fit for use", ""),
        (SPOOL, replace(FIT, inodes=None), "ok", "is fit for use", ""),
        (
            SPOOL,
            replace(FIT, shape="nothing"),
            "absent",
            "not there yet",
            "install -d -m 0700 -o pos ",
        ),
        (SPOOL, Seen("nothing", free_mib=5), "wrong", "only 5 MiB", "du -xh / "),
        (SPOOL, Seen("hidden"), "absent", "cannot be seen", "sudo tillpoints doctor"),
        (SPOOL, replace(FIT, shape="file"), "wrong", "no folder", "mv '/spool/a b' "),
        (SPOOL, replace(FIT, read_only=True), "wrong", "read-only", "mount -o remount,rw "),
        (
            SPOOL,
            replace(FIT, permits=False),
            "wrong",
            "written by pos",
            "chown -R pos '/sp",
        ),
        (SPOOL, replace(FIT, free_mib=5), "wrong", "only 5 MiB", "du -xh / "),
        (SPOOL, replace(FIT, inodes=5), "wrong", "only 5 more files", "du -x --inodes / "),
        (PICTURES, replace(FIT, read_only=True, free_mib=0), "ok", "is fit for use", ""),
        (PICTURES, replace(FIT, permits=False), "wrong", "read by pos", "chmod -R a+rX /frames"),
        (PICTURES, Seen("nothing"), "absent", "not there yet", "put it at /frames"),
    ],
)
def test_a_folder_that_is_not_fit_is_told_with_what_mends_it(place, seen, state, said, mend):
    finding = check_place(place, seen, "pos")
    assert finding.state == state
    assert said in finding.en
    assert str(place.path) in finding.zh
    assert finding.mend.startswith(mend)


def test_folders_are_looked_at_with_the_eyes_of_who_uses_them(tmp_path):
    place = Place(tmp_path / "spool", "打印副本", "print copies")
    missing = look(place, 1, {1})
    assert (missing.shape, missing.free_mib > 0) == ("nothing", True)
    place.path.mkdir()
    own = place.path.stat()
    for mode, uid, groups, permits in (
        (0o700, own.st_uid, set(), True),
        (0o500, own.st_uid, set(), False),
        (0o070, own.st_uid + 1, {own.st_gid}, True),
        (0o707, own.st_uid + 1, {own.st_gid}, False),
        (0o707, own.st_uid + 1, {own.st_gid + 1}, True),
        (0o770, own.st_uid + 1, {own.st_gid + 1}, False),
        (0o000, own.st_uid + 1, None, True),
    ):
        place.path.chmod(mode)
        assert look(place, uid, groups).permits == permits, oct(mode)
    place.path.chmod(0o700)
    seen = look(place, own.st_uid, None)
    assert (seen.shape, seen.read_only) == ("folder", False)
    assert seen.free_mib > 0
    (tmp_path / "file").touch()
    assert look(Place(tmp_path / "file", "", ""), 0, None).shape == "file"
    assert look(Place(tmp_path / "file" / "in it", "", ""), 0, None).shape == "nothing"


def test_every_folder_that_agent_toml_names_is_looked_at(tmp_path):
    config = tmp_path / "agent.toml"
    config.write_text(
        'state = "journal"\nruntime = "run"\n'
        '[central]\nurl = "http://c"\nca_file = "ca.pem"\n'
        '[[tap]]\nspool = "spool-1"\n[[tap]]\nspool = "spool-2"\n'
        '[[camera]]\nfile = "frames"\n'
    )
    (tmp_path / "journal").mkdir()
    ran = CliRunner().invoke(doctor.command, ["--config", str(config), "--json"])
    found = [each for each in json.loads(ran.stdout)["findings"] if each["name"] == "folder"]
    told = [(each["state"], each["en"].replace(f"{tmp_path}/", "")) for each in found]
    assert told == [
        ("ok", "journal journal is fit for use"),
        ("absent", "mark in memory run is not there yet"),
        ("absent", "print copies spool-1 is not there yet"),
        ("absent", "print copies spool-2 is not there yet"),
        ("absent", "camera pictures frames is not there yet"),
        ("absent", "central's certificates ca.pem is not there yet"),
    ]
    assert CliRunner().invoke(doctor.command, ["--config", str(tmp_path / "no")]).exit_code == 3

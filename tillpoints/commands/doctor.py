"""`tillpoints doctor`: what is missing on this machine, and the package that brings it.

Looks and reports; it installs and changes nothing. What the facts mean is in `tillpoints.findings`.
"""

import ctypes.util
import grp
import importlib.util
import json
import os
import pwd
import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import click

from edge_agent.config import Config, ConfigError, load
from edge_agent.devices.printer_font import FontMissingError, find_font
from edge_agent.journal.file.mark_file import is_in_memory
from tillpoints import kernel_clock
from tillpoints.exits import ConfigurationFailure
from tillpoints.findings import (
    CUPS_BACKEND,
    UDEV_RULES,
    Finding,
    check_brltty,
    check_browser,
    check_chinese_font,
    check_clock,
    check_groups,
    check_kiosk_screen,
    check_libraries,
    check_memory,
    check_ntp,
    check_python,
    check_queues,
    check_rules,
    check_slip_font,
    check_smart_cards,
    check_sqlite,
    check_zbar,
)
from tillpoints.folder_findings import check_disk, check_place, look, places

#: Where the services find their configuration.
AGENT_TOML = Path("/etc/tillpoints/agent.toml")
#: The journal, and the tap's spool.
STATE_FOLDERS = (Path("/var/lib"), Path("/var/spool"))
RUNTIME_FOLDER = Path("/run")
SERVICE_USER = "tillpoints"
DEVICE_GROUPS = ("dialout", "input", "lp", "video")

# What each role imports, by the extra of the distribution that brings it.
LIBRARIES = {
    "agent": (
        "PIL",
        "apscheduler",
        "cv2",
        "escpos",
        "evdev",
        "flask",
        "numpy",
        "pyudev",
        "pyzbar",
        "requests",
        "serial",
        "waitress",
        "werkzeug",
        "zxingcpp",
    ),
    "central": (
        "alembic",
        "apscheduler",
        "escpos",
        "flask",
        "gunicorn",
        "psycopg",
        "sqlalchemy",
        "structlog",
        "tzdata",
        "waitress",
        "werkzeug",
    ),
    "ocr": ("onnxruntime", "rapidocr"),
}


def chinese_font_families() -> list[str]:
    """Ask fontconfig; without fontconfig nobody could use a font anyway."""
    if not (fc_list := shutil.which("fc-list")):
        return []
    answer = subprocess.run(
        [fc_list, ":lang=zh-cn", "family"], capture_output=True, text=True, check=True, timeout=30
    )
    return sorted(line.split(",")[0] for line in answer.stdout.splitlines() if line)


class Who(NamedTuple):
    """Who must be able to use this machine; `groups` is None for root, who needs none."""

    name: str
    uid: int
    groups: set[int] | None


def who_uses_it() -> Who:
    """Return who asks; where root asks on a machine with our service, the service's user."""
    uid = os.geteuid()
    if uid:
        name = next((each.pw_name for each in pwd.getpwall() if each.pw_uid == uid), str(uid))
        return Who(name, uid, {*os.getgroups(), os.getegid()})
    try:
        service = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        return Who("root", 0, None)
    groups = {*os.getgrouplist(service.pw_name, service.pw_gid)}
    return Who(service.pw_name, service.pw_uid, groups)


def missing_groups(groups: set[int] | None) -> list[str]:
    """Name the groups that this machine has, that devices belong to, and that are not theirs."""
    if groups is None:
        return []
    known = {group.gr_name: group.gr_gid for group in grp.getgrall()}
    return [name for name in DEVICE_GROUPS if name in known and known[name] not in groups]


def disks(config: Config | None, who: Who) -> list[Finding]:
    """Judge the folders that agent.toml names; without one, the disks where they would be."""
    if config is not None:
        seen = ((each, look(each, who.uid, who.groups)) for each in places(config))
        return [check_place(place, found, who.name) for place, found in seen]
    found = {folder.stat().st_dev: folder for folder in reversed(STATE_FOLDERS) if folder.exists()}
    return [check_disk(folder) for folder in found.values()]


def missing_for_the_screen() -> list[str]:
    """Name the programs that a kiosk's screen lacks, as their Debian packages are called."""
    path = "/usr/local/bin:/usr/bin:/usr/sbin"  # seatd is root's
    return [
        each.lower() for each in ("cage", "Xwayland", "seatd") if not shutil.which(each, path=path)
    ]


def slip_fonts(config: Config | None) -> list[Finding]:
    """Judge the font of slips, where agent.toml wants them drawn and leaves the font to us."""
    if config is None or config.printer.font or config.printer.encoder().encoding != "picture":
        return []
    try:
        return [check_slip_font(find_font())]
    except FontMissingError:
        return [check_slip_font(None)]


def examine(config: Config | None = None) -> list[Finding]:
    """Gather the facts of this machine and judge them."""
    who = who_uses_it()
    return [
        check_python(sys.version_info[:3]),
        check_sqlite(sqlite3.sqlite_version_info),
        *disks(config, who),
        check_memory(RUNTIME_FOLDER, is_in_memory(RUNTIME_FOLDER)),
        check_clock(time.time(), Path(__file__).stat().st_mtime),
        check_ntp(kernel_clock.keeper(), kept=kernel_clock.is_kept()),
        *(
            check_libraries(extra, [name for name in names if not importlib.util.find_spec(name)])
            for extra, names in LIBRARIES.items()
        ),
        check_chinese_font(chinese_font_families()),
        *slip_fonts(config),
        check_browser(shutil.which("chromium")),
        check_kiosk_screen(missing_for_the_screen()),
        check_groups(missing_groups(who.groups), who.name),
        check_queues(
            CUPS_BACKEND.stat().st_mode if CUPS_BACKEND.exists() else None, shutil.which("lp")
        ),
        check_zbar(ctypes.util.find_library("zbar")),
        check_smart_cards(
            ctypes.util.find_library("pcsclite"),
            shutil.which("pcscd", path="/usr/sbin:/usr/bin:/usr/local/sbin"),
        ),
        check_brltty(installed=bool(shutil.which("brltty"))),
        check_rules(
            ruled=UDEV_RULES.exists(),
            modem_manager=bool(shutil.which("ModemManager", path="/usr/sbin:/usr/bin")),
        ),
    ]


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help=f"This till's agent.toml, whose folders are looked at.  [default: {AGENT_TOML}]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object with every finding.")
def command(config_path: Path | None, as_json: bool) -> None:
    """Say what is missing on this machine, and the package that brings it.

    Exits 1 when something is wrong on any machine; what only some roles need is just told.
    """
    path = config_path or (AGENT_TOML if AGENT_TOML.exists() else None)
    try:
        findings = examine(load(path) if path else None)
    except ConfigError as error:
        raise ConfigurationFailure(str(error)) from error
    if as_json:
        found = {"findings": [asdict(each) for each in findings]}
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for each in findings:
            click.echo(f"{each.state:7}{each.name:10}{each.zh} / {each.en}")
            if each.mend:
                click.echo(f"{'':17}-> {each.mend}")
    if any(each.state == "wrong" for each in findings):
        raise SystemExit(1)

"""What a machine may lack, and the package or command that mends it.

Each check is a function of facts, so that a healthy machine can be asked what it would say about a
sick one. Nothing here looks at the machine.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PYTHON_MIN = (3, 11)
SQLITE_MIN = (3, 37)
CLOCK_AHEAD_MAX_S = 20 * 366 * 86_400.0
UDEV_RULES = Path("/etc/udev/rules.d/70-tillpoints.rules")
CUPS_BACKEND = Path("/usr/lib/cups/backend/tillpoints")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `mend` is the command or setting that puts it right."""

    name: str
    state: Literal["ok", "absent", "wrong"]
    zh: str
    en: str
    mend: str = ""


def check_python(version: tuple[int, ...]) -> Finding:
    """Python must be one that we are written for."""
    shown = ".".join(map(str, version[:3]))
    if version < PYTHON_MIN:
        return Finding(
            "python",
            "wrong",
            f"Python {shown} 版本过低",
            f"Python {shown} is too old",
            "apt install python3.11 python3.11-venv",
        )
    return Finding("python", "ok", f"Python {shown}", f"Python {shown}")


def check_sqlite(version: tuple[int, ...]) -> Finding:
    """SQLite must know STRICT tables, which the journal is made of (3.37, 2021)."""
    shown = ".".join(map(str, version))
    if version < SQLITE_MIN:
        return Finding(
            "sqlite",
            "wrong",
            f"SQLite {shown} 版本过低",
            f"SQLite {shown} is too old",
            "apt install libsqlite3-0",
        )
    return Finding("sqlite", "ok", f"SQLite {shown}", f"SQLite {shown}")


def check_libraries(extra: str, missing: Iterable[str]) -> Finding:
    """A machine needs the libraries of its own role only, so a missing one is no error."""
    if names := ", ".join(missing):
        return Finding(
            extra,
            "absent",
            f"缺少 {names}",
            f"without {names}",
            f"pip install 'tillpoints[{extra}]'",
        )
    return Finding(extra, "ok", "组件齐全", "every library is here")


def check_chinese_font(families: Iterable[str]) -> Finding:
    """Without a Chinese font a screen shows empty boxes."""
    if family := next(iter(families), None):
        return Finding("font", "ok", f"中文字体 {family}", f"Chinese font {family}")
    return Finding(
        "font",
        "absent",
        "没有中文字体，屏幕会显示方框",
        "no Chinese font: screens show boxes",
        "apt install fontconfig fonts-wqy-microhei",
    )


def check_slip_font(found: Path | None) -> Finding:
    """A printer that is sent pictures of slips prints none without a font that we know."""
    if found is not None:
        return Finding("slips", "ok", f"小票字体 {found}", f"slips are drawn with {found}")
    return Finding(
        "slips",
        "wrong",
        "没有小票字体，这台打印机打不出积分联",
        "no font to draw slips with: this till's printer prints none",
        "apt install fonts-wqy-microhei",
    )


def check_browser(found: str | None) -> Finding:
    """The kiosk's and the till's pages want a browser; Chromium is the one they are tested in."""
    if found:
        return Finding("chromium", "ok", f"浏览器 {found}", f"browser {found}")
    return Finding("chromium", "absent", "没有 Chromium", "no Chromium", "apt install chromium")


def check_kiosk_screen(missing: Iterable[str]) -> Finding:
    """A kiosk shows its page in cage, which wants Xwayland and a seat of seatd. Debian's names."""
    if packages := " ".join(missing):
        return Finding(
            "kiosk",
            "absent",
            f"没有 {packages}，自助机画面不能自动启动",
            f"without {packages} a kiosk's screen does not start by itself",
            f"apt install {packages}",
        )
    return Finding("kiosk", "ok", "自助机画面可自动启动", "a kiosk's screen can start by itself")


def check_groups(missing: Iterable[str], user: str) -> Finding:
    """Devices belong to groups: serial lines to dialout, keyboards to input, printers to lp."""
    if names := ",".join(missing):
        return Finding(
            "groups",
            "absent",
            f"用户 {user} 不在 {names} 组，不能打开那里的设备",
            f"the user {user} is not in {names} and cannot open their devices",
            f"usermod -a -G {names} {user}",
        )
    return Finding("groups", "ok", "可以打开设备", "may open every kind of device")


def check_zbar(found: str | None) -> Finding:
    """Cameras and `tillpoints codes` ask zbar where zxing-cpp reads nothing; they work without."""
    if found:
        return Finding("zbar", "ok", f"识读库 {found}", f"second code reader {found}")
    return Finding(
        "zbar",
        "absent",
        "没有 libzbar：摄像头读模糊条码的能力较弱",
        "no libzbar: cameras read fewer damaged codes",
        "apt install libzbar0",
    )


def check_smart_cards(library: str | None, daemon: str | None) -> Finding:
    """Contactless cards of a PC/SC reader come through Debian's daemon and its library."""
    missing = [
        package
        for package, found in (("libpcsclite1", library), ("pcscd", daemon))
        if found is None
    ]
    if missing:
        names = " ".join(missing)
        return Finding(
            "cards",
            "absent",
            f"没有 {names}，PC/SC 读卡器不能用",
            f"without {names} no PC/SC card reader works",
            f"apt install {names}",
        )
    return Finding("cards", "ok", "PC/SC 读卡器可用", "PC/SC card readers can be used")


def check_brltty(installed: bool) -> Finding:
    """Brltty takes CH340, CP210x and FTDI adapters for Braille displays: ttyUSB vanishes."""
    if installed:
        return Finding(
            "brltty",
            "absent",
            "brltty 会占用 USB 转串口线，扫码枪会消失",
            "brltty takes USB serial adapters, and scanners on them vanish",
            "apt remove brltty",
        )
    return Finding("brltty", "ok", "没有 brltty", "no brltty")


def check_rules(*, ruled: bool, modem_manager: bool) -> Finding:
    """Udev's rules give the agent its scanners, and keep the desktop and modem daemons off them."""
    if ruled:
        return Finding("rules", "ok", "设备规则已安装", "udev's rules for scanners are here")
    zh, en = "没有设备规则，HID-POS 扫码枪打不开", "without udev's rules no HID-POS scanner opens"
    if modem_manager:
        zh += "，ModemManager 还会向串口扫码枪发命令"
        en += ", and ModemManager talks to those on serial lines"
    mend = f"tillpoints devices rules --config agent.toml > {UDEV_RULES}; udevadm control --reload"
    return Finding("rules", "absent", zh, en, mend)


def check_queues(mode: int | None, lp: str | None) -> Finding:
    """CUPS runs a backend as root only if nobody else may read it; ours gives copies away."""
    if mode is None:
        told = ("没有经过 CUPS 的小票抄送", "no CUPS queue is copied")
        return Finding("queues", "ok", *told)
    if mode & 0o077:
        return Finding(
            "queues",
            "absent",
            f"{CUPS_BACKEND} 权限不对，留不下小票副本",
            f"{CUPS_BACKEND} can be read by others: it cannot give its copies to the tap",
            f"chmod 0700 {CUPS_BACKEND}",
        )
    if lp is None:
        return Finding("queues", "absent", "没有 lp", "no lp", "apt install cups-client")
    return Finding("queues", "ok", "CUPS 打印有副本", "what CUPS prints is copied")


def check_memory(folder: Path, in_memory: bool) -> Finding:
    """In memory the agent leaves the mark by which a run goes on for one that was killed."""
    if not in_memory:
        return Finding(
            "memory",
            "absent",
            f"{folder} 不在内存里：程序被杀后要等一刻钟才能再兑换",
            f"{folder} is not in memory: a killed agent lends nothing for a quarter of an hour",
            "mount -t tmpfs tmpfs /run, or name a folder on tmpfs: runtime in agent.toml",
        )
    return Finding("memory", "ok", f"{folder} 在内存里", f"{folder} is in memory")


def check_clock(now_s: float, installed_s: float) -> Finding:
    """A clock before our own installation, or decades after it, has lost its battery or network."""
    shown = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now_s))
    if now_s > installed_s + CLOCK_AHEAD_MAX_S:
        return Finding(
            "clock",
            "wrong",
            f"时钟不对：{shown} 比本软件的安装时间晚了二十多年",
            f"the clock is wrong: {shown} is decades after this was installed",
            "timedatectl set-ntp true",
        )
    if now_s < installed_s:
        return Finding(
            "clock",
            "wrong",
            f"时钟不对：{shown} 早于本软件的安装时间",
            f"the clock is wrong: {shown} is before this was installed",
            "timedatectl set-ntp true",
        )
    return Finding("clock", "ok", f"时钟 {shown}", f"clock {shown}")


#: What asks what it last knew, by the program that keeps the clock; Debian's names.
_ASK_KEEPER = {
    "systemd-timesyncd": "timedatectl set-ntp true; timedatectl timesync-status",
    "chronyd": "systemctl enable --now chrony; chronyc tracking",
    "ntpd": "systemctl enable --now ntpsec; ntpq -p",
}


def check_ntp(keeper: str | None, *, kept: bool | None) -> Finding:
    """Sales are dated by this clock; `kept` is what the kernel says, `keeper` who should."""
    if kept is None:
        return Finding(
            "ntp",
            "absent",
            "内核不让问时钟是否已校准",
            "the kernel may not be asked whether the clock is kept",
            "timedatectl status",
        )
    if kept:
        return Finding("ntp", "ok", "时钟由 NTP 校准", "NTP keeps the clock")
    if keeper is None:
        return Finding(
            "ntp",
            "absent",
            "没有校时服务，时钟会越走越偏",
            "nothing keeps the clock: it drifts",
            "apt install systemd-timesyncd; timedatectl set-ntp true",
        )
    return Finding(
        "ntp",
        "absent",
        f"{keeper} 已安装，但还没有校准时钟（UDP 123 可能被防火墙挡住）",
        f"{keeper} is installed and does not keep the clock: is UDP port 123 open?",
        _ASK_KEEPER[keeper],
    )

"""What a machine finds at its start: tillpoints, installed by the commands of our own manual.

Debian and its programs are this machine's; what this machine starts for itself is taken away.
"""

import re
import shlex
import sys
import sysconfig
from pathlib import Path

from tests.edge_agent.counter import enrol_and_stock, sale_text
from tests.lab.machine.machine import IMAGE, ROOT

HERE = Path(__file__).parent
UNITS = ROOT / "firmware_configs/systemd"
PYTHON = "/usr/local/lib/tillpoints/bin/python"
SOURCE = "/usr/local/src/tillpoints"
STORIES = "/usr/local/lib/lab"
SPOOL = "/var/spool/tillpoints/counter-1"
NUMBERS = ("HL1", "HL2", "HL3", "HL4")
#: The manual's commands that a machine without a network, and not yet running, has no use for: a
#: folder that is mounted stands for what pip installs, a file for what central answers.
NOT_HERE = ("python3 -m venv", "/usr/local/lib/tillpoints/bin/pip", "runuser", "tillpoints doctor")
NOT_HERE += ("udevadm", "apt")

TAP = f"""\
[[tap]]
name = "counter-1"
listen = "/dev/g_printer0"
printer = "/dev/ttyS1"
spool = "{SPOOL}"
baud = 115200
"""
AGENT = f"""\
state = "/var/lib/tillpoints"
[central]
url = "http://127.0.0.1:9"
[printer]
profile = "zjiang-pos-5890"
[[scanner]]
port = "/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_SCAN-if00-port0"
baud = 115200
[[hid_scanner]]
vid = "0627"
pid = "0001"
[[tap]]
spool = "{SPOOL}"
"""
COMMAND = f"""\
#!{PYTHON}
import sys
sys.path.insert(0, "{SOURCE}")
from tillpoints.cli import main
main()
"""
TELLING = f"""\
[Unit]
After=dbus.service
[Service]
Environment=PYTHONPATH={SOURCE} PYTHONDONTWRITEBYTECODE=1
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
ExecStart={PYTHON} {SOURCE}/tests/lab/services/telling.py {STORIES}
ExecStopPost=systemctl poweroff -ff
[Install]
WantedBy=multi-user.target
"""
#: Till's processors are faster than an emulated one, and our patience with them shorter.
PATIENCE = "[Manager]\nDefaultTimeoutStartSec=900\nDefaultTimeoutStopSec=300\n"
#: The agent's own watchdog has a minute; the tap's stays as it is.
WATCHED = "[Service]\nTimeoutStartSec=900\nWatchdogSec=25\n"
#: No graphics card that computes, and no browser: Chromium takes minutes on such a processor.
SCREEN = """\
[Service]
Environment=WLR_RENDERER=pixman
ExecStart=
ExecStart=cage -d -s -- sleep infinity
"""


def manual_s_commands():
    """Return what docs tell store IT to type, for the services, the USB printer and the kiosk."""
    text = (ROOT / "docs/devices.md").read_text(encoding="utf-8")
    services = text.split("\n## Running it as a service\n")[1].split("\n## ")[0]
    text = (ROOT / "docs/printers.md").read_text(encoding="utf-8")
    gadget = text.split("\n- **USB**")[1].split("\n- **")[0]
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", gadget + services, re.DOTALL | re.MULTILINE)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    # No systemd runs yet: what it is told to start at once, starts with the boot.
    lines = [line.replace("enable --now", "enable") for line in lines]
    return [line for line in lines if not line.startswith(NOT_HERE)]


def probe_unit(name):
    """Return a service that looks around in place of this one, behind the same bars."""
    text = (UNITS / f"tillpoints-{name}.service").read_text(encoding="utf-8")
    text = re.sub(r"^(Restart|WatchdogSec|Before)=.*\n", "", text, flags=re.MULTILINE)
    text = text.replace("Type=notify", f"Type=oneshot\nStandardOutput=file:/run/probe-{name}")
    probe = f"ExecStart={PYTHON} {SOURCE}/tests/lab/services/probe.py"
    text, count = re.subn(r"^ExecStart=.*$", probe, text, flags=re.MULTILINE)
    assert count == 1
    return text


def write(folder):
    """Write everything into a folder; return the script that installs it before systemd starts."""
    enrol_and_stock(folder / "state")
    for number in NUMBERS:
        job = b"\x1b@" + sale_text(number).encode("gb18030") + b"\x1dV\x00"
        (folder / number).write_bytes(job)
    texts = {
        "tap.toml": TAP,
        "agent.toml": AGENT,
        "tillpoints": COMMAND,
        "telling.service": TELLING,
        "patience.conf": PATIENCE,
        "watched.conf": WATCHED,
        "screen.conf": SCREEN,
        **{f"probe-{name}.service": probe_unit(name) for name in ("tap", "agent")},
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    script = folder / "install"
    script.write_text(_script(folder), encoding="utf-8")
    return script


def _script(folder):
    site = Path(sysconfig.get_path("purelib"))
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    venv = "/usr/local/lib/tillpoints"
    etc = "/etc/systemd/system"
    return f"""\
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin PYTHONDONTWRITEBYTECODE=1
# Nothing of this machine starts there but Debian's own: no container, no services, no drivers.
rm -rf /.dockerenv {etc} /etc/modules-load.d /usr/lib/modules-load.d
echo {"1" * 32} >/etc/machine-id
mkdir -p {etc} /etc/modules-load.d /lib/modules /etc/systemd/system.conf.d /etc/udev/rules.d
mkdir -p {SOURCE} {STORIES} {venv}/bin {venv}/lib/{version}/site-packages /usr/local/lib/python
mkdir -p /usr/lib/modules-load.d
# A board with a USB device port has its driver at hand; this one is played by the kernel.
echo dummy_hcd >/etc/modules-load.d/board.conf
mount --bind {shlex.quote(str(IMAGE / "lib/modules"))} /lib/modules
mount --bind {shlex.quote(str(ROOT))} {SOURCE}
mount --bind {shlex.quote(sys.base_prefix)} /usr/local/lib/python
mount --bind {shlex.quote(str(site))} {venv}/lib/{version}/site-packages
ln -s /usr/local/lib/python/bin/{version} {venv}/bin/python
echo home = /usr/local/lib/python/bin >{venv}/pyvenv.cfg
cd {shlex.quote(str(folder))}
install -m 0755 tillpoints {venv}/bin/
cp HL* {STORIES}
cp agent.toml tap.toml {SOURCE}
cp *.service {etc}
cp patience.conf /etc/systemd/system.conf.d/
install -D -m 0644 watched.conf {etc}/tillpoints-agent.service.d/lab.conf
install -D -m 0644 screen.conf {etc}/tillpoints-kiosk.service.d/lab.conf
cp -r state /var/lib/lab-state
mount -t tmpfs tmp /tmp
cd {SOURCE}
{chr(10).join(manual_s_commands())}
cp -r /var/lib/lab-state/. /var/lib/tillpoints/
chown -R tillpoints:tillpoints /var/lib/tillpoints
systemctl enable telling getty@tty1
# The screen comes later: nothing here draws quickly.
systemctl set-default multi-user.target
systemctl mask serial-getty@ttyS0 systemd-tmpfiles-clean.timer
# Another package's: they would look for a driver for the POS's printer.
rm -f /lib/udev/rules.d/*printer*
"""

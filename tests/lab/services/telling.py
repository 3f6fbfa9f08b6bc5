"""Runs in the booted machine, as a service beside ours: what became of them there.

One line of JSON for each story, and one for each hand that is wanted outside. Standard library
only: what it needs to know, it asks systemd, the agent's own page and the files.
"""

import json
import os
import signal
import stat
import subprocess
import sys
import time
import traceback
import urllib.request
from pathlib import Path

WAIT_S = 600  # an emulated processor, and maybe a busy one
STORIES = Path(sys.argv[1])
USB = Path("/dev/usb/lp0")
GADGET, TAP, AGENT = (f"tillpoints-{name}.service" for name in ("gadget", "tap", "agent"))
KIOSK = "tillpoints-kiosk.service"


def ask(**what):
    """Ask the hands outside for something."""
    print("ASK " + json.dumps(what), flush=True)  # noqa: T201 how the machine is heard


def wait_for(condition):
    until_s = time.monotonic() + WAIT_S
    while not (answer := condition()):
        if time.monotonic() > until_s:
            raise TimeoutError("it never happened\n" + journal("-n", "40"))
        time.sleep(1.5)  # asking costs what it asks about: the only processor
    return answer


def said_by(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def journal(*options):
    return said_by("journalctl", "-b", "--no-pager", "-o", "cat", *options)


def systemctl(*arguments):
    subprocess.run(["systemctl", *arguments], check=True)


def shown(unit, *keys):
    """Ask systemd for a unit's properties."""
    lines = said_by("systemctl", "show", "-p", ",".join(keys), unit).splitlines()
    values = dict(line.split("=", 1) for line in lines)
    return [values[key] for key in keys]


def pid(unit):
    return int(shown(unit, "MainPID")[0])


def active(unit):
    return shown(unit, "ActiveState") == ["active"]


def restarts(unit):
    return int(shown(unit, "NRestarts")[0])


def state():
    """Return what the agent's screen shows; nothing while there is no agent."""
    try:
        with urllib.request.urlopen("http://127.0.0.1:8710/api/state", timeout=60) as answer:
            return json.load(answer)
    except OSError:
        return {}


def on_screen(condition):
    def found():
        now = state()
        return now if condition(now) else None

    return wait_for(found)


def first(state):
    return (state.get("recent") or [{}])[0]


def print_receipt(number):
    """Print as a POS with a USB printer does."""
    with USB.open("wb", buffering=0) as line:
        # Not closed before all has gone: usblp forgets then what is still on its way.
        line.write((STORIES / number).read_bytes())


def after_the_boot():
    """Everything is up, in its order, and systemd found nothing odd about it."""
    wait_for(lambda: active(TAP) and active(AGENT))
    (made,) = shown(GADGET, "ExecMainExitTimestampMonotonic")
    tap = shown(TAP, "ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    (agent,) = shown(AGENT, "ExecMainStartTimestampMonotonic")
    moments = [int(each) for each in (made, *tap, agent)]
    units = [option for unit in (GADGET, TAP, AGENT) for option in ("-u", unit)]
    return {
        "active": [active(unit) for unit in (GADGET, TAP, AGENT)],
        "restarts": [restarts(unit) for unit in (TAP, AGENT)],
        "type": [shown(unit, "Type")[0] for unit in (TAP, AGENT)],
        "user": [shown(unit, "User")[0] for unit in (TAP, AGENT)],
        "in order": moments == sorted(moments),
        "complaints": journal("-p", "warning", *units).splitlines(),
    }


def a_sale_with_a_scanner_that_came_later():
    """No adapter was plugged in at the boot, so its driver was not there when the agent began."""
    ask(do="plug", name="SCAN")
    on_screen(lambda state: state.get("scanner") == "yes")
    ask(do="scan")
    on_screen(lambda state: state.get("member"))
    print_receipt("HL1")
    on_screen(lambda state: (first(state).get("slip") or {}).get("state") == "printed")
    sale = first(state())
    return {"points": sale["points"], "number": sale["number"]}


def a_keyboard_pulled_and_back():
    ask(do="unplug")
    on_screen(lambda state: state.get("scanner") == "no")
    ask(do="plug", name="keyboard")
    on_screen(lambda state: state.get("scanner") == "yes")
    ask(do="type")
    return on_screen(lambda state: state.get("member"))["member"]["masked_name"]


def a_killed_tap():
    agent = pid(AGENT)
    os.kill(pid(TAP), signal.SIGKILL)
    wait_for(lambda: restarts(TAP) == 1 and active(TAP))
    print_receipt("HL2")
    on_screen(lambda state: first(state).get("number") == "HL2")
    return {"the agent is the same": pid(AGENT) == agent}


def services_that_stand_still():
    """First the agent, and paper comes out all the same; then the tap too; then both are back."""
    tap, spool = pid(TAP), Path("/var/spool/tillpoints/counter-1")
    os.kill(pid(AGENT), signal.SIGSTOP)
    kept = len(list(spool.rglob("*")))
    print_receipt("HL3")
    wait_for(lambda: len(list(spool.rglob("*"))) > kept)
    same = pid(TAP) == tap
    os.kill(tap, signal.SIGSTOP)
    wait_for(lambda: restarts(TAP) == 2 and restarts(AGENT) == 1)
    wait_for(lambda: active(TAP) and active(AGENT))
    print_receipt("HL4")
    wanted = {"HL3", "HL4"}
    on_screen(lambda state: wanted <= {each.get("number") for each in state.get("recent", [])})
    hung = ["Watchdog timeout" in journal("-u", unit) for unit in (TAP, AGENT)]
    return {"found out": hung, "the tap printed meanwhile": same}


def a_kiosk_s_screen():
    """The first console becomes a session with a seat, and cage draws on the graphics card."""
    systemctl("start", KIOSK)

    def drawing():
        card = ("find", f"/proc/{pid(KIOSK)}/fd", "-lname", "/dev/dri/card0")
        opened = subprocess.run(card, check=False, capture_output=True).stdout
        return opened and list(Path("/run/user").glob("*/wayland-0"))

    wait_for(drawing)
    sessions = said_by("loginctl", "--no-legend", "list-sessions").splitlines()
    return {
        "sessions": [line.split()[2:] for line in sessions],
        "restarts": restarts(KIOSK),
        "the login prompt is there": active("getty@tty1.service"),
    }


def behind_bars():
    """With every device opened to everybody, so that only the bars are in the way."""
    for node in Path("/dev").rglob("*"):
        if not node.is_symlink() and stat.S_ISCHR(node.stat().st_mode):
            node.chmod(0o666)
    Path("/srv/open").mkdir()
    Path("/srv/open").chmod(0o777)
    Path("/tmp/of-all").touch()  # noqa: S108
    seen = {}
    for name in ("tap", "agent"):
        systemctl("start", f"probe-{name}")
        seen[name] = json.loads(Path(f"/run/probe-{name}").read_text())
    return seen


def tell(story):
    began_s = time.monotonic()
    try:
        seen, error = story(), ""
    except Exception:  # noqa: BLE001 whatever went wrong is told outside
        seen, error = None, traceback.format_exc()
    line = {"story": story.__name__, "seen": seen, "error": error}
    line["s"] = round(time.monotonic() - began_s, 1)
    print("LAB " + json.dumps(line), flush=True)  # noqa: T201 how the machine is heard
    return not error


if __name__ == "__main__":
    if tell(after_the_boot):
        tell(a_sale_with_a_scanner_that_came_later)
        tell(a_keyboard_pulled_and_back)
        tell(a_killed_tap)
        tell(services_that_stand_still)
    tell(a_kiosk_s_screen)
    tell(behind_bars)

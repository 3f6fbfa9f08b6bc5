"""Runs inside the lab's machine: our drivers on its real kernel. One line of JSON per story.

Each story returns what was seen; the test outside says what should have been.
"""

from __future__ import annotations

import grp
import json
import logging
import queue
import select
import subprocess
import sys
import threading
import time
import traceback
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import evdev
import pyudev

from edge_agent.config import HidScanner
from edge_agent.devices.hid.layouts import LAYOUTS
from edge_agent.devices.hid.pos_scanner import PosScanner
from edge_agent.devices.hid.scanner import KeyboardScanner
from edge_agent.devices.hid.sources import plugged_in
from edge_agent.devices.hid.wedge import Wedge
from edge_agent.devices.hotplug import HotPlug
from edge_agent.devices.profiles import scanners
from edge_agent.devices.rules import udev_rules
from edge_agent.devices.sources import Match
from edge_agent.devices.virtual.keyboard_scanner import VirtualKeyboardScanner
from edge_agent.scanners import hid_scanner
from loyalty.codes import make_member_number
from tests.lab.machine.user_hid import KEYBOARD, POS, UserHid

WAIT_S = 60
REPLUGS = 200
CODES = 100
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
PORT = "usb-0000:00:04.0-1/input0"
INPUT_GROUP = grp.getgrnam("input").gr_gid
NEWLAND = Match(vid="1eab", pid="1d03")


def wait_for(condition):
    until_s = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > until_s:
            raise TimeoutError("it never happened")
        time.sleep(0.005)


def keyboard(port=PORT):
    return UserHid(KEYBOARD, vid=0x1EAB, pid=0x1D03, port=port)


def node():
    """Where the scanner is now; the machine has a keyboard of its own too."""
    (mine,) = (source for source in plugged_in() if source.vid == "1eab")
    return mine.node


def open_files():
    return len([*Path("/proc/self/fd").iterdir()])


def started(scanner):
    scanner.start()
    wait_for(lambda: scanner.connected)
    return scanner


def typed(text, **settings):
    return VirtualKeyboardScanner(**settings).scan(text)


def printable_on_every_layout():
    device, messages = keyboard(), queue.Queue()
    device.plug()
    read = {}
    for layout in LAYOUTS:
        scanner = started(KeyboardScanner("desk", NEWLAND, messages, partial(Wedge, layout)))
        device.type(typed(PRINTABLE, layout=layout), pause_s=0.001)
        read[layout] = messages.get(timeout=WAIT_S).text
        scanner.stop()
    device.unplug()
    return {"read": read, "wanted": PRINTABLE}


def keypad_and_alt_codes_of_a_real_keyboard():
    device, messages = keyboard(), queue.Queue()
    device.plug()
    scanner = started(KeyboardScanner("desk", NEWLAND, messages))
    device.type(typed("会员1234567890", keypad=True, suffix="keypad_enter"), pause_s=0.001)
    text = messages.get(timeout=WAIT_S).text
    scanner.stop()
    device.unplug()
    return text


def two_equal_scanners_at_once():
    ports = {"left": PORT, "right": PORT.replace("-1/", "-2/")}
    devices = {name: keyboard(port) for name, port in ports.items()}
    messages = queue.Queue()
    for device in devices.values():
        device.plug()
    scanners = [
        started(KeyboardScanner(name, Match(vid="1eab", port=port), messages))
        for name, port in ports.items()
    ]
    wanted = {name: [f"{name}{number:03d}" for number in range(CODES)] for name in ports}

    def cashier(name):
        for code in wanted[name]:
            devices[name].type(typed(code), pause_s=0.0005)

    cashiers = [threading.Thread(target=cashier, args=(name,)) for name in ports]
    for each in cashiers:
        each.start()
    read = {name: [] for name in ports}
    for _ in range(2 * CODES):
        scan = messages.get(timeout=WAIT_S)
        read[scan.source].append(scan.text)
    for each in cashiers:
        each.join()
    for scanner in scanners:
        scanner.stop()
    for device in devices.values():
        device.unplug()
    return {"all right": read == wanted, "left over": messages.qsize()}


def replugs():
    device, messages = keyboard(), queue.Queue()
    device.plug()
    scanner = started(KeyboardScanner("desk", NEWLAND, messages))
    threads, files = threading.active_count(), open_files()
    right, slowest_s = 0, 0.0
    for number in range(REPLUGS):
        device.unplug()
        wait_for(lambda: not scanner.connected)
        device.plug()
        plugged_s = time.monotonic()
        if number % 10:  # as udev's news would; every tenth time there is none
            scanner.look_again()
        wait_for(lambda: scanner.connected)
        slowest_s = max(slowest_s, time.monotonic() - plugged_s)
        device.type(typed(f"{number:03d}"))
        right += messages.get(timeout=WAIT_S).text == f"{number:03d}"
    told = {
        "right": right,
        "threads": threading.active_count() - threads,
        "files": open_files() - files,
        "slowest_s": slowest_s,
    }
    scanner.stop()
    device.unplug()
    return told


def grab_and_lights():
    device, messages = keyboard(), queue.Queue()
    device.plug()
    scanner = started(KeyboardScanner("desk", NEWLAND, messages))
    pos = evdev.InputDevice(node())
    try:
        pos.grab()
        second = "taken"
    except OSError as error:
        second = error.strerror
    device.type(typed("SECRET"))
    messages.get(timeout=WAIT_S)
    try:
        heard = len(list(pos.read()))
    except BlockingIOError:
        heard = 0
    wait_for(lambda: (device.listen(), device.lights != -1)[1])
    pos.close()
    scanner.stop()
    device.unplug()
    return {"second grab": second, "heard by the POS": heard, "lights": device.lights}


def passed_on():
    """The POS reads goods with the scanner that we read members with."""
    device, messages = keyboard(), queue.Queue()
    device.plug()
    config = HidScanner(vid="1eab", pid="1d03", name="desk", pass_on="others")
    scanner = started(hid_scanner(config, messages))
    names = {evdev.InputDevice(path).name: path for path in evdev.list_devices()}
    pos, heard = evdev.InputDevice(names["tillpoints desk"]), []
    done = threading.Event()

    def till():
        wedge = Wedge()
        while not done.is_set():
            if select.select([pos.fd], [], [], 0.1)[0]:
                events = [(event.code, event.value) for event in pos.read() if event.type == 1]
                heard.extend(wedge.feed(events))

    reading = threading.Thread(target=till)
    reading.start()
    texts = ["6901234567892", "TPM" + make_member_number("12345678901"), "Other,Code", "4711"]
    for text in texts:
        device.type(typed(text), pause_s=0.001)
    read = [messages.get(timeout=WAIT_S).text for _ in texts]
    wait_for(lambda: heard[-1:] == texts[-1:])
    done.set()
    reading.join()
    held = pos.active_keys()
    pos.close()
    scanner.stop()
    device.unplug()
    return {"we": read == texts, "the POS": heard, "held down": held}


def hid_pos():
    device, messages = UserHid(POS, vid=0x0C2E, pid=0x0B8A, port=PORT), queue.Queue()
    device.plug()
    scanner = started(PosScanner("pos", Match(vid="0c2e"), messages))
    texts = ["TPM123456789018", "会员卡", "x" * 56 + "yyyy"]
    for text in texts:
        data = text.encode()
        for at in range(0, len(data), 56):
            part, more = data[at : at + 56], at + 56 < len(data)
            body = part.ljust(56, b"\0") + b"s\0" + bytes([more])
            device.report(bytes([2, len(part)]) + b"]Q0" + body)
    read = [messages.get(timeout=WAIT_S).text for _ in texts]
    device.unplug()
    wait_for(lambda: not scanner.connected)
    scanner.stop()
    return {"all right": read == texts}


def udev_rules_and_news():
    """Last, because from here on udev runs: it obeys our rules, and tells of what comes."""
    match = Match(vid="1eab", pid="1d03", port=PORT)
    folder = Path("/run/udev/rules.d")
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (("keyboard", match), ("pos", Match(vid="0c2e", pid="0b8a")))
    (folder / "70-tillpoints.rules").write_text(udev_rules(wanted, scanners().values()))
    subprocess.run(["/usr/lib/systemd/systemd-udevd", "--daemon"], check=True)
    news = threading.Event()
    hotplug = HotPlug(news.set)
    hotplug.start()
    time.sleep(1)  # the monitor has to be there before the device
    devices = [keyboard(), keyboard(PORT.replace("-1/", "-2/"))]
    devices.append(UserHid(POS, vid=0x0C2E, pid=0x0B8A, port=PORT))
    for device in devices:
        device.plug()
    heard = news.wait(WAIT_S)
    subprocess.run(["/usr/bin/udevadm", "settle"], check=True)
    hotplug.stop()
    told = {"news": heard}
    for source in plugged_in():
        if source.vid in {"1eab", "0c2e"}:
            about = pyudev.Devices.from_device_file(pyudev.Context(), source.node)
            hidden = about.properties.get("LIBINPUT_IGNORE_DEVICE", "")
            facts = Path(source.node).stat()
            named = source.kind + source.port.removeprefix("usb-0000:00:04.0")
            told[named] = [oct(facts.st_mode & 0o777), facts.st_gid == INPUT_GROUP, hidden]
    for device in devices:
        device.unplug()
    return told


STORIES = (
    printable_on_every_layout,
    keypad_and_alt_codes_of_a_real_keyboard,
    two_equal_scanners_at_once,
    replugs,
    grab_and_lights,
    passed_on,
    hid_pos,
    udev_rules_and_news,
)

if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    chosen = [story for story in STORIES if story.__name__ in sys.argv[1:]]
    for story in chosen or STORIES:
        began_s = time.monotonic()
        try:
            seen, error = story(), ""
        except Exception:  # noqa: BLE001 whatever went wrong is told outside
            seen, error = None, traceback.format_exc()
        line = {"story": story.__name__, "seen": seen, "error": error}
        line["s"] = round(time.monotonic() - began_s, 1)
        print("LAB " + json.dumps(line), flush=True)  # noqa: T201 how the machine is heard

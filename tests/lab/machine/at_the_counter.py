"""Runs inside the lab's machine: a whole counter on real kernel drivers, with hands outside.

A USB keyboard is the scanner, one usb-serial adapter a serial scanner, another one leads to the
receipt printer. The POS's USB printer is our gadget: what it writes to /dev/usb/lp0 arrives at
/dev/g_printer0, where the tap takes it.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import queue
import select
import struct
import subprocess
import sys
import termios
import threading
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import requests
from serial.tools import list_ports

from edge_agent.devices.camera.camera import CameraScanner
from edge_agent.devices.camera.config import Camera
from edge_agent.devices.camera.frames import from_camera
from edge_agent.devices.camera.sources import cameras
from edge_agent.devices.inventory import inventory, usb_printers
from edge_agent.devices.printer_config import Printer
from edge_agent.devices.profiles import printers, scanners
from edge_agent.devices.serial_lines import Line
from edge_agent.devices.serial_scanner import SerialScanner
from edge_agent.devices.suggesting import suggest
from edge_agent.devices.tap.ends import SerialEnd, SerialLine
from edge_agent.devices.virtual.links import PtyLink
from edge_agent.devices.virtual.printer import Board, Wire
from tests.edge_agent.counter import LI, WANG, Counter, enrol_and_stock, sale_text
from tests.edge_agent.devices import conftest
from tests.edge_agent.devices.conftest import wait_for
from tests.edge_agent.devices.test_tap_lines import LineTapProcess
from tests.edge_agent.devices.test_tap_network_to_device import NetworkToDevice

conftest.WAIT_S = 400  # an emulated processor, and maybe a busy one
ROOT = Path(__file__).parents[3]
GADGET = ROOT / "firmware_configs/gadget/tillpoints-gadget"
USB = "/dev/usb/lp0"
WEB = "http://127.0.0.1:8710"
SLIP = "￥8 积分".encode("gb18030") + b"\n"


def ask(**what):
    """Ask the hands outside for something."""
    print("ASK " + json.dumps(what), flush=True)  # noqa: T201 how the machine is heard


def serial_line(name):
    """Return the adapter that the machine was given under this serial number."""
    return wait_for(lambda: next(iter([p.device for p in list_ports.grep(name)]), None))


def prepare():
    """What a distribution does at boot."""
    subprocess.run(["busybox", "ip", "link", "set", "lo", "up"], check=True)
    Path("/dev/shm").mkdir(exist_ok=True)  # noqa: S108
    subprocess.run(["mount", "-t", "tmpfs", "shm", "/dev/shm"], check=True)  # noqa: S108
    subprocess.run(["sh", str(GADGET), "start"], check=True)
    wait_for(lambda: Path(USB).exists() and Path("/dev/g_printer0").exists())


def plugged():
    """Everything is known by what it is, and can be pasted."""
    shown = [(each.kind, each.vid, each.product) for each in inventory()]
    return {"shown": shown, "pasted": suggest(inventory(), scanners(), printers())}


class GadgetPrinter(Board):
    """Plays the printer behind the gadget, for the driver that prints over usblp."""

    def __init__(self):
        super().__init__(None)
        self._stop = threading.Event()
        self._handle = os.open("/dev/g_printer0", os.O_RDWR)
        link = PtyLink(self._handle)
        self._thread = threading.Thread(target=lambda: Wire(self, link, self._stop).serve())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        os.close(self._handle)

    def part(self, link):
        pass


def slips_on_a_usb_printer():
    """Our own USB printer, found by its ids, through the kernel's usblp."""
    said = {}
    driver = Printer(kind="usb", vid="0525", pid="a4a8", timeout_s=20).open(None)
    with GadgetPrinter() as printer:
        said["printed"] = driver.print_slip("a", SLIP).result
        said["status"] = [getattr(driver.status(), key) for key in ("online", "paper", "cover")]
        said["whole"] = SLIP in bytes(printer.paper_bytes)
        printer.paper_out = True
        said["without paper"] = driver.print_slip("b", SLIP).reason
        printer.paper_out, printer.mute = False, True
        mute = Printer(kind="usb", vid="0525", answers="never", timeout_s=20).open(None)
        said["mute"] = mute.print_slip("c", SLIP).result
        wait_for(lambda: bytes(printer.paper_bytes).count(SLIP) == 2)
    said["swapped"] = (
        Printer(kind="usb", vid="04b8", port=usb_printers()[0].port).open(None).status().swapped
    )
    return said


def slips_on_a_serial_printer():
    driver = Printer(kind="serial", address=serial_line("PRINT"), baud=115200, timeout_s=20)
    outcome = driver.open(None).print_slip("a", SLIP)
    return [outcome.result, outcome.reason]


def scans_from_a_serial_scanner():
    messages = queue.Queue()
    scanner = SerialScanner("desk", Line(serial_line("SCAN")), messages, baud=115200)
    scanner.start()
    wait_for(lambda: scanner.connected)
    ask(do="scan", text="TPM" + LI + "\r")
    text = messages.get(timeout=conftest.WAIT_S).text
    scanner.stop()
    return text == "TPM" + LI


def the_wires_of_a_serial_line():
    """A tap's end on a real driver. (A break of QEMU's carries no byte, and ftdi_sio drops it.)"""
    end = SerialEnd(serial_line("SCAN"), SerialLine(115200))
    came = bytearray()

    def heard():
        select.select([end], [], [], 0.1)
        came.extend(end.read())
        return bytes(came) == b"\xff\x00through"

    ask(do="scan", text="\xff\x00through")
    wait_for(heard)
    end.drive(termios.TIOCM_CTS | termios.TIOCM_DSR)
    has_wires = end.wires() is not None
    end.close()
    return has_wires


def a_network_pos_before_a_usb_printer():
    """TCP on one side, usblp on the other: job, question, and our slip between."""
    folder = Path(sys.argv[1]) / "network"
    folder.mkdir()
    tap = NetworkToDevice(folder, USB)
    job = b"\x1b@" + bytes(range(32, 256)) * 20 + b"\x1dV\x00"
    with GadgetPrinter() as printer:
        tap.start()
        tap.print(job)
        (kept,) = tap.jobs(1)
        tap.slips.hand_over("a", SLIP)
        outcome = wait_for(tap.slips.outcomes)["a"]
        with tap.connect() as pos:
            pos.sendall(b"\x10\x04\x01")
            status = pos.recv(1).hex()
        paper = bytes(printer.paper_bytes)
    tap.stop()
    return {
        "whole": paper.count(job),
        "kept": kept.data == job and kept.complete and kept.last,
        "slip": [outcome.result, paper.count(SLIP), paper.index(job) < paper.index(SLIP)],
        "status": status,
    }


UARTS = {"/dev/ttyS1": 0x2F8, "/dev/ttyS2": 0x3E8}


def register(path, number):
    """Read a register of the chip itself: 3 is line control, 4 modem control."""
    with Path("/dev/port").open("rb", buffering=0) as ports:
        ports.seek(UARTS[path] + number)
        return ports.read(1)[0]


def a_serial_chip_is_set_as_told():
    """What the kernel's 8250 driver put into the chip, for lines that USB adapters never showed."""
    said = {}
    for bits, parity, stop in ((8, "none", 1), (7, "even", 1), (7, "odd", 2), (8, "even", 1)):
        end = SerialEnd("/dev/ttyS1", SerialLine(9600, bits, parity, stop))
        said[f"{bits}{parity}{stop}"] = register("/dev/ttyS1", 3)
        if bits == 7:
            said[f"{bits}{parity}{stop} bytes"] = through(end, bytes(range(128)))
        end.close()
    return said


def through(end, data):
    """Send bytes round inside the chip (its loopback), and tell whether they came back."""
    loop = struct.pack("=I", 0x8000)  # TIOCM_LOOP
    fcntl.ioctl(end.fileno(), termios.TIOCMBIS, loop)
    came = bytearray()
    for count, byte in enumerate(data, 1):
        end.write(bytes((byte,)))
        wait_for(lambda count=count: came.extend(end.read()) or len(came) == count)
    fcntl.ioctl(end.fileno(), termios.TIOCMBIC, loop)
    return bytes(came) == data


def the_wires_of_a_serial_chip():
    """RTS and DTR as driven, and as they come in again as CTS and DSR by the chip's loopback."""
    end = SerialEnd("/dev/ttyS1", SerialLine(9600))
    fcntl.ioctl(end.fileno(), termios.TIOCMBIS, struct.pack("=I", 0x8000))
    said = []
    for wires in (0, termios.TIOCM_CTS, termios.TIOCM_DSR, termios.TIOCM_CTS | termios.TIOCM_DSR):
        end.drive(wires)
        came = end.wires() & (termios.TIOCM_CTS | termios.TIOCM_DSR)
        said.append([register("/dev/ttyS1", 4) & 3, came == wires])
    end.close()
    return said


def a_break_of_the_pos_reaches_the_printer():
    """A tap between two chips: a break that comes in on one goes out on the other, and ends."""
    folder = Path(sys.argv[1]) / "chips"
    folder.mkdir()
    tap = LineTapProcess(folder, *UARTS)
    with tap.config.open("a") as config:
        config.write('data_bits = 7\nparity = "even"\n')
    tap.start()
    set_as_told = [register(path, 3) & 0x3F for path in UARTS]
    ask(do="break")
    wait_for(lambda: register("/dev/ttyS2", 3) & 0x40)
    wait_for(lambda: not register("/dev/ttyS2", 3) & 0x40)
    tap.stop()
    return set_as_told


def a_camera_of_the_kernel():
    """Video4Linux's own test camera, through OpenCV, by the keys that a person would write."""
    (found,) = (each for each in cameras() if each.product.endswith("vid-cap"))
    with from_camera(found.node, 1280, 720) as frames:
        picture = frames.newest()
    scanner = CameraScanner(Camera(product=found.product), queue.Queue())
    scanner.start()
    wait_for(lambda: scanner.connected)
    scanner.stop()
    absent = CameraScanner(Camera(product="another camera"), queue.Queue())
    absent.start()
    seen = absent.connected
    absent.stop()
    return {"size": picture.shape, "a picture": bool(picture.std() > 10), "another": seen}


class MachineCounter(Counter):
    """The counter of the tests, on the devices of this machine and with the agent as a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tap = LineTapProcess(folder, "/dev/g_printer0", serial_line("PRINT"))
        self.tap.start()
        enrol_and_stock(folder / "state")
        self.config = folder / "agent.toml"
        self.config.write_text(
            'state = "state"\n[central]\nurl = "http://127.0.0.1:9"\n'
            '[printer]\nprofile = "zjiang-pos-5890"\n'
            f'[[scanner]]\nport = "{serial_line("SCAN")}"\nbaud = 115200\n'
            '[[hid_scanner]]\nvid = "0627"\npid = "0001"\n'
            f'[[tap]]\nspool = "{self.tap.folder}"\n'
        )
        self.pos_line = os.open(USB, os.O_RDWR | os.O_NONBLOCK)
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tillpoints", "agent", "run", "--config", self.config]
        self.process = subprocess.Popen(command, cwd=ROOT)
        wait_for(self.is_up)
        self.wait(lambda state: state["scanner"] == "yes")

    def is_up(self) -> bool:
        try:
            return bool(self.state())
        except requests.ConnectionError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def url(self, path: str) -> str:
        return WEB + path

    def print(self, text: str) -> None:
        """Print as a POS with a USB printer does."""
        data = b"\x1b@" + text.encode("gb18030") + b"\x1dV\x00"
        while data:
            select.select([], [self.pos_line], [])
            data = data[os.write(self.pos_line, data) :]

    def hear(self) -> bytes:
        """Listen as a POS does that asked for status."""
        said = b""
        until_s = time.monotonic() + conftest.WAIT_S
        while not said and time.monotonic() < until_s:
            select.select([self.pos_line], [], [], 1)
            try:
                said = os.read(self.pos_line, 64)
            except BlockingIOError:
                continue
        return said


def first(state):
    return state["recent"][0] if state["recent"] else {}


def the_whole_story(counter):
    """Scan, receipt, points, slip: on real drivers."""
    ask(do="type", text="TPM" + WANG + "\n")
    counter.wait(lambda state: state["member"])
    counter.print(sale_text("HL1"))
    counter.wait(lambda state: first(state).get("state") == "awarded")
    state = counter.wait(lambda state: (first(state)["slip"] or {}).get("state") == "printed")
    return {"points": first(state)["points"], "number": first(state)["number"]}


def the_serial_scanner_too(counter):
    ask(do="scan", text="TPM" + LI + "\r")
    state = counter.wait(lambda state: state["member"])
    name = state["member"]["masked_name"]
    counter.print(sale_text("HL2"))
    counter.wait(lambda state: first(state).get("number") == "HL2")
    return name


def status_through_the_gadget(counter):
    """The POS asks its printer, which is on the far side of gadget, tap and serial line."""
    os.write(counter.pos_line, b"\x10\x04\x01")
    return counter.hear().hex()


def paper_without_the_agent(counter):
    counter.kill()
    counter.print(sale_text("HL3"))
    # Its copy lies in the spool; the paper is seen outside.
    wait_for(counter.tap.spool.jobs)
    counter.start()
    counter.wait(lambda state: first(state).get("number") == "HL3")
    return True


def the_scanner_pulled_and_back(counter):
    ask(do="unplug")
    counter.wait(lambda state: state["scanner"] == "no")
    ask(do="plug")
    plugged_s = time.monotonic()
    counter.wait(lambda state: state["scanner"] == "yes")
    return round(time.monotonic() - plugged_s, 1)


def tell(name, story):
    began_s = time.monotonic()
    try:
        seen, error = story(), ""
    except Exception:  # noqa: BLE001 whatever went wrong is told outside
        seen, error = None, traceback.format_exc()
    line = {"story": name, "seen": seen, "error": error}
    line["s"] = round(time.monotonic() - began_s, 1)
    print("LAB " + json.dumps(line), flush=True)  # noqa: T201 how the machine is heard


DRIVERS = (
    plugged,
    slips_on_a_usb_printer,
    slips_on_a_serial_printer,
    scans_from_a_serial_scanner,
    the_wires_of_a_serial_line,
    a_network_pos_before_a_usb_printer,
    a_serial_chip_is_set_as_told,
    the_wires_of_a_serial_chip,
    a_break_of_the_pos_reaches_the_printer,
    a_camera_of_the_kernel,
)
STORIES = (
    the_whole_story,
    the_serial_scanner_too,
    status_through_the_gadget,
    paper_without_the_agent,
    the_scanner_pulled_and_back,
)

if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    tell("prepare", prepare)
    for each in DRIVERS:
        tell(each.__name__, each)
    folder = Path(sys.argv[1]) / "counter"
    folder.mkdir()
    made: list[MachineCounter] = []
    tell("counter", lambda: made.append(MachineCounter(folder)))
    for each in STORIES if made else ():
        tell(each.__name__, lambda each=each: each(made[0]))
    if made:
        made[0].kill()
        made[0].tap.stop()

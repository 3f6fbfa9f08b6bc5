"""A real tap process between real sockets, for every test of this room."""

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from edge_agent.devices.heartbeat import read_heartbeat
from edge_agent.devices.slip_folder import Slips
from edge_agent.devices.spool import Spool
from edge_agent.devices.tap.marks import memory_file
from edge_agent.devices.virtual.printer import VirtualPrinter

WAIT_S = 20.0
REPOSITORY = Path(__file__).parents[3]


def wait_for(condition):
    """Wait, with a bound, for a true answer and return it."""
    until_s = time.monotonic() + WAIT_S
    while not (answer := condition()):
        assert time.monotonic() < until_s, "it never happened"
        time.sleep(0.005)
    return answer


@pytest.fixture(name="eventually")
def eventually_fixture():
    return wait_for


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def is_listening(port):
    # Asked of the kernel: connecting would open a connection to the printer as well.
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(
        line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A" for line in lines
    )


class TapProcess:
    """One tap for one printer, as the service manager would run it."""

    def __init__(self, directory, printer_port, *, idle_ms=150, more=""):
        self.port = free_port()
        self.folder = directory / "spool" / "counter-1"
        self.spool = Spool(self.folder)
        self.slips = Slips(self.folder / "slips")
        self.config = directory / "tap.toml"
        self.config.write_text(
            f'[[tap]]\nname = "counter-1"\nlisten = "127.0.0.1:{self.port}"\n'
            f'printer = "127.0.0.1:{printer_port}"\nspool = "spool/counter-1"\n'
            f"idle_ms = {idle_ms}\n{more}"
        )
        self.log = directory / "tap.log"
        self.process = None

    def start(self, *, prefix=()):
        command = [sys.executable, "-m", "tillpoints", "tap", "run", "--config", str(self.config)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*prefix, *command], cwd=REPOSITORY, stderr=log)
        self.wait_until_up()

    def wait_until_up(self):
        wait_for(lambda: is_listening(self.port))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(WAIT_S)
            self.process = None
        memory_file(self.folder).unlink(missing_ok=True)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_S)

    def print(self, data):
        """Print as most POS do: connect, send, close."""
        with self.connect() as pos:
            pos.sendall(data)

    def jobs(self, count):
        """Wait for `count` finished jobs and read them."""
        wait_for(lambda: len(self.spool.jobs()) >= count)
        return [self.spool.read(name) for name in self.spool.jobs()]

    def heartbeat_with(self, condition):
        """Wait for a heartbeat of which `condition` is true."""

        def ask():
            beat = read_heartbeat(self.folder)
            return beat if beat is not None and condition(beat) else None

        return wait_for(ask)


@pytest.fixture
def printer():
    with VirtualPrinter() as printer:
        yield printer


@pytest.fixture
def make_tap(tmp_path):
    """Give a factory for a tap in this test's folder; started unless told otherwise."""
    taps = []

    def make(printer_port, *, start=True, **settings):
        tap = TapProcess(tmp_path, printer_port, **settings)
        taps.append(tap)
        if start:
            tap.start()
        return tap

    yield make
    for tap in taps:
        tap.stop()


@pytest.fixture
def tap(make_tap, printer):
    return make_tap(printer.port)


@pytest.fixture
def talk():
    """Give a factory for a printer of two lines: `talk(conversation)` serves one connection.

    Returns (port, join); `conversation(link)` runs in a thread, and its error fails the test.
    """
    threads, errors, servers = [], [], []

    def start(conversation):
        server = socket.create_server(("127.0.0.1", 0))
        server.settimeout(WAIT_S)
        servers.append(server)

        def serve():
            try:
                link, _ = server.accept()
                link.settimeout(WAIT_S)
                with link:
                    conversation(link)
            except Exception as error:  # noqa: BLE001 - told to the test below
                errors.append(error)

        thread = threading.Thread(target=serve)
        thread.start()
        threads.append(thread)
        return server.getsockname()[1], thread.join

    yield start
    for thread in threads:
        thread.join(WAIT_S)
    for server in servers:
        server.close()
    assert not errors

import socket
import threading

import pytest

from central.config import DeskPrinter
from central.desk.printer import print_bytes

ASK = b"\x1dr\x01"  # GS r 1


class VirtualPrinter:
    """A printer on a real socket: takes bytes until it is asked for status, then answers."""

    def __init__(self, answer, *, hang_up=False):
        self.received = b""
        self._answer = answer
        self._hang_up = hang_up
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(30)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(timeout=30)
        self._listener.close()
        assert not self._thread.is_alive()

    def _serve(self):
        link, _ = self._listener.accept()
        with link:
            link.settimeout(30)
            while not self.received.endswith(ASK):
                if not (part := link.recv(4096)):
                    return
                self.received += part
            if self._hang_up:
                return
            link.sendall(self._answer)
            link.recv(1)


def settings(address):
    return DeskPrinter(address=address, timeout_s=0.2)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (b"\x00", "printed"),
        (b"\x03", "printed"),  # paper near its end
        (b"\x0c", "unknown"),  # paper out
        (b"\x14\x00\x00\x00\x00", "printed"),  # an automatic report first, then the answer
        (b"\x14\x00\x00\x00", "unknown"),  # an automatic report is no answer
        (b"\x13\x00", "printed"),  # XOFF, then the answer
        (b"", "unknown"),  # a printer that never answers
    ],
)
def test_only_the_printers_own_answer_makes_it_printed(answer, state):
    with VirtualPrinter(answer) as printer:
        outcome = print_bytes(b"slip\n", settings(printer.address))
    assert outcome.state == state
    assert printer.received == b"slip\n" + ASK
    assert bool(outcome.zh and outcome.en) == (state != "printed")


def test_a_printer_that_hangs_up_leaves_it_unknown():
    with VirtualPrinter(b"", hang_up=True) as printer:
        assert print_bytes(b"slip\n", settings(printer.address)).state == "unknown"


def test_a_printer_that_cannot_be_reached_has_not_printed():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        outcome = print_bytes(b"slip\n", settings(address))
    assert outcome.state == "not_printed"
    assert address in outcome.en


def test_no_printer_set_has_not_printed():
    assert print_bytes(b"slip\n", settings("")).state == "not_printed"


def test_a_device_file_takes_the_bytes(tmp_path):
    device = tmp_path / "lp0"
    device.touch()
    assert print_bytes(b"slip\n", settings(str(device))).state == "printed"
    assert device.read_bytes() == b"slip\n"


def test_a_missing_device_file_is_not_made(tmp_path):
    device = tmp_path / "lp0"
    assert print_bytes(b"slip\n", settings(str(device))).state == "not_printed"
    assert not device.exists()

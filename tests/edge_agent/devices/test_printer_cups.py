"""A CUPS that misbehaves: what became of a slip is never said to be better known than it is."""

import struct
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from edge_agent.devices import printer_cups
from edge_agent.devices.printer_cups import CupsPrinter
from edge_agent.devices.printers import Status
from edge_agent.devices.slip_folder import Result

PROCESSING, COMPLETED = 5, 9
TAKEN = "echo 'request id is counter-12 (1 file(s))'"


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Give a way to say what a command of CUPS's does."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(printer_cups, "_COMMAND_S", 0.5)

    def make(name, script):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    return make


@pytest.fixture
def server(monkeypatch):
    """Serve job 12 in the state that the test wants."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            name = b"job-state"
            body = struct.pack(">HHI", 0x0200, 0, 1) + b"\x02\x23"
            body += struct.pack(f">H{len(name)}sHI", len(name), name, 4, server.state) + b"\x03"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    server.state = COMPLETED
    monkeypatch.setenv("CUPS_SERVER", f"127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("queue", ["counter", "counter/fast", "Counter"])
def test_a_job_is_followed_by_its_number_whatever_its_queue_is_called(command, server, queue):
    command("lp", TAKEN)
    assert CupsPrinter(queue).print_slip("a", b"slip").result is Result.PRINTED


def test_a_slip_that_was_taken_without_a_number_may_be_on_paper(command):
    command("lp", "echo 'the job is on its way'")
    assert CupsPrinter("counter").print_slip("a", b"slip").result is Result.UNKNOWN


def test_a_job_that_cannot_even_be_cancelled_may_be_on_paper(command, server):
    server.state = PROCESSING
    command("lp", TAKEN)
    command("cancel", "exec sleep 5")
    outcome = CupsPrinter("counter", 0.1).print_slip("a", b"slip")
    assert outcome.result is Result.UNKNOWN
    assert "cancel did not end" in outcome.reason


def test_an_lp_that_may_not_be_run_printed_nothing(command, tmp_path, monkeypatch):
    (tmp_path / "lp").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert CupsPrinter("counter").print_slip("a", b"slip").result is Result.NOT_PRINTED
    command("lpstat", "exec /bin/sleep 5")
    assert CupsPrinter("counter").status() == Status()


def test_a_server_whose_name_makes_no_sense_leaves_the_slip_unknown(command, monkeypatch):
    command("lp", TAKEN)
    monkeypatch.setenv("CUPS_SERVER", "127.0.0.1:port")
    assert CupsPrinter("counter").print_slip("a", b"slip").result is Result.UNKNOWN

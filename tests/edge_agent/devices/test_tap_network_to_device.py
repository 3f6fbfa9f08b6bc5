"""A tap whose POS prints over the network while the printer is at a device file."""

import os
import select
import socket
import tty

import pytest

from edge_agent.devices.heartbeat import Reachable
from edge_agent.devices.slip_folder import Result
from edge_agent.devices.virtual.serial_printer import VirtualSerialPrinter
from tests.edge_agent.devices.conftest import WAIT_S, TapProcess, is_listening, wait_for
from tests.edge_agent.devices.test_tap_lines import on_paper

JOB = b"\x1b@" + bytes(range(256)) * 40 + b"\x1dV\x00"


class NetworkToDevice(TapProcess):
    def __init__(self, directory, printer, more=""):
        super().__init__(directory, 1)
        self.config.write_text(
            f'[[tap]]\nname = "counter-1"\nlisten = "127.0.0.1:{self.port}"\n'
            f'printer = "{printer}"\nspool = "spool/counter-1"\nbaud = 115200\n'
            f"idle_ms = 500\n{more}"
        )

    def print_and_listen(self, data):
        with self.connect() as pos:
            pos.sendall(data)
            return pos.recv(1)


@pytest.fixture
def line_printer():
    with VirtualSerialPrinter() as printer:
        yield printer


@pytest.fixture
def make_tap(tmp_path):
    taps = []

    def make(printer, more=""):
        taps.append(NetworkToDevice(tmp_path, printer, more))
        taps[-1].start()
        return taps[-1]

    yield make
    for tap in taps:
        tap.stop()


@pytest.fixture
def tap(make_tap, line_printer):
    return make_tap(line_printer.path)


def test_a_job_is_printed_and_kept_byte_for_byte(tap, line_printer):
    tap.print(JOB)
    assert on_paper(line_printer, JOB)
    (job,) = tap.jobs(1)
    assert (job.data, job.complete, job.last) == (JOB, True, True)


def test_two_pos_at_once_print_one_after_the_other(tap, line_printer):
    first = tap.connect()
    first.sendall(JOB)
    second = tap.connect()
    second.sendall(b"second\n")
    second.close()
    assert on_paper(line_printer, JOB)
    first.sendall(b"and the rest of it\n")
    first.close()
    assert on_paper(line_printer, JOB + b"and the rest of it\n" + b"second\n")
    tap.heartbeat_with(lambda beat: not beat.open_connections)
    told = [job.data for job in tap.jobs(2) if job.data]
    assert (b"".join(told[:-1]), told[-1]) == (JOB + b"and the rest of it\n", b"second\n")


def test_the_printer_s_answer_reaches_a_pos_that_has_said_all_it_wants(tap):
    with tap.connect() as pos:
        pos.sendall(b"\x10\x04\x01")
        pos.shutdown(socket.SHUT_WR)
        assert pos.recv(10) == b"\x12"
        assert pos.recv(10) == b""
    assert tap.spool.jobs() == []


def test_our_slip_goes_out_with_no_pos_there_and_between_a_pos_s_jobs(
    tap, line_printer, eventually
):
    tap.slips.hand_over("a", b"our slip\n")
    eventually(tap.slips.outcomes)
    assert tap.slips.outcomes()["a"].result is Result.PRINTED
    with tap.connect() as pos:
        pos.sendall(b"receipt\n")
        tap.jobs(1)
        tap.slips.hand_over("b", b"another\n")
        eventually(lambda: "b" in tap.slips.outcomes())
        pos.sendall(b"next receipt\n")
        tap.jobs(2)
    asked, confirm = b"\x10\x04\x02", b"\x1dr\x01"
    slips = [asked + slip + confirm for slip in (b"our slip\n", b"another\n")]
    assert on_paper(line_printer, slips[0] + b"receipt\n" + slips[1] + b"next receipt\n")


def test_a_pos_that_breaks_its_connection_is_printed_as_far_as_it_came(tap, line_printer):
    pos = tap.connect()
    pos.sendall(b"half a receipt")
    assert on_paper(line_printer, b"half a receipt")
    pos.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    pos.close()
    tap.print(b"whole\n")
    assert on_paper(line_printer, b"half a receiptwhole\n")
    first, second = tap.jobs(2)
    assert (first.data, first.complete) == (b"half a receipt", False)
    assert (second.data, second.complete) == (b"whole\n", True)


def test_only_the_till_is_let_in(make_tap, line_printer):
    tap = make_tap(line_printer.path, 'accept_from = ["10.9.8.0/24"]\n')
    with pytest.raises(ConnectionError):
        tap.print_and_listen(b"a stranger's\n")
    assert tap.heartbeat_with(lambda beat: beat.refused_connections)
    assert not line_printer.paper_bytes


def test_without_its_printer_a_pos_is_refused_as_at_a_printer_that_is_off(tap_on_a_link):
    tap, link, near, far = tap_on_a_link
    with tap.connect() as pos:
        pos.sendall(b"lost with its printer")
        assert select.select([far], [], [], WAIT_S)[0]
        os.close(far)  # the cable is pulled out: reading the line fails
        os.close(near)
        link.unlink()
        with pytest.raises(ConnectionResetError):
            pos.recv(1)
    wait_for(lambda: not is_listening(tap.port))
    (job,) = tap.jobs(1)
    assert (job.data, job.complete) == (b"lost with its printer", False)
    assert tap.heartbeat_with(lambda beat: beat.printer is Reachable.NO)
    with VirtualSerialPrinter() as printer:
        link.symlink_to(printer.path)
        wait_for(lambda: is_listening(tap.port))
        tap.print(b"back\n")
        assert on_paper(printer, b"back\n")


@pytest.fixture
def tap_on_a_link(make_tap, tmp_path):
    far, near = os.openpty()
    tty.setraw(near)
    link = tmp_path / "printer"
    link.symlink_to(os.ttyname(near))
    return make_tap(link), link, near, far

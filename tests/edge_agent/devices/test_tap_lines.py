"""A tap between two lines: every byte passes both ways, and a pulled-out end comes back."""

import os
import select
import socket
import struct
import termios
import time
import tty
from pathlib import Path

import pytest

from edge_agent.devices.job_file import Moment
from edge_agent.devices.slip_folder import Result
from edge_agent.devices.tap import ends, line_tap
from edge_agent.devices.tap.config import LineConfig
from edge_agent.devices.tap.copying import Begun
from edge_agent.devices.tap.ends import SerialEnd, SerialLine, unmarked
from edge_agent.devices.tap.loop import Loop
from edge_agent.devices.virtual.serial_printer import VirtualSerialPrinter
from tests.edge_agent.devices.conftest import WAIT_S, TapProcess

EVERYTHING = bytes(range(256)) * 8 + b"\xff\x00\x00\xff\xff"


class PosLine:
    """The POS's end of a pseudo-terminal."""

    def __init__(self):
        self.far, self.near = os.openpty()
        tty.setraw(self.near)
        self.path = os.ttyname(self.near)

    def send(self, data):
        while data:
            select.select([], [self.far], [], WAIT_S)
            data = data[os.write(self.far, data) :]

    def hear(self, size):
        heard = b""
        while len(heard) < size and select.select([self.far], [], [], WAIT_S)[0]:
            heard += os.read(self.far, size - len(heard))
        return heard

    def close(self):
        for handle in (self.far, self.near):
            if handle >= 0:
                os.close(handle)
        self.far = self.near = -1


@pytest.fixture
def line_printer():
    with VirtualSerialPrinter() as printer:
        yield printer


@pytest.fixture
def pos():
    pos = PosLine()
    yield pos
    pos.close()


class LineTapProcess(TapProcess):
    """A tap whose two ends are device files."""

    def __init__(self, directory, listen, printer):
        super().__init__(directory, 1)
        self.config.write_text(
            f'[[tap]]\nname = "counter-1"\nlisten = "{listen}"\nprinter = "{printer}"\n'
            'spool = "spool/counter-1"\nbaud = 115200\nidle_ms = 150\n'
        )

    def wait_until_up(self):
        pid = self.process.pid
        self.heartbeat_with(lambda beat: beat.pid == pid and beat.open_connections == 1)


@pytest.fixture
def tap(tmp_path, pos, line_printer):
    tap = LineTapProcess(tmp_path, pos.path, line_printer.path)
    tap.start()
    yield tap
    tap.stop()


def on_paper(printer, paper):
    with printer.changed:
        return printer.changed.wait_for(lambda: bytes(printer.paper_bytes) == paper, WAIT_S)


def test_every_byte_reaches_the_printer_and_the_spool_unchanged(tap, pos, line_printer):
    pos.send(EVERYTHING)
    assert on_paper(line_printer, EVERYTHING)
    (job,) = tap.jobs(1)
    assert (job.data, job.complete, job.last) == (EVERYTHING, True, False)


def test_what_the_printer_says_reaches_the_pos(tap, pos, line_printer):
    pos.send(b"\x10\x04\x01\x10\x04\x04")
    assert pos.hear(2) == b"\x12\x12"
    line_printer.paper_out = True
    pos.send(b"\x10\x04\x04")
    assert pos.hear(1) == b"\x72"
    tap.heartbeat_with(lambda beat: beat.condition.paper == "out")
    assert tap.spool.jobs() == []  # questions are no job


def test_each_silence_ends_a_job(tap, pos, line_printer):
    for number in (1, 2):
        pos.send(b"job %d\n" % number)
        tap.jobs(number)
    assert [job.data for job in tap.jobs(2)] == [b"job 1\n", b"job 2\n"]


def test_our_slip_goes_out_between_the_pos_s_jobs(tap, pos, line_printer, eventually):
    pos.send(b"receipt\n")
    tap.slips.hand_over("a", b"our slip\n")
    eventually(tap.slips.outcomes)
    assert tap.slips.outcomes()["a"].result is Result.PRINTED
    pos.send(b"next receipt\n")
    asked, confirm = b"\x10\x04\x02", b"\x1dr\x01"
    paper = b"receipt\n" + asked + b"our slip\n" + confirm + b"next receipt\n"
    assert on_paper(line_printer, paper)
    assert [job.data for job in tap.jobs(2)] == [b"receipt\n", b"next receipt\n"]
    assert not select.select([pos.far], [], [], 0.2)[0]  # answers to us are not the POS's


def test_what_the_pos_prints_during_our_slip_follows_it(tap, pos, line_printer, eventually):
    line_printer.mute = True  # then a slip keeps the line for half a second
    tap.slips.hand_over("a", b"our slip\n")
    with line_printer.changed:
        assert line_printer.changed.wait_for(lambda: line_printer.paper_bytes, WAIT_S)
    pos.send(b"receipt\n" * 2000)
    asked = b"\x10\x04\x02"
    assert on_paper(line_printer, asked + b"our slip\n" + b"receipt\n" * 2000)
    eventually(tap.slips.outcomes)
    # On a serial line nothing says that a silent printer is even switched on.
    assert tap.slips.outcomes()["a"].result is Result.UNKNOWN


def test_a_line_that_was_pulled_out_is_taken_again(tmp_path, line_printer, eventually):
    pos, link = PosLine(), tmp_path / "pos"
    link.symlink_to(pos.path)
    tap = LineTapProcess(tmp_path, link, line_printer.path)
    try:
        tap.start()
        pos.send(b"before\n")
        tap.jobs(1)
        link.unlink()
        pos.close()
        tap.heartbeat_with(lambda beat: beat.open_connections == 0)
        pos = PosLine()
        link.symlink_to(pos.path)
        tap.wait_until_up()
        pos.send(b"after\n")
        assert on_paper(line_printer, b"before\nafter\n")
        # A line that ended leaves word that nothing follows, which the second has not yet.
        jobs = tap.jobs(3)
        assert [(job.data, job.last) for job in jobs] == [
            (b"before\n", False),
            (b"", True),
            (b"after\n", False),
        ]
    finally:
        tap.stop()
        pos.close()


def test_a_printer_that_was_pulled_out_within_a_job_leaves_it_incomplete(tmp_path, pos):
    link = tmp_path / "printer"
    with VirtualSerialPrinter() as first:
        link.symlink_to(first.path)
        tap = LineTapProcess(tmp_path, pos.path, link)
        try:
            tap.start()
            first.drop_after_bytes = 4
            pos.send(b"half a receipt")
            (job,) = tap.jobs(1)
            assert not job.complete
            assert "the printer's line broke" in job.why
            beat = tap.heartbeat_with(lambda beat: beat.printer == "no")
            assert beat.failed_connections >= 1
        finally:
            tap.stop()


def test_a_killed_tap_leaves_its_job_and_starts_again(tap, pos, line_printer):
    pos.send(b"kept\n")
    assert on_paper(line_printer, b"kept\n")
    tap.kill()
    pos.send(b"printed later\n")  # waits in the line, as in a buffer of the printer
    tap.start()
    assert on_paper(line_printer, b"kept\nprinted later\n")


@pytest.mark.parametrize(
    ("came", "out", "rest", "breaks"),
    [
        (b"abc", b"abc", b"", 0),
        (b"a\xff\xffb", b"a\xffb", b"", 0),
        (b"a\xff\x00\x00b", b"ab", b"", 1),
        (b"\xff\x00\x41", b"A", b"", 0),  # a byte that came in wrong
        (b"a\xff", b"a", b"\xff", 0),
        (b"a\xff\x00", b"a", b"\xff\x00", 0),
        (b"\xff\xff\xff\x00\x00\xff\xff", b"\xff\xff", b"", 1),
    ],
)
def test_breaks_and_marked_bytes_are_told_from_bytes(came, out, rest, breaks):
    assert unmarked(came) == (out, rest, breaks)


def test_a_mark_in_pieces_is_read_as_one():
    came = b"\xff\xff" * 3 + b"\xff\x00\x00x"
    for cut in range(len(came)):
        first, rest, before = unmarked(came[:cut])
        second, left, after = unmarked(rest + came[cut:])
        assert (first + second, left, before + after) == (b"\xff\xff\xffx", b"", 1)


def test_a_serial_line_is_set_as_told(pos):
    # A pseudo-terminal has neither parity nor seven bits.
    end = SerialEnd(pos.path, SerialLine(19200, stop_bits=2))
    attributes = termios.tcgetattr(end.fileno())
    end.close()
    assert attributes[4] == attributes[5] == termios.B19200
    assert attributes[2] & termios.CSTOPB
    assert end.fileno() == -1


class WiredEnd(SerialEnd):
    """A serial line with wires, which a pseudo-terminal has not."""

    def __init__(self, sock, line):
        self._sock, self._handle, self._line = sock, sock.fileno(), line
        self._rest, self._breaks = b"", 0
        self.says = termios.TIOCM_CTS | termios.TIOCM_DSR
        self.driven, self.breaks = None, []

    def wires(self):
        return self.says

    def drive(self, wires):
        self.driven = wires

    def untaken(self):
        return False

    def send_break(self, *, on):
        self.breaks.append(on)

    def close(self):
        self._sock.close()


class Wired:
    """A tap in the loop of this thread, between two wired lines."""

    def __init__(self, monkeypatch, flow):
        self.pos, pos = socket.socketpair()
        self.printer, printer = socket.socketpair()
        for sock in (self.pos, pos, self.printer, printer):
            sock.setblocking(False)
        line = SerialLine(flow=flow)
        self.ends = {"pos": WiredEnd(pos, line), "printer": WiredEnd(printer, line)}
        monkeypatch.setattr(line_tap, "open_end", self._open)
        self.loop = Loop()
        config = LineConfig("counter-1", "pos", "printer", Path("spool"), 150, line)
        self.loop.members = [line_tap.LineTap(config, self.loop, NoSink())]

    def _open(self, path, _):
        if path not in self.ends:
            raise FileNotFoundError(path)
        return self.ends[path]

    def run_until(self, condition):
        self.loop.due(0.0)
        until_s = time.monotonic() + WAIT_S
        self.loop.run(lambda: condition() or time.monotonic() > until_s)
        assert condition()

    def heard(self, sock):
        try:
            return sock.recv(100)
        except BlockingIOError:
            return b""

    def close(self):
        self.loop.members[0].stop()
        self.loop.close()
        self.pos.close()
        self.printer.close()


class NoSink:
    """Keeps nothing: this is about what passes."""

    def begin(self):
        return Begun(Moment.now(), None)

    def never_began(self, begun):
        pass

    def start_job(self, head, mark):
        return None


@pytest.fixture
def wired(monkeypatch):
    made = []

    def make(flow="none"):
        made.append(Wired(monkeypatch, flow))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_the_wires_of_each_side_are_passed_on_to_the_other(wired):
    tap = wired()
    pos, printer = tap.ends["pos"], tap.ends["printer"]
    pos.says, printer.says = termios.TIOCM_CTS, termios.TIOCM_DSR
    tap.run_until(lambda: printer.driven == termios.TIOCM_CTS)
    assert pos.driven == termios.TIOCM_DSR
    printer.says = 0  # the printer is busy: the POS is told
    tap.run_until(lambda: pos.driven == 0)


def test_our_lines_leave_by_the_wires_that_cross_a_cable(pos, monkeypatch):
    asked = {}

    def heard(_, request, bits):
        asked[request] = struct.unpack("I", bits)[0]

    end = SerialEnd(pos.path, SerialLine())
    monkeypatch.setattr(ends.fcntl, "ioctl", heard)
    end.drive(termios.TIOCM_CTS | termios.TIOCM_RI)
    monkeypatch.undo()
    end.close()
    assert asked == {termios.TIOCMBIS: termios.TIOCM_RTS, termios.TIOCMBIC: termios.TIOCM_DTR}


@pytest.mark.parametrize(("flow", "wire"), [("rtscts", "TIOCM_CTS"), ("dsrdtr", "TIOCM_DSR")])
def test_a_busy_printer_is_sent_nothing_until_it_is_free(wired, flow, wire):
    tap = wired(flow)
    printer = tap.ends["printer"]
    printer.says &= ~getattr(termios, wire)
    tap.pos.send(b"receipt")
    tap.run_until(lambda: tap.loop.members[0]._up_rest == b"receipt")
    assert tap.heard(tap.printer) == b""
    printer.says |= getattr(termios, wire)
    got = bytearray()
    tap.run_until(lambda: bytes(got.__iadd__(tap.heard(tap.printer))) == b"receipt")


def test_what_waits_in_the_tap_waits_for_xon(wired):
    tap = wired("xonxoff")
    tap.printer.send(b"\x13")
    told = bytearray()
    tap.run_until(lambda: bytes(told.__iadd__(tap.heard(tap.pos))) == b"\x13")  # as by a cable
    # What it had on its way already, or what came while our slip was printed.
    tap.pos.send(b"receipt")
    tap.run_until(lambda: tap.loop.members[0]._up_rest == b"receipt")
    assert tap.heard(tap.printer) == b""
    tap.printer.send(b"\x11")
    got = bytearray()
    tap.run_until(lambda: bytes(got.__iadd__(tap.heard(tap.printer))) == b"receipt")


def test_what_a_pos_sent_before_it_was_pulled_out_is_printed_without_waiting_for_it(wired):
    tap = wired("xonxoff")
    line, printer = tap.loop.members[0], tap.ends["printer"]
    tap.printer.send(b"\x13")
    tap.run_until(lambda: printer._is_held)
    tap.pos.send(b"receipt")
    tap.run_until(lambda: line._up_rest == b"receipt")
    tap.pos.close()
    del tap.ends["pos"]
    tap.run_until(lambda: line._pos is None)
    tap.printer.send(b"\x11")
    got = bytearray()
    tap.run_until(lambda: bytes(got.__iadd__(tap.heard(tap.printer))) == b"receipt")
    asked = []
    printer.is_ready_for = lambda _: asked.append(1) or True
    tap.pos, near = socket.socketpair()
    near.setblocking(False)
    tap.ends["pos"] = WiredEnd(near, SerialLine(flow="xonxoff"))
    tap.run_until(lambda: line._pos is not None)
    assert len(asked) < 20  # a printer that is ready, and nothing for it: that is no busy loop
    tap.pos.send(b"next")
    tap.run_until(lambda: bytes(got.__iadd__(tap.heard(tap.printer))) == b"receiptnext")


def test_a_pos_that_is_gone_when_the_printer_speaks_costs_no_printer(wired):
    tap = wired()
    line, pos = tap.loop.members[0], tap.ends["pos"]
    tap.run_until(lambda: line.open_connections)
    printer = line._printer

    def write(_):
        raise OSError(5, "Input/output error")

    pos.write = write
    del tap.ends["pos"]
    tap.printer.send(b"\x12")
    tap.run_until(lambda: line._pos is None)
    assert line._printer is printer
    assert "the POS's line broke" in line.last_error


def test_a_break_is_passed_on_and_ends(wired):
    tap = wired()
    tap.pos.send(b"a\xff\x00\x00b")
    printer = tap.ends["printer"]
    tap.run_until(lambda: printer.breaks == [True, False])
    assert tap.heard(tap.printer) == b"ab"

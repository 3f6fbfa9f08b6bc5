"""A slip's outcome is the truth, whatever the printer does while it is being printed."""

import errno
import fcntl
import os
import socket
import struct
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from edge_agent.devices.printer_wires import FilePrinter, Manner, NetworkPrinter, SerialPrinter
from edge_agent.devices.printers import Answer, SlipPrinter, Status, TapPrinter
from edge_agent.devices.slip_folder import Outcome, Result, Slips

SLIP = b"\x1b@" + "积分凭条".encode("gb18030") * 20 + b"\n\x1dVB\x60\x1b@"
WELL = {b"\x10\x04\x01": b"\x12", b"\x10\x04\x02": b"\x12", b"\x10\x04\x04": b"\x12"}
IN_ORDER = {b"\x1dr\x01": b"\x00"}
PRINTED = Outcome(Result.PRINTED, "")


class Printer:
    """The far end of a wire: answers questions, keeps all else, and dies when told to."""

    def __init__(self, answers: dict[bytes, bytes], dies_after: int | None = None) -> None:
        self.answers = answers
        self.paper = b""
        self.hung_up = threading.Event()
        self._dies_after = dies_after
        self._rest = b""

    def take(self, data: bytes) -> bytes | None:
        """Return what to answer; None when the power fails."""
        self._rest += data
        answer = b""
        while self._rest:
            question = next((q for q in self.answers if self._rest.startswith(q)), None)
            if question:
                answer += self.answers[question]
                self._rest = self._rest[len(question) :]
            elif any(q.startswith(self._rest) for q in self.answers):
                break
            else:
                self.paper += self._rest[:1]
                self._rest = self._rest[1:]
                if len(self.paper) == self._dies_after:
                    return None
        return answer


@contextmanager
def on_network(printer: Printer) -> Iterator[int]:
    """Serve `printer` on a port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(ConnectionError):
                if printer._dies_after is not None:
                    # A reset instead of an orderly end, as when the plug is pulled and put back.
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                while data := connection.recv(64):
                    answer = printer.take(data)
                    if answer is None:
                        break
                    connection.sendall(answer)
            printer.hung_up.set()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@contextmanager
def on_serial_line(printer: Printer) -> Iterator[str]:
    """Serve `printer` at the far end of a pseudo-terminal."""
    far, near = os.openpty()
    tty.setraw(near)

    def serve() -> None:
        with suppress(OSError):  # the near end is closed: the test is over
            while data := os.read(far, 64):
                os.write(far, printer.take(data) or b"")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield os.ttyname(near)
    finally:
        os.close(near)
        thread.join()
        os.close(far)


def print_on(printer: Printer, *, answers: Manner = "dle_eot", timeout_s: float = 2.0) -> Outcome:
    with on_network(printer) as port:
        outcome = NetworkPrinter("127.0.0.1", port, timeout_s, answers).print_slip("a", SLIP)
        assert printer.hung_up.wait(5)
        return outcome


def test_a_slip_is_printed_when_the_printer_has_answered_behind_it() -> None:
    printer = Printer(WELL | IN_ORDER)
    assert print_on(printer) == PRINTED
    assert printer.paper == SLIP


def test_a_refused_connection_prints_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closing_soon:
        port = closing_soon.getsockname()[1]
    outcome = NetworkPrinter("127.0.0.1", port, 1.0).print_slip("a", SLIP)
    assert outcome.result is Result.NOT_PRINTED
    assert "refused" in outcome.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({b"\x10\x04\x04": b"\x72"}, "the paper is out"),
        ({b"\x10\x04\x02": b"\x32"}, "the paper is out"),
        ({b"\x10\x04\x02": b"\x16"}, "the cover is open"),
        ({b"\x10\x04\x01": b"\x1a"}, "the printer is offline"),
    ],
)
def test_a_printer_that_cannot_print_is_sent_nothing(
    change: dict[bytes, bytes], reason: str
) -> None:
    printer = Printer(WELL | IN_ORDER | change)
    assert print_on(printer) == Outcome(Result.NOT_PRINTED, reason)
    assert printer.paper == b""


@pytest.mark.parametrize("at", [1, 2, len(SLIP) // 2, len(SLIP)])
def test_a_link_that_breaks_within_the_slip_leaves_it_unknown(at: int) -> None:
    printer = Printer(WELL | IN_ORDER, dies_after=at)
    assert print_on(printer).result is Result.UNKNOWN
    assert printer.paper == SLIP[:at]


def test_a_link_that_breaks_before_the_slip_prints_nothing() -> None:
    printer = Printer(IN_ORDER, dies_after=1)  # the first byte of the first question ends it
    outcome = print_on(printer)
    assert outcome.result is Result.NOT_PRINTED
    assert "before printing" in outcome.reason


def test_paper_that_runs_out_within_the_slip_leaves_it_unknown() -> None:
    outcome = print_on(Printer(WELL | {b"\x1dr\x01": b"\x0c"}))
    assert outcome == Outcome(Result.UNKNOWN, "the paper ran out: look at the paper")


def test_a_printer_that_falls_silent_leaves_the_slip_unknown() -> None:
    outcome = print_on(Printer(WELL), timeout_s=0.2)
    assert outcome == Outcome(Result.UNKNOWN, "the printer did not confirm it: look at the paper")


def test_an_automatic_status_is_never_taken_for_an_answer() -> None:
    automatic = b"\x10\x00\x00\x00"
    answers = {question: automatic + answer for question, answer in WELL.items()}
    assert print_on(Printer(answers | IN_ORDER)) == PRINTED
    only_automatic = print_on(Printer(WELL | {b"\x1dr\x01": automatic}), timeout_s=0.2)
    assert only_automatic.result is Result.UNKNOWN


def test_a_printer_that_never_answers_leaves_the_slip_unknown() -> None:
    printer = Printer({})
    assert print_on(printer, timeout_s=0.2).result is Result.UNKNOWN
    assert SLIP in printer.paper


def test_what_a_printer_known_to_be_mute_took_counts_as_printed_and_it_is_not_asked() -> None:
    printer = Printer({})
    assert print_on(printer, answers="never") == PRINTED
    assert printer.paper == SLIP


def test_a_printer_that_holds_a_slip_back_may_print_it_after_we_have_gone() -> None:
    # It talks though it never answers: were that left unread, closing would be a reset, and what it
    # has not read yet would be lost to it.
    paper = b""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = NetworkPrinter("127.0.0.1", listener.getsockname()[1], 0.2, "never")
        outcomes: list[Outcome] = []
        printing = threading.Thread(target=lambda: outcomes.append(near.print_slip("a", SLIP)))
        printing.start()
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"\x14\x00\x00\x00")
            printing.join()
            while data := connection.recv(64):
                paper += data
    assert paper == SLIP
    assert outcomes == [Outcome(Result.UNKNOWN, "the printer holds it back: look at the paper")]


def test_a_mute_usb_printer_that_is_pulled_out_is_not_believed_to_have_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As usblp says it once the plug is out; poll() calls its device ready even then.
    def gone(handle: int, request: int, *_: object) -> bytes:
        if request == termios.TIOCOUTQ:
            raise OSError(errno.ENOTTY, "no terminal")
        if asked:
            raise OSError(errno.ENODEV, "No such device")
        asked.append(request)
        return b"\x18"

    asked: list[int] = []
    monkeypatch.setattr(fcntl, "ioctl", gone)
    printer = Printer({})
    with on_serial_line(printer) as path:
        outcome = FilePrinter(lambda: path, 2.0, "never").print_slip("a", SLIP)
    assert outcome.result is Result.UNKNOWN
    assert "the link broke while printing" in outcome.reason


def test_a_mute_usb_printer_whose_paper_wire_says_so_is_not_believed_to_have_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wires = [b"\x18", b"\x38"]  # paper out is 20 (linux/lp.h), and comes while it prints

    def said(handle: int, request: int, *_: object) -> bytes:
        if request == termios.TIOCOUTQ:
            raise OSError(errno.ENOTTY, "no terminal")
        return wires.pop(0)

    monkeypatch.setattr(fcntl, "ioctl", said)
    with on_serial_line(Printer({})) as path:
        outcome = FilePrinter(lambda: path, 2.0, "never").print_slip("a", SLIP)
    assert outcome == Outcome(Result.UNKNOWN, "the paper is out: look at the paper")


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        (WELL, Status(Answer.YES, Answer.YES, Answer.YES, Answer.YES)),
        (WELL | {b"\x10\x04\x04": b"\x72"}, Status(Answer.YES, Answer.NO, Answer.YES, Answer.YES)),
        (WELL | {b"\x10\x04\x02": b"\x16"}, Status(Answer.YES, Answer.YES, Answer.NO, Answer.YES)),
        (WELL | {b"\x10\x04\x01": b"\x1a"}, Status(Answer.NO, Answer.YES, Answer.YES, Answer.YES)),
        ({}, Status()),
    ],
)
def test_status_answers_yes_no_or_unknown(answers: dict[bytes, bytes], status: Status) -> None:
    with on_network(Printer(answers)) as port:
        assert NetworkPrinter("127.0.0.1", port, 1.0).status() == status


ASB_ON, ASB_OFF = b"\x1da\x0f", b"\x1da\x00"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"\x10\x00\x00\x00", Status(Answer.YES, Answer.YES, Answer.YES, Answer.YES)),
        (b"\x18\x00\x0c\x00", Status(Answer.NO, Answer.NO, Answer.YES, Answer.YES)),
        (b"\x38\x00\x00\x00", Status(Answer.NO, Answer.YES, Answer.NO, Answer.YES)),
        (b"\x18\x08\x00\x00", Status(Answer.NO, Answer.YES, Answer.YES, Answer.NO)),
        (b"\x13\x10\x00\x00\x00", Status(Answer.YES, Answer.YES, Answer.YES, Answer.YES)),
        (b"", Status()),
    ],
)
def test_a_printer_that_only_reports_by_itself_is_understood(said: bytes, status: Status) -> None:
    with on_network(Printer({ASB_ON: said, ASB_OFF: b""})) as port:
        assert NetworkPrinter("127.0.0.1", port, 1.0, "asb").status() == status


def test_a_slip_is_confirmed_by_the_report_behind_it() -> None:
    printer = Printer({ASB_ON: b"\x10\x00\x00\x00", ASB_OFF: b""})
    assert print_on(printer, answers="asb") == PRINTED
    assert printer.paper == SLIP


def test_a_stuck_cutter_is_told_from_other_errors() -> None:
    stuck = WELL | {b"\x10\x04\x02": b"\x52", b"\x10\x04\x03": b"\x1a"}
    assert print_on(Printer(stuck)) == Outcome(Result.NOT_PRINTED, "the cutter is stuck")


def test_a_printer_that_cannot_be_reached_is_offline_and_otherwise_unknown() -> None:
    assert SerialPrinter("/nonexistent/printer").status() == Status(online=Answer.NO)


def test_a_serial_printer_prints_and_answers_the_same_way() -> None:
    printer = Printer(WELL | IN_ORDER)
    with on_serial_line(printer) as path:
        assert SerialPrinter(path, timeout_s=2.0).print_slip("a", SLIP) == PRINTED
        assert SerialPrinter(path).status() == Status(
            Answer.YES, Answer.YES, Answer.YES, Answer.YES
        )
    assert printer.paper == SLIP


def test_the_tap_gets_a_slip_once_and_tells_its_outcome_later(tmp_path: Path) -> None:
    slips = Slips(tmp_path)
    printer: SlipPrinter = TapPrinter(slips)
    assert printer.print_slip("a", SLIP) is None
    assert printer.print_slip("a", SLIP) is None
    assert slips.waiting() == ["a"]
    assert printer.outcomes() == {}
    assert slips.begin("a") == SLIP
    slips.settle("a", PRINTED)
    assert printer.outcomes() == {"a": PRINTED}
    assert printer.status() == Status()

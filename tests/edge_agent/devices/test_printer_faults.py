"""Whatever fails at whichever byte of a slip, what is said of the slip is what is on the paper."""

import re
import socket

import pytest

from edge_agent.devices import printer_wires
from edge_agent.devices.printer_wires import NetworkPrinter, SerialPrinter
from edge_agent.devices.slip_folder import Result
from edge_agent.devices.tap import slip_printing
from edge_agent.devices.tap.slip_line import SocketLine
from edge_agent.devices.virtual.printer import VirtualPrinter
from edge_agent.devices.virtual.serial_printer import VirtualSerialPrinter
from paper.encode import PAPER_58MM, encode_slip
from paper.layout import Cut, Text

SLIP = encode_slip((Text("￥8 积分+8", bold=True), Cut()), PAPER_58MM).data
ASKED = b"\x10\x04\x01\x10\x04\x02\x10\x04\x04"  # before a slip goes out
ASKED_BY_TAP = b"\x10\x04\x02"
FAULTS = ("paper_ends", "cover_opens", "power_fails", "drop")


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Nothing here waits for a real printer's mechanics."""
    monkeypatch.setattr(printer_wires, "_ANSWER_S", 0.05)
    monkeypatch.setattr(slip_printing, "ANSWER_WAIT_S", 0.05)
    # A busy machine must have worked the slip through by then, or it looks like a printer that
    # answers no GS r.
    monkeypatch.setattr(slip_printing, "PRINTED_WAIT_S", 0.15)


def print_on(printer, patience_s=0.03):
    if isinstance(printer, VirtualPrinter):
        return NetworkPrinter("127.0.0.1", printer.port, patience_s).print_slip("a", SLIP)
    return SerialPrinter(printer.path, 115200, patience_s).print_slip("a", SLIP)


def tapped(printer):
    """Print as the tap does, on the POS's printer."""
    with socket.create_connection(("127.0.0.1", printer.port)) as line:
        return slip_printing.print_slip(SocketLine(line), SLIP).outcome


def on_paper(printer):
    """How many bytes of the slip were worked through, and are on the paper, cut or in the bin."""
    paper = re.sub(rb"^(\x10(\x04.?)?)*", b"", bytes(printer.paper_bytes))
    assert SLIP.startswith(paper[: len(SLIP)]), paper
    return min(len(paper), len(SLIP))


def is_true(outcome, printer):
    """Tell whether what was said can be said of this paper."""
    match outcome.result:
        case Result.PRINTED:
            return on_paper(printer) == len(SLIP)
        case Result.NOT_PRINTED:
            return on_paper(printer) == 0
        case Result.UNKNOWN:
            return outcome.reason != ""


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("make", [VirtualPrinter, VirtualSerialPrinter])
def test_at_each_byte_of_a_slip_the_stated_outcome_is_true(make, fault):
    said = []
    for at in range(len(SLIP)):
        with make() as printer:
            setattr(printer, f"{fault}_after_bytes", len(ASKED) + at + 1)
            outcome = print_on(printer)
        assert is_true(outcome, printer), (at, outcome)
        said.append(outcome.result)
    # Within the slip nobody can know; behind its last byte the paper may hold all of it.
    assert Result.UNKNOWN in said
    assert Result.PRINTED not in said[:-1]


@pytest.mark.parametrize("fault", FAULTS)
def test_at_each_byte_of_a_slip_between_the_pos_s_jobs_the_stated_outcome_is_true(fault):
    said = []
    for at in range(len(SLIP)):
        with VirtualPrinter() as printer:
            setattr(printer, f"{fault}_after_bytes", len(ASKED_BY_TAP) + at + 1)
            outcome = tapped(printer)
        assert is_true(outcome, printer), (at, outcome)
        said.append(outcome.result)
    assert Result.UNKNOWN in said
    assert Result.PRINTED not in said[:-1]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("make", [VirtualPrinter, VirtualSerialPrinter])
def test_what_fails_before_the_slip_is_never_said_to_have_printed_it(make, fault):
    for at in range(1, len(ASKED)):
        with make() as printer:
            setattr(printer, f"{fault}_after_bytes", at)
            outcome = print_on(printer)
        assert is_true(outcome, printer), (at, outcome)
        assert outcome.result in {Result.NOT_PRINTED, Result.UNKNOWN}


@pytest.mark.parametrize("make", [VirtualPrinter, VirtualSerialPrinter])
def test_without_a_fault_the_slip_is_printed_whole_and_once(make):
    with make() as printer:
        assert print_on(printer, 5.0).result is Result.PRINTED
        assert on_paper(printer) == len(SLIP)
        assert bytes(printer.paper_bytes).count(SLIP) == 1


def test_a_printer_whose_power_failed_refuses_until_it_is_back():
    with VirtualPrinter() as printer:
        printer.power_fails_after_bytes = len(ASKED) + 5
        assert print_on(printer).result is Result.UNKNOWN
        assert print_on(printer).result is Result.NOT_PRINTED
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", printer.port), 5)
        printer.power_off()
        printer.power_on()
        assert print_on(printer, 5.0).result is Result.PRINTED

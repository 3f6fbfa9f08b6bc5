"""Whatever fails at whichever byte of a slip, what is said of the slip is what is on the paper."""

import re
import socket

import pytest

from edge_agent.devices import printer_link
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


#: Who is asked and can answer does so at once; this is for a busy machine.
ANSWERS_S = 5.0
#: Nothing here waits for a real printer's mechanics.
NEVER_COMES_S = 0.05


def silent(make, fault):
    """Tell whether nobody answers any more after this fault, and no error says so either."""
    return make is VirtualSerialPrinter and fault == "power_fails"


@pytest.fixture(autouse=True)
def patience(monkeypatch, request):
    asked = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    quiet = silent(asked.get("make"), asked.get("fault"))
    monkeypatch.setattr(printer_link, "ANSWER_S", NEVER_COMES_S if quiet else ANSWERS_S)
    monkeypatch.setattr(slip_printing, "ANSWER_WAIT_S", ANSWERS_S)
    # A busy machine must have worked the slip through by then, or it looks like a printer that
    # answers no GS r.
    monkeypatch.setattr(slip_printing, "PRINTED_WAIT_S", 0.2)


def print_on(printer, patience_s=0.03, answers="dle_eot"):
    if isinstance(printer, VirtualPrinter):
        wired = NetworkPrinter("127.0.0.1", printer.port, patience_s, answers)
    else:
        wired = SerialPrinter(printer.path, 115200, patience_s, answers)
    return wired.print_slip("a", SLIP)


def print_unasked(printer, patience_s=0.03):
    printer.mute = True
    return print_on(printer, patience_s, "never")


def tapped(printer):
    """Print as the tap does, on the POS's printer."""
    with socket.create_connection(("127.0.0.1", printer.port)) as line:
        return slip_printing.print_slip(SocketLine(line, is_lent=False), SLIP).outcome


def on_paper(printer):
    """How many bytes of the slip were worked through, and are on the paper, cut or in the bin."""
    paper = re.sub(rb"^(\x10(\x04.?)?)*", b"", bytes(printer.paper_bytes))
    assert SLIP.startswith(paper[: len(SLIP)]), paper
    return min(len(paper), len(SLIP))


#: What is said of a slip that was under way: never more than is known, and what to look for.
DIRECT = {
    "paper_ends": "the paper is out: look at the paper",
    "cover_opens": "the cover is open: look at the paper",
    "power_fails": "the link broke while printing",
    "drop": "the link broke while printing",
}
TAPPED = {
    "paper_ends": "the printer reports: out of paper",
    "cover_opens": "the printer reports: the cover is open",
    "power_fails": "the printer broke the connection",
    "drop": "the printer broke the connection",
}
#: A serial line does not tell that the printer at its end has lost its power.
SERIAL = DIRECT | {"power_fails": "the printer did not confirm it"}
LATE = (
    "the link broke while printing: Write timeout",
    "the printer did not confirm it: look at the paper",
)
#: How far into the questions before a slip (DLE EOT 1, 2, 4) a fault is still seen in time. The
#: byte that completes a question is answered as things stood; who lost power on a serial line looks
#: like one of the many printers that never answer.
IN_TIME = {
    (VirtualPrinter, "paper_ends"): 6,
    (VirtualPrinter, "cover_opens"): 3,
    (VirtualPrinter, "power_fails"): 6,
    (VirtualPrinter, "drop"): 9,
    (VirtualSerialPrinter, "paper_ends"): 6,
    (VirtualSerialPrinter, "cover_opens"): 3,
    (VirtualSerialPrinter, "power_fails"): 0,
    (VirtualSerialPrinter, "drop"): 9,
}


def outcomes(make, fault, after, count, print_slip):
    """Print once for each of `count` bytes behind `after` at which the fault strikes."""
    said = []
    for at in range(1, count + 1):
        with make() as printer:
            setattr(printer, f"{fault}_after_bytes", after + at)
            said.append((print_slip(printer), on_paper(printer)))
    return said


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("make", "why"), [(VirtualPrinter, DIRECT), (VirtualSerialPrinter, SERIAL)], ids=["net", "line"]
)
def test_a_fault_at_each_byte_of_a_slip_leaves_it_unknown_and_says_why(make, why, fault):
    said = outcomes(make, fault, len(ASKED), len(SLIP), print_on)
    assert [outcome.result for outcome, _ in said] == [Result.UNKNOWN] * len(SLIP)
    reasons = {outcome.reason[: len(why[fault])] for outcome, _ in said}
    if make is VirtualSerialPrinter:
        # On a busy machine its end of the line may be late, and then is no more than silent.
        reasons -= {each[: len(why[fault])] for each in LATE}
    assert reasons <= {why[fault]}
    # The fault struck where it was meant to; and a slip that was worked through is not claimed.
    if not silent(make, fault):
        assert [worked for _, worked in said] == [*range(1, len(SLIP) + 1)]


@pytest.mark.parametrize("fault", FAULTS)
def test_so_it_does_between_the_pos_s_jobs_until_the_printer_is_asked_behind_it(fault):
    asked_behind = b"\x1dr\x01"
    count = len(SLIP) + len(asked_behind)
    said = outcomes(VirtualPrinter, fault, len(ASKED_BY_TAP), count, tapped)
    unknown = [Result.UNKNOWN] * (count - 1)
    # With its last byte the question is whole; its answer is about a slip that is on the paper.
    assert [outcome.result for outcome, _ in said] == [*unknown, Result.PRINTED]
    why = TAPPED[fault]
    assert {outcome.reason[: len(why)] for outcome, _ in said[:-1]} == {why}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("make", [VirtualPrinter, VirtualSerialPrinter])
def test_what_fails_before_the_slip_keeps_it_off_the_paper_or_leaves_it_unknown(make, fault):
    said = outcomes(make, fault, 0, len(ASKED), print_on)
    in_time = IN_TIME[make, fault]
    rest = len(ASKED) - in_time
    wanted = [Result.NOT_PRINTED] * in_time + [Result.UNKNOWN] * rest
    assert [outcome.result for outcome, _ in said] == wanted
    assert [worked for _, worked in said] == [0] * len(ASKED)


@pytest.mark.parametrize("fault", ["paper_ends", "power_fails"])
def test_a_mute_clone_that_fails_at_any_byte_of_a_slip_is_not_believed_to_have_printed(fault):
    said = outcomes(VirtualPrinter, fault, 0, len(SLIP), print_unasked)
    # With the last byte all of it is on the paper; who loses the power then breaks the link.
    last = Result.PRINTED if fault == "paper_ends" else Result.UNKNOWN
    results = [outcome.result for outcome, _ in said]
    assert results == [*[Result.UNKNOWN] * (len(SLIP) - 1), last]
    assert [worked for _, worked in said] == [*range(1, len(SLIP) + 1)]
    reasons = {outcome.reason.partition(":")[0] for outcome, _ in said} - {""}
    broken = {"the link broke while printing"} if fault == "power_fails" else set()
    assert reasons <= {"the printer holds it back"} | broken


@pytest.mark.parametrize("by_tap", [False, True])
def test_a_mute_clone_without_paper_holds_a_slip_back_and_prints_it_later(by_tap, monkeypatch):
    monkeypatch.setattr(slip_printing, "ANSWER_WAIT_S", NEVER_COMES_S)
    with VirtualPrinter() as printer:
        printer.paper_out = printer.mute = True
        outcome = tapped(printer) if by_tap else print_unasked(printer)
        assert outcome.result is Result.UNKNOWN
        assert "the printer holds it back" in outcome.reason
        printer.paper_out = False
        asked = ASKED_BY_TAP if by_tap else b""
        assert printer.wait_until(lambda each: each.paper_bytes == asked + SLIP, 5)


@pytest.mark.parametrize(
    ("make", "result"),
    [(VirtualPrinter, Result.PRINTED), (VirtualSerialPrinter, Result.UNKNOWN)],
    ids=["net", "line"],
)
def test_a_mute_clone_in_order_has_printed_where_its_wire_proves_that_it_took_the_slip(
    make, result
):
    with make() as printer:
        outcome = print_unasked(printer, 5.0)
        assert outcome.result is result
        assert ("the printer does not answer" in outcome.reason) == (result is Result.UNKNOWN)


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

"""Our own slips: once each, between the POS's jobs, with an outcome that is true."""

import threading
import time

import pytest

from edge_agent.devices.slip_folder import Outcome, Result
from edge_agent.devices.virtual.printer import VirtualPrinter

PRINTED = Outcome(Result.PRINTED, "")
SLIP = b"\x1b@points earned: 12\n\x1dV\x00"


@pytest.fixture
def outcome_of(eventually):
    def wait(tap, slip_id):
        return eventually(lambda: tap.slips.outcomes().get(slip_id))

    return wait


def printed_order(printer, *pieces):
    """The order in which these pieces stand on the paper; each must be there once."""
    paper = printer.paper
    assert all(paper.count(piece) == 1 for piece in pieces)
    return sorted(pieces, key=paper.index)


def test_a_slip_is_printed_when_no_pos_is_connected(tap, printer, outcome_of):
    tap.slips.hand_over("s1", SLIP)
    assert outcome_of(tap, "s1") == PRINTED
    assert printer.paper.count(SLIP) == 1
    tap.print(b"next receipt")
    assert [job.data for job in tap.jobs(1)] == [b"next receipt"]


def test_a_slip_goes_between_two_jobs_of_a_pos_that_stays_connected(tap, printer, outcome_of):
    with tap.connect() as pos:
        pos.sendall(b"first receipt")
        tap.slips.hand_over("s1", SLIP)
        assert outcome_of(tap, "s1") == PRINTED
        pos.sendall(b"second receipt")
        tap.jobs(2)
    pieces = printed_order(printer, b"second receipt", SLIP, b"first receipt")
    assert pieces == [b"first receipt", SLIP, b"second receipt"]
    assert len(printer.jobs) == 1
    assert b"".join(job.data for job in tap.jobs(3)) == b"first receiptsecond receipt"


def test_a_slip_waits_while_the_pos_is_printing(tap, printer, outcome_of):
    with tap.connect() as pos:
        pos.sendall(b"[")
        tap.slips.hand_over("s1", SLIP)
        until_s = time.monotonic() + 1.5
        while time.monotonic() < until_s:
            pos.sendall(b"line")
            time.sleep(0.02)
        pos.sendall(b"]")
        assert outcome_of(tap, "s1") == PRINTED
    assert printed_order(printer, b"[", b"]", SLIP) == [b"[", b"]", SLIP]


def test_what_the_pos_sends_during_a_slip_follows_it(tap, printer, outcome_of):
    printer.bytes_per_s = 200
    slip = b"<" + b"s" * 200 + b">"
    with tap.connect() as pos:
        tap.slips.hand_over("s1", slip)
        assert printer.wait_until(lambda p: b"<" in p.paper, 20)
        pos.sendall(b"receipt")
        assert printer.wait_until(lambda p: b"receipt" in p.paper, 20)
    assert printed_order(printer, b"receipt", slip) == [slip, b"receipt"]
    assert outcome_of(tap, "s1") == PRINTED


def test_a_pos_that_connects_during_a_slip_is_served_after_it(make_tap, outcome_of):
    slip = b"<" + b"s" * 200 + b">"
    with VirtualPrinter(one_connection=False) as printer:
        tap = make_tap(printer.port)
        printer.bytes_per_s = 200
        tap.slips.hand_over("s1", slip)
        assert printer.wait_until(lambda p: b"<" in p.paper, 20)
        tap.print(b"receipt")
        assert printer.wait_until(lambda p: b"receipt" in p.paper, 20)
        assert printed_order(printer, b"receipt", slip) == [slip, b"receipt"]
        assert outcome_of(tap, "s1") == PRINTED


def test_answers_to_our_own_questions_never_reach_the_pos(tap, printer, outcome_of):
    with tap.connect() as pos:
        tap.slips.hand_over("s1", SLIP)
        assert outcome_of(tap, "s1") == PRINTED
        printer.cover_open = True
        pos.sendall(b"\x10\x04\x02")
        assert pos.recv(16) == b"\x16"


def test_an_answer_to_us_that_comes_late_is_kept_from_the_pos(make_tap, talk, outcome_of):
    may_answer = threading.Event()

    def conversation(link):
        """A printer that answers real-time questions at once and the one in order much later."""
        got = b""
        answered = 0
        while b"receipt" not in got:
            got += link.recv(4096)
            while answered < got.count(b"\x10\x04\x02"):
                answered += 1
                link.sendall(b"\x12")
        assert may_answer.wait(20)
        link.sendall(b"\x00" + b"for the POS")
        assert link.recv(1) == b""

    port, _ = talk(conversation)
    tap = make_tap(port)
    with tap.connect() as pos:
        tap.slips.hand_over("s1", SLIP)
        assert outcome_of(tap, "s1") == PRINTED
        pos.sendall(b"receipt")
        may_answer.set()
        heard = b""
        while len(heard) < len(b"for the POS"):
            heard += pos.recv(100)
        assert heard == b"for the POS"


def test_slips_are_printed_in_the_order_they_were_handed_over(tap, printer, outcome_of):
    slips = [b"slip %d." % number for number in range(4)]
    for number, slip in enumerate(slips):
        tap.slips.hand_over(f"s{number}", slip)
        time.sleep(0.01)
    for number in range(4):
        assert outcome_of(tap, f"s{number}") == PRINTED
    assert printed_order(printer, *reversed(slips)) == slips


def test_a_slip_handed_over_again_is_not_printed_again(tap, printer, outcome_of):
    tap.slips.hand_over("s1", SLIP)
    assert outcome_of(tap, "s1") == PRINTED
    tap.slips.hand_over("s1", SLIP)
    tap.slips.hand_over("s2", b"another")
    assert outcome_of(tap, "s2") == PRINTED
    assert printer.paper.count(SLIP) == 1


def test_a_slip_for_a_printer_that_is_off_is_not_printed_and_says_why(make_tap, outcome_of):
    printer = VirtualPrinter()
    printer.start()
    printer.power_off()
    tap = make_tap(printer.port)
    tap.slips.hand_over("s1", SLIP)
    outcome = outcome_of(tap, "s1")
    assert outcome.result is Result.NOT_PRINTED
    assert "no connection to the printer" in outcome.reason


@pytest.mark.parametrize(
    ("switch", "words"), [("paper_out", "out of paper"), ("cover_open", "the cover is open")]
)
def test_a_slip_for_a_printer_that_cannot_print_stays_off_it(
    tap, printer, outcome_of, switch, words
):
    setattr(printer, switch, True)
    tap.slips.hand_over("s1", SLIP)
    outcome = outcome_of(tap, "s1")
    assert outcome.result is Result.NOT_PRINTED
    assert words in outcome.reason
    setattr(printer, switch, False)
    tap.print(b"receipt")
    assert printer.wait_until(lambda p: b"receipt" in p.paper, 20)
    assert SLIP not in printer.paper


def test_a_printer_that_never_answers_has_printed_what_it_took(tap, printer, outcome_of):
    printer.mute = True
    tap.slips.hand_over("s1", SLIP)
    assert outcome_of(tap, "s1") == PRINTED
    assert printer.wait_until(lambda p: SLIP in p.paper, 20)


@pytest.mark.parametrize("mute", [False, True])
def test_a_slip_during_which_the_printer_breaks_is_unknown(tap, printer, outcome_of, mute):
    printer.mute = mute
    question_bytes = 3
    printer.drop_after_bytes = question_bytes + len(SLIP) // 2
    tap.slips.hand_over("s1", SLIP)
    outcome = outcome_of(tap, "s1")
    assert outcome.result is Result.UNKNOWN
    assert outcome.reason
    tap.print(b"receipt")
    assert printer.wait_until(lambda p: b"receipt" in p.paper, 20)


def test_a_slip_during_which_the_paper_ends_is_unknown(tap, printer, outcome_of):
    printer.bytes_per_s = 200
    tap.slips.hand_over("s1", b"<" + b"s" * 300 + b">")
    assert printer.wait_until(lambda p: b"<" in p.paper, 20)
    printer.paper_out = True
    outcome = outcome_of(tap, "s1")
    assert outcome.result is Result.UNKNOWN
    assert "out of paper" in outcome.reason


def test_a_tap_killed_during_a_slip_says_unknown_and_never_prints_it_again(
    tap, printer, outcome_of
):
    printer.bytes_per_s = 100
    tap.slips.hand_over("s1", b"<" + b"s" * 500 + b">")
    assert printer.wait_until(lambda p: b"<" in p.paper, 20)
    tap.kill()
    assert tap.slips.outcomes() == {}
    printer.bytes_per_s = None
    tap.start()
    outcome = outcome_of(tap, "s1")
    assert outcome.result is Result.UNKNOWN
    tap.slips.hand_over("s1", b"<" + b"s" * 500 + b">")
    tap.slips.hand_over("s2", b"after it")
    assert outcome_of(tap, "s2") == PRINTED
    assert printer.paper.count(b"<") == 1


def test_a_slip_handed_over_before_the_tap_runs_is_printed_when_it_does(
    make_tap, printer, outcome_of
):
    tap = make_tap(printer.port, start=False)
    tap.slips.hand_over("s1", SLIP)
    tap.start()
    assert outcome_of(tap, "s1") == PRINTED


def test_a_slip_too_long_that_got_into_the_folder_is_refused(tap, printer, outcome_of):
    tap.slips.hand_over("good", SLIP)
    (tap.folder / "slips" / "long.slip").write_bytes(b"x" * 4097)
    outcome = outcome_of(tap, "long")
    assert outcome.result is Result.NOT_PRINTED
    assert "4097 bytes" in outcome.reason

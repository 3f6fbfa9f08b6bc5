"""What the POS's printer says of itself reaches the heartbeat, without a question of ours."""

import threading

import pytest

from edge_agent.devices.heartbeat import Condition, Cover, Paper, Reachable
from edge_agent.devices.tap.answers import Kind
from edge_agent.devices.tap.listening import Listening

WAIT_S = 20.0
ASK = {number: b"\x10\x04" + bytes([number]) for number in (1, 2, 4)}  # DLE EOT n


@pytest.fixture
def listening():
    return Listening()


@pytest.mark.parametrize(
    ("question", "answer", "paper", "cover"),
    [
        (ASK[1], 0x12, Paper.OK, Cover.CLOSED),
        (ASK[1], 0x1A, Paper.UNKNOWN, Cover.UNKNOWN),  # offline, and it does not say why
        (ASK[2], 0x12, Paper.OK, Cover.CLOSED),
        (ASK[2], 0x32, Paper.OUT, Cover.CLOSED),
        (ASK[2], 0x16, Paper.OK, Cover.OPEN),
        (ASK[4], 0x12, Paper.OK, Cover.UNKNOWN),
        (ASK[4], 0x1E, Paper.OK, Cover.UNKNOWN),  # the roll is near its end
        (ASK[4], 0x72, Paper.OUT, Cover.UNKNOWN),
        (b"\x1d\x72\x01", 0x00, Paper.OK, Cover.UNKNOWN),  # GS r 1
        (b"\x1d\x72\x01", 0x0C, Paper.OUT, Cover.UNKNOWN),
    ],
)
def test_an_answer_means_what_was_asked(listening, question, answer, paper, cover):
    listening.pos_says(question)
    listening.printer_says(bytes([answer]))
    assert listening.condition == Condition(paper, cover)


def test_answers_are_told_apart_by_the_order_of_the_questions(listening):
    listening.pos_says(ASK[1] + ASK[4])
    listening.printer_says(b"\x1a")
    listening.printer_says(b"\x72")
    assert listening.condition.paper is Paper.OUT


def test_an_answer_to_no_question_and_bytes_of_a_picture_mean_nothing(listening):
    listening.printer_says(b"\x72\x0c")
    listening.pos_says(b"picture \x10\x04\x04 picture")
    listening.printer_says(b"\x72")
    assert listening.condition == Condition()


def test_automatic_status_is_understood_in_pieces(listening):
    listening.printer_says(b"\x18\x00")
    listening.printer_says(b"\x0c\x00")
    assert listening.condition == Condition(Paper.OUT, Cover.CLOSED)
    listening.printer_says(b"\x38\x00\x00\x00")
    assert listening.condition == Condition(Paper.OK, Cover.OPEN)


def test_what_a_slip_was_answered_counts_and_a_lost_printer_is_unknown(listening):
    listening.slip_heard([(Kind.REAL_TIME, 0x32)])
    assert listening.condition.stands_still
    listening.slip_heard([(Kind.REAL_TIME, 0x12), (Kind.IN_ORDER, 0x00)])
    assert listening.condition == Condition(Paper.OK, Cover.CLOSED)
    listening.unreachable()
    assert listening.condition == Condition()


def test_paper_that_runs_out_and_comes_back_is_seen_through_the_pos_that_asks(tap, printer):
    with tap.connect() as pos:
        for out, paper in ((False, Paper.OK), (True, Paper.OUT), (False, Paper.OK)):
            printer.paper_out = out
            pos.sendall(ASK[4])
            assert pos.recv(1) == bytes([printer.real_time_status(4)])
            tap.heartbeat_with(lambda beat, paper=paper: beat.condition.paper is paper)


def test_a_slip_finds_out_about_paper_where_the_pos_never_asks(tap, printer):
    assert tap.heartbeat_with(lambda beat: True).condition.paper is Paper.UNKNOWN
    printer.paper_out = True
    tap.slips.hand_over("one", b"our slip\n")
    beat = tap.heartbeat_with(lambda beat: beat.condition.paper is Paper.OUT)
    assert beat.printer is Reachable.YES
    printer.paper_out = False
    tap.slips.hand_over("two", b"our slip\n")
    tap.heartbeat_with(lambda beat: beat.condition.paper is Paper.OK)


def test_automatic_status_of_a_real_line_reaches_the_heartbeat_and_the_pos(make_tap, talk):
    def conversation(link):
        assert link.recv(100) == b"job"
        link.sendall(b"\x18\x00\x0c\x00")
        assert link.recv(100) == b""

    port, join = talk(conversation)
    tap = make_tap(port)
    with tap.connect() as pos:
        pos.sendall(b"job")
        assert pos.recv(4) == b"\x18\x00\x0c\x00"
        tap.heartbeat_with(lambda beat: beat.condition.paper is Paper.OUT)
    join()


def test_a_printer_that_takes_nothing_any_more_is_said_to_stand_still(make_tap, talk):
    def conversation(link):
        link.recv(1)  # and nothing else, until the test has seen it
        seen.wait(WAIT_S)
        while link.recv(1 << 20):
            pass

    seen = threading.Event()
    port, join = talk(conversation)
    tap = make_tap(port)
    with tap.connect() as pos:
        pos.setblocking(False)
        try:
            while True:
                pos.send(bytes(1 << 20))
        except BlockingIOError:
            pos.setblocking(True)
        assert tap.heartbeat_with(lambda beat: beat.condition.stalled).condition.stands_still
        seen.set()
        tap.heartbeat_with(lambda beat: not beat.condition.stalled)
    join()

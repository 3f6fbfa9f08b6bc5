import socket

import pytest

from edge_agent.devices.virtual.printer import VirtualPrinter


@pytest.fixture
def pos(printer):
    with socket.create_connection(("127.0.0.1", printer.port), 20) as pos:
        yield pos


def ask(pos, question):
    pos.sendall(question)
    return pos.recv(1)


def test_it_keeps_each_connections_bytes_and_the_paper(printer):
    for job in (b"first", b"second"):
        with socket.create_connection(("127.0.0.1", printer.port), 20) as pos:
            pos.sendall(job)
        assert printer.wait_until(lambda p, job=job: p.jobs[-1:] == [job], 20)
    assert printer.wait_until(lambda p: p.paper == b"firstsecond", 20)
    assert printer.jobs == [b"first", b"second"]


def test_it_tells_a_listener_what_reached_the_paper(eventually):
    seen = []
    with VirtualPrinter(on_bytes=seen.append) as printer:
        with socket.create_connection(("127.0.0.1", printer.port), 20) as pos:
            pos.sendall(b"shown")
        eventually(lambda: b"".join(seen) == b"shown")


@pytest.mark.parametrize(
    ("switch", "answers"),
    [
        (None, b"\x12\x12\x12\x12"),
        ("paper_out", b"\x1a\x32\x12\x72"),
        ("cover_open", b"\x1a\x16\x12\x12"),
    ],
)
def test_it_answers_real_time_status_as_an_epson_does(printer, pos, switch, answers):
    if switch:
        setattr(printer, switch, True)
    got = b"".join(ask(pos, bytes([0x10, 0x04, number])) for number in (1, 2, 3, 4))
    assert got == answers


def test_a_question_in_two_pieces_is_answered_once(printer, pos):
    pos.sendall(b"\x10\x04")
    assert printer.wait_until(lambda p: p.jobs == [b"\x10\x04"], 20)
    assert ask(pos, b"\x01") == b"\x12"
    pos.sendall(b"x")
    pos.settimeout(0.2)
    with pytest.raises(TimeoutError):
        pos.recv(1)


def test_a_question_in_order_waits_until_everything_before_it_is_printed(printer, pos):
    printer.paper_out = True
    pos.sendall(b"line\x1dr\x01")
    pos.settimeout(0.3)
    with pytest.raises(TimeoutError):
        pos.recv(1)
    printer.paper_out = False
    pos.settimeout(20)
    assert pos.recv(1) == b"\x00"
    assert b"line" in printer.paper


def test_muted_it_prints_and_answers_nothing(printer, pos):
    printer.mute = True
    pos.sendall(b"line\x10\x04\x01")
    assert printer.wait_until(lambda p: b"line" in p.paper, 20)
    pos.settimeout(0.2)
    with pytest.raises(TimeoutError):
        pos.recv(1)


def test_without_paper_bytes_wait_and_are_printed_later(printer, pos):
    printer.paper_out = True
    pos.sendall(b"waiting")
    assert printer.wait_until(lambda p: p.jobs == [b"waiting"], 20)
    assert printer.paper == b""
    printer.paper_out = False
    assert printer.wait_until(lambda p: p.paper == b"waiting", 20)


def test_it_breaks_off_after_the_byte_it_was_told(printer, pos):
    printer.drop_after_bytes = 4
    pos.sendall(b"123456")
    with pytest.raises(ConnectionResetError):
        pos.recv(1)
    assert printer.jobs == [b"1234"]


def test_switched_off_it_refuses_and_switched_on_it_is_at_the_same_port(printer, pos):
    printer.power_off()
    with pytest.raises(ConnectionResetError):
        pos.recv(1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", printer.port), 20)
    printer.power_on()
    with socket.create_connection(("127.0.0.1", printer.port), 20) as again:
        assert ask(again, b"\x10\x04\x01") == b"\x12"


def test_a_second_connection_waits_for_the_first(printer, pos):
    assert ask(pos, b"\x10\x04\x01") == b"\x12"
    with socket.create_connection(("127.0.0.1", printer.port), 20) as second:
        second.sendall(b"second")
        pos.sendall(b"first")
        assert printer.wait_until(lambda p: b"first" in p.paper, 20)
        assert b"second" not in printer.paper
        pos.close()
        assert printer.wait_until(lambda p: b"second" in p.paper, 20)


def test_slowed_down_it_prints_bit_by_bit(printer, pos):
    printer.bytes_per_s = 100
    pos.sendall(b"x" * 40)
    assert printer.wait_until(lambda p: 0 < len(p.paper) < 40, 20)
    assert printer.wait_until(lambda p: len(p.paper) == 40, 20)


def test_whoever_only_asks_for_the_status_is_not_kept_until_there_is_paper():
    with VirtualPrinter() as printer:
        printer.paper_out = True
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", printer.port), timeout=10) as link:
                link.sendall(b"\x10\x04\x04")
                assert link.recv(1) == b"\x72"

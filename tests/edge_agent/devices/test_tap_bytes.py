"""What goes through the tap: every byte, both ways, at once, and each side's end."""

import contextlib
import random
import selectors
import socket
import struct

import pytest
from escpos.printer import Network

from edge_agent.devices.virtual.printer import VirtualPrinter

ALL_BYTES = bytes(range(256))


def receive_all(link):
    data = b""
    while chunk := link.recv(65_536):
        data += chunk
    return data


@pytest.mark.parametrize("size", [1, 255, 4096, 65_537, 3_000_000])
def test_the_paper_shows_exactly_what_the_pos_sent(tap, printer, size):
    # Chance puts status requests into the job, and closing with an unread answer cuts a job short.
    printer.mute = True
    job = random.Random(size).randbytes(size)
    tap.print(job)
    assert printer.wait_until(lambda p: len(p.paper_bytes) >= len(job), 20)
    assert printer.paper == job


def talk_at_once(link, saying, hearing_bytes):
    """Send and receive at the same time, so that neither direction may wait for the other."""
    link.setblocking(False)
    heard = b""
    with selectors.DefaultSelector() as selector:
        selector.register(link, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while len(heard) < hearing_bytes or saying:
            for _, events in selector.select(20):
                if events & selectors.EVENT_READ:
                    heard += link.recv(65_536)
                if events & selectors.EVENT_WRITE and saying:
                    saying = saying[link.send(saying) :]
    return heard


def test_both_directions_carry_every_byte_value_at_the_same_time(make_tap, talk):
    down = ALL_BYTES * 4000
    up = ALL_BYTES[::-1] * 4000
    taken = []
    port, join = talk(lambda link: taken.append(talk_at_once(link, down, len(up))))
    with make_tap(port).connect() as pos:
        assert talk_at_once(pos, up, len(down)) == down
    join(20)
    assert taken == [up]


def test_a_foreign_pos_prints_and_asks_for_status_through_the_tap(tap, printer):
    pos = Network("127.0.0.1", tap.port, timeout=20)
    pos.text("Total 12.00\n")
    assert pos.is_online()
    assert pos.paper_status() == 2
    printer.paper_out = True
    assert pos.paper_status() == 0
    printer.paper_out = False
    pos.cut()
    pos.close()
    assert printer.wait_until(lambda p: p.paper.endswith(b"\x1dV\x00"), 20)


def test_a_pos_that_has_said_everything_still_hears_the_answer(make_tap, talk):
    def conversation(link):
        assert receive_all(link) == b"the end"
        link.sendall(b"late answer")

    port, _ = talk(conversation)
    with make_tap(port).connect() as pos:
        pos.sendall(b"the end")
        pos.shutdown(socket.SHUT_WR)
        assert receive_all(pos) == b"late answer"


def test_a_printer_that_has_said_everything_still_takes_the_job(make_tap, talk):
    taken = []

    def conversation(link):
        link.sendall(b"bye")
        link.shutdown(socket.SHUT_WR)
        taken.append(receive_all(link))

    port, join = talk(conversation)
    with make_tap(port).connect() as pos:
        assert receive_all(pos) == b"bye"
        pos.sendall(b"still here")
    join(20)
    assert taken == [b"still here"]


def test_a_printer_that_breaks_off_breaks_the_poss_connection_too(tap, printer):
    printer.drop_after_bytes = 10
    with tap.connect() as pos:
        pos.sendall(b"0123456789")
        with pytest.raises(ConnectionResetError):
            pos.recv(1)


def test_what_a_pos_sent_before_it_reset_the_connection_is_printed(tap, printer):
    job = random.Random(3).randbytes(50_000)
    printer.mute = True
    printer.cover_open = True
    pos = tap.connect()
    pos.sendall(job)
    tap.heartbeat_with(lambda beat: beat.printed_bytes == len(job))
    pos.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    pos.close()
    printer.cover_open = False
    assert printer.wait_until(lambda p: p.paper == job, 20)
    kept = tap.jobs(2)  # The pause ended the first part; the last one is empty.
    assert b"".join(part.data for part in kept) == job
    assert all(part.complete for part in kept)


def test_without_a_printer_the_poss_connection_is_closed_at_once_until_it_is_there(make_tap):
    printer = VirtualPrinter()
    printer.start()
    printer.power_off()
    tap = make_tap(printer.port)
    for times in (1, 2):
        # The reset may even come before the connect has returned.
        with pytest.raises(ConnectionResetError), tap.connect() as pos:
            pos.recv(1)
        assert (
            tap.heartbeat_with(lambda beat, times=times: beat.failed_connections == times).printer
            == "no"
        )
    printer.power_on()
    tap.print(b"now")
    assert printer.wait_until(lambda p: p.paper == b"now", 20)
    assert tap.heartbeat_with(lambda beat: beat.printer == "yes")
    # The outage is said once, and its end once.
    said = [line.partition(" counter-1: ")[2] for line in tap.log.read_text().splitlines()]
    assert said.count("打印机连不上 / the printer cannot be reached") == 1
    assert said.count("打印机已恢复 / the printer is back") == 1
    printer.stop()


def test_a_printer_that_stops_taking_stops_the_pos_and_nothing_is_lost(tap, printer):
    job = random.Random(4).randbytes(12_000_000)
    printer.mute = True
    printer.cover_open = True
    with tap.connect() as pos:
        pos.settimeout(0.5)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < len(job):
                sent += pos.send(job[sent : sent + 65_536])
        assert 0 < sent < len(job)
        assert printer.paper == b""
        printer.cover_open = False
        pos.settimeout(20)
        pos.sendall(job[sent:])
    assert printer.wait_until(lambda p: len(p.paper_bytes) >= len(job), 20)
    assert printer.paper == job


def test_only_admitted_addresses_may_print(make_tap, printer):
    tap = make_tap(printer.port, more='accept_from = ["127.0.0.9", "10.0.0.0/8"]\n')
    # The reset may even come before the connect has returned.
    with pytest.raises(ConnectionResetError), tap.connect() as stranger:
        stranger.recv(1)
    till = socket.create_connection(("127.0.0.1", tap.port), 20, source_address=("127.0.0.9", 0))
    with till:
        till.sendall(b"admitted")
    assert printer.wait_until(lambda p: p.paper == b"admitted", 20)
    assert tap.heartbeat_with(lambda beat: beat.refused_connections == 1)


def test_two_tills_print_at_the_same_time_on_a_printer_that_allows_it(make_tap):
    with VirtualPrinter(one_connection=False) as printer:
        tap = make_tap(printer.port)
        with tap.connect() as one, tap.connect() as two:
            one.sendall(b"one")
            two.sendall(b"two")
            assert printer.wait_until(lambda p: sorted(p.jobs) == [b"one", b"two"], 20)
        tap.jobs(2)
        tap.stop()

import socket
import threading
from collections.abc import Generator

import pytest

from tillpoints.demo.network import Relay
from tillpoints.demo.ports import Ports


class Echo:
    """A server that sends back what it gets and ends when its peer does."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def _accept(self):
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(link,))
            self.threads.append(thread)
            thread.start()

    def _serve(self, link):
        with link:
            try:
                while data := link.recv(65536):
                    link.sendall(data)
            except ConnectionError:
                return

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join()


@pytest.fixture
def echo() -> Generator[Echo, None, None]:
    server = Echo()
    yield server
    server.stop()


@pytest.fixture
def relay(echo) -> Generator[Relay, None, None]:
    with Relay(Ports().take(), echo.port) as relay:
        yield relay


def call(relay, timeout_s=5.0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.port), timeout=timeout_s)


def say(link, data) -> bytes:
    link.sendall(data)
    got = b""
    while len(got) < len(data):
        part = link.recv(65536)
        assert part, "ended early"
        got += part
    return got


def test_bytes_come_through_both_ways_unchanged(relay):
    data = bytes(range(256)) * 400
    with call(relay) as link:
        assert say(link, data) == data


def test_the_end_of_one_direction_is_passed_on(relay):
    with call(relay) as link:
        link.sendall(b"all of it")
        link.shutdown(socket.SHUT_WR)
        assert link.makefile("rb").read() == b"all of it"


def test_cutting_resets_what_is_open(relay):
    with call(relay) as link:
        assert say(link, b"hello") == b"hello"
        relay.cut()
        with pytest.raises(ConnectionResetError):
            link.recv(1)


def test_a_cut_network_refuses_new_connections(relay):
    relay.cut("refusing")
    with pytest.raises(ConnectionRefusedError):
        call(relay)


def test_a_silent_network_swallows_until_it_is_plugged_back(relay):
    relay.cut("silent")
    with call(relay, timeout_s=0.3) as link:
        link.sendall(b"anybody?")
        with pytest.raises(TimeoutError):
            link.recv(1)
        relay.plug()
        link.settimeout(5)
        assert link.recv(64) == b"anybody?"


def test_plugged_back_it_carries_again_as_often_as_wanted(relay):
    for how in ("refusing", "silent", "refusing"):
        relay.cut(how)
        assert relay.link == how
        relay.plug()
        with call(relay) as link:
            assert say(link, b"back") == b"back"


def knock(relay) -> bytes:
    with socket.socket() as link:
        link.connect(("127.0.0.1", relay.port))
        return link.recv(1)


def test_a_dead_server_behind_it_is_a_reset():
    port = Ports().take()
    with Relay(port, port + 1) as relay, pytest.raises(ConnectionResetError):
        knock(relay)


def test_it_lets_go_of_its_port(echo):
    port = Ports().take()
    with Relay(port, echo.port) as relay, call(relay) as link:
        say(link, b"x")
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


def test_ports_are_never_handed_out_twice():
    ports = Ports()
    assert len({ports.take() for _ in range(50)}) == 50

"""Many pages on one agent: real sockets to the real server, threads held by real streams."""

import contextlib
import socket
import time

import pytest
import requests

from edge_agent.web.app import Screens, create_app
from edge_agent.web.board import Board
from edge_agent.web.server import WebServer

THREADS = 12
STREAMS = 4
BOUND_S = 30


class Local:
    """A web server with a board, as an agent has it."""

    def __init__(self, taking_s=600.0):
        self.board = Board()
        hosts = set()
        screens = Screens(
            self.board,
            role=lambda: "till",
            submit=lambda command: True,
            hosts=hosts,
            streams_max=STREAMS,
        )
        self.streams = screens._streams
        self.server = WebServer(create_app(screens), "127.0.0.1", 0, THREADS, taking_s)
        self.host = f"127.0.0.1:{self.server.port}"
        hosts.add(self.host)

    def __enter__(self):
        self.board.publish({"n": 0}, 0)
        self.server.start()
        return self

    def __exit__(self, *_):
        self.board.close()
        self.server.close()

    def get(self, path):
        return requests.get(f"http://{self.host}{path}", timeout=BOUND_S)

    @contextlib.contextmanager
    def page(self, *, receive_bytes=None):
        """Open an event stream; give its socket."""
        client = socket.socket()
        if receive_bytes:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        client.settimeout(BOUND_S)
        with client:
            client.connect(("127.0.0.1", self.server.port))
            client.sendall(f"GET /api/events HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())
            yield client

    def free(self):
        """How many threads wait for something to do."""
        tasks = self.server._server.task_dispatcher
        return len(tasks.threads) - tasks.active_count


def wait_until(condition):
    until_s = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < until_s, "it did not come about"
        time.sleep(0.01)


def read_until(client, wanted):
    seen = b""
    while wanted not in seen:
        data = client.recv(65536)
        assert data, seen
        seen += data
    return seen


@pytest.fixture
def local():
    with Local() as local:
        yield local


def test_forty_pages_leave_threads_for_everything_else(local):
    with contextlib.ExitStack() as stack:
        pages = []
        for _ in range(40):  # one after the other: the server takes none in another order
            pages.append(stack.enter_context(local.page()))
            read_until(pages[-1], b'"n":0')
        assert local.get("/api/state").json()["n"] == 0
        assert local.get("/till").status_code == 200
        wait_until(lambda: local.free() == THREADS - STREAMS)
        local.board.publish({"n": 1}, 0)
        for page in pages[-STREAMS:]:
            read_until(page, b'"n":1')


def test_the_oldest_stream_ends_when_one_more_page_opens(local):
    with contextlib.ExitStack() as stack:
        oldest = stack.enter_context(local.page())
        read_until(oldest, b'"n":0')
        for _ in range(STREAMS):
            read_until(stack.enter_context(local.page()), b'"n":0')
        while oldest.recv(65536):  # an end and no error, so the page opens it anew
            pass


def test_a_page_that_reloads_gives_its_thread_back(local):
    for _ in range(STREAMS * 3):
        with local.page() as page:
            read_until(page, b'"n":0')
    wait_until(lambda: local.streams.count == 0 and local.free() == THREADS)


def test_a_page_that_takes_nothing_any_more_gives_its_thread_back():
    with Local(taking_s=0.5) as local, local.page(receive_bytes=4096) as page:
        read_until(page, b'"n":0')
        text = "x" * (1 << 20)
        for number in range(1, 40):  # more than the server keeps in memory for one page
            local.board.publish({"n": number, "text": text}, 0)
            time.sleep(0.02)
        wait_until(lambda: local.streams.count == 0 and local.free() == THREADS)
        assert local.get("/api/state").json()["n"] == 39

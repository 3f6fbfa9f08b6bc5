"""The listener by itself, with clients that dribble, stall and do not take their answers."""

import contextlib
import socket
import ssl
import threading
import time

import pytest
from flask import Flask, Response, request

from central.config import ConfigError, Server
from central.serving.channels import HEADER_BYTES_MAX, WAITED_S, Listener, Patience
from central.serving.worker import tls_context

SHORT = Patience(request_s=0.3, answer_s=0.3, idle_s=0.3)
LONG = Patience(request_s=600, answer_s=600, idle_s=600)
ASK = b"GET /length HTTP/1.1\r\nHost: x\r\n\r\n"
SAYS_4 = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"


def application():
    app = Flask("listener")

    @app.route("/length", methods=["GET", "POST"])
    def length():
        return str(len(request.get_data()))

    @app.get("/much")
    def much():
        return Response(bytes(64 << 20))

    @app.get("/stream")
    def stream():
        return Response(bytes(1 << 20) for _ in range(64))

    return app


@contextlib.contextmanager
def listening(*, patience=LONG, connections_max=50, threads=2, tls=None):
    """Run a listener in a thread of its own; give it and its address."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        listener = Listener(
            application(),
            sock,
            threads=threads,
            connections_max=connections_max,
            body_bytes_max=1000,
            tls=tls,
            patience=patience,
        )
        stopping = threading.Event()

        def run():
            while not stopping.is_set():
                listener.turn(0.05)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield listener, sock.getsockname()
        finally:
            stopping.set()
            listener.wake()
            thread.join()
            listener.shut_down(timeout_s=5)


@contextlib.contextmanager
def connected(address, *sent):
    with socket.create_connection(address, timeout=30) as client:
        for part in sent:
            client.sendall(part)
        yield client


def answer(client):
    """Return the body of the next answer; empty when the connection ended instead."""
    with client.makefile("rb") as file:
        length = 0
        while (line := file.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return file.read(length)


def ended(client):
    """Wait until the server has ended this connection."""
    try:
        while client.recv(1 << 16):
            pass
    except ConnectionError:
        return True
    return True


def test_clients_that_stall_hold_no_thread():
    with listening() as (_, address), contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(connected(address))
            stack.enter_context(connected(address, b"GET /length HT"))
        for _ in range(5):
            stack.enter_context(connected(address, SAYS_4, b"ab"))
        with connected(address, SAYS_4, b"abcd") as client:
            assert answer(client) == b"4"


def test_the_application_learns_how_long_a_request_waited_for_a_thread():
    with listening(threads=1) as (listener, address):
        held, let_go = threading.Event(), threading.Event()
        waited = []

        def application(environ, start_response):
            waited.append(environ[WAITED_S])
            held.set()
            let_go.wait(30)
            start_response("200 OK", [("Content-Length", "1")])
            return [b"x"]

        listener.application = application
        with connected(address, ASK) as first, connected(address) as second:
            assert held.wait(30)
            queued = time.monotonic()
            second.sendall(ASK)
            while not listener.task_dispatcher.queue:
                time.sleep(0.001)
            let_go.set()
            assert (answer(first), answer(second)) == (b"x", b"x")
        assert waited[0] >= 0
        assert 0 < waited[1] < time.monotonic() - queued


@pytest.mark.parametrize("sent", [b"", b"GET /length HT", SAYS_4 + b"ab"])
def test_a_request_that_does_not_come_in_time_is_given_up(sent):
    with listening(patience=SHORT) as (_, address), connected(address, sent) as client:
        assert ended(client)


def test_a_request_that_dribbles_is_given_up_although_it_is_never_silent():
    with listening(patience=SHORT) as (_, address), connected(address, ASK[:-4]) as client:
        client.setblocking(False)
        ended_with = b"still open"
        while ended_with:
            time.sleep(0.01)
            with contextlib.suppress(BrokenPipeError):
                client.send(b"x")
            try:
                ended_with = client.recv(100)
            except BlockingIOError:
                continue
            except ConnectionError:
                ended_with = b""


@pytest.mark.parametrize("path", [b"/much", b"/stream"])
def test_an_answer_that_is_not_taken_is_given_up(path):
    with listening(patience=SHORT) as (listener, address):
        with connected(address, ASK.replace(b"/length", path)) as client:
            while not listener.busy:
                time.sleep(0.01)
            while listener.busy:
                time.sleep(0.01)
            assert ended(client)
        with connected(address, ASK) as client:
            assert answer(client) == b"0"


def test_a_connection_at_rest_is_kept_and_then_closed():
    with listening(patience=SHORT) as (_, address), connected(address, ASK) as client:
        assert answer(client) == b"0"
        assert ended(client)


def test_many_requests_on_one_connection_each_have_their_own_time():
    patience = Patience(request_s=2.5, answer_s=600, idle_s=600)
    with listening(patience=patience) as (_, address), connected(address) as client:
        until_s = time.monotonic() + 4
        while time.monotonic() < until_s:  # always in the middle of one whenever it is looked at
            client.sendall(SAYS_4 + b"abc")
            time.sleep(0.3)
            client.sendall(b"d")
            assert answer(client) == b"4"


def test_one_connection_too_many_closes_one_that_never_asked_before_one_that_did():
    with listening(connections_max=4) as (_, address), contextlib.ExitStack() as stack:
        known = stack.enter_context(connected(address, ASK))
        assert answer(known) == b"0"
        slow = [stack.enter_context(connected(address, b"GET")) for _ in range(3)]
        with connected(address, ASK) as client:
            assert answer(client) == b"0"
        assert ended(slow[0])
        known.sendall(ASK)
        assert answer(known) == b"0"


def test_a_header_or_body_that_is_too_large_is_refused_before_it_is_read():
    with listening() as (_, address):
        with connected(address, b"GET / HTTP/1.1\r\nA: " + b"x" * HEADER_BYTES_MAX) as client:
            assert client.recv(12) == b"HTTP/1.0 431"
        with connected(address, SAYS_4.replace(b"4", b"1001")) as client:
            assert client.recv(12) == b"HTTP/1.1 413"
        with connected(address, SAYS_4.replace(b"4", b"1000"), bytes(1000)) as client:
            assert answer(client) == b"1000"


def test_tls_with_a_certificate_of_its_own_is_as_patient(certificate):
    trust = ssl.create_default_context(cafile=certificate)
    tls = tls_context(Server(certificate_file=str(certificate)))
    with listening(tls=tls) as (_, address), contextlib.ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(connected(address))  # no handshake
            stack.enter_context(connected(address, b"\x16\x03\x01"))  # a piece of one
        for _ in range(3):
            plain = stack.enter_context(connected(address))
            with trust.wrap_socket(plain, server_hostname="localhost") as client:
                client.sendall(SAYS_4.replace(b"4", b"900"))
                client.sendall(bytes(900))
                assert answer(client) == b"900"
                client.sendall(ASK.replace(b"/length", b"/much"))
                assert len(answer(client)) == 64 << 20
        with connected(address, ASK) as plain:
            assert ended(plain)


def test_a_certificate_that_cannot_be_used_is_said(tmp_path):
    file = tmp_path / "server.pem"
    file.write_text("nonsense")
    with pytest.raises(ConfigError, match=r"server\.certificate_file"):
        tls_context(Server(certificate_file=str(file)))

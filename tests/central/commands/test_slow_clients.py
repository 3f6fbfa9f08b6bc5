"""The real server process among clients that hold on to their connections."""

import contextlib
import socket
import threading
import urllib.parse

import requests
from sqlalchemy import select

from central import schema
from central.database import reading
from tests.central.programme import Device
from tests.central.serving.process import Http, serving

SLOW = 200
STALLS = (
    b"",
    b"POST /api/1/push HTTP/1.1\r\nHost: x\r\nX-A",
    b"POST /api/1/push HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n\x81",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HT",
)


@contextlib.contextmanager
def slow_clients(url, count):
    """Open connections that stop in the middle, and keep some of them dribbling."""
    place = urllib.parse.urlsplit(url)
    stopping = threading.Event()
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection((place.hostname, place.port), timeout=30))
            for _ in range(count)
        ]
        for number, client in enumerate(clients):
            client.sendall(STALLS[number % len(STALLS)])

        def dribble():
            while not stopping.wait(0.2):
                for client in clients[1::2]:
                    with contextlib.suppress(OSError):
                        client.send(b"x")

        thread = threading.Thread(target=dribble)
        thread.start()
        try:
            yield clients
        finally:
            stopping.set()
            thread.join()


def book_of(mall):
    with mall.parts() as parts, reading(parts.engine) as connection:
        return connection.execute(select(schema.rule_book.c.version)).scalar_one()


def test_a_till_is_served_among_two_hundred_slow_clients(any_mall):
    names = ("fleet", "enrol", "--name", "helu-1", "--role", "till", "--shop", "helu")
    code, book = any_mall.json(*names)["code"], book_of(any_mall)
    with serving(any_mall) as (process, url), slow_clients(url, SLOW):
        till = Device(Http(url), code)
        pushed = [till.push(till.sale(book=book, code=f"{n}"))[0][0] for n in range(20)]
        process.terminate()
        assert process.wait(timeout=60) == 0
    assert [int(verdict) for verdict in pushed] == [0] * 20


def test_more_slow_clients_than_connections_shut_nobody_out(mall):
    mall.config.write_text(
        mall.config.read_text("utf-8").replace("[server]", "[server]\nconnections_max = 50"),
        encoding="utf-8",
    )
    with serving(mall) as (_, url), slow_clients(url, SLOW):
        for _ in range(20):
            assert requests.get(f"{url}/healthz", timeout=30).status_code == 200


def test_several_processes_serve_one_postgresql_mall(postgresql_mall, tmp_path):
    mall = postgresql_mall.copied(tmp_path)
    mall.config.write_text(
        mall.config.read_text("utf-8").replace("[server]", "[server]\nworkers = 3\nthreads = 2"),
        encoding="utf-8",
    )
    with serving(mall) as (process, url), slow_clients(url, SLOW):
        for _ in range(20):
            assert requests.get(f"{url}/readyz", timeout=30).json()["ok"]
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_a_certificate_that_cannot_be_used_stops_the_server_before_it_starts(mall):
    mall.config.write_text(
        mall.config.read_text("utf-8").replace("[server]", '[server]\ncertificate_file = "no.pem"'),
        encoding="utf-8",
    )
    assert "server.certificate_file" in mall.run("central", "serve", code=3)

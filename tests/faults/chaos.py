"""A network that does all a network can do: a TCP proxy that spoils one request after another.

It knows just enough of HTTP to tell where a request and its reply end. Which request meets which
fault is drawn from a seed; when `calm` is set, everything is carried as it is.
"""

import random
import socket
import struct
import threading
from collections import Counter
from contextlib import suppress
from typing import Self

#: What may happen to a request, and how often beside the others.
FAULTS = {
    "none": 6,
    "late": 2,  # it takes its time
    "refused": 1,  # reset before a byte was read
    "cut off": 2,  # half of the request arrives at central, then both ends are reset
    "reply lost": 3,  # central did all of it, and the caller is reset
    "reply cut": 2,  # half of the reply, and then the end
    "twice": 2,  # a proxy on the way asks a second time, and passes on the second answer
    "drip": 2,  # the reply comes in crumbs
    "half open": 1,  # nobody answers, nobody hangs up
}
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing sends a reset (socket(7))
_UPSTREAM_S = 30.0
_CRUMBS = 12


class Gone(Exception):
    """One of the two ends hung up."""


class Chaos:
    """Carries connections from `port` to `target_port`, spoiling some. Use it in `with`."""

    def __init__(self, seed: object, target_port: int) -> None:
        self.target_port = target_port
        self.calm = False
        self.met: Counter[str] = Counter()
        self._chance = random.Random(str(seed))
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads.append(threading.Thread(target=self._accept, name="chaos"))

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        with self._guard:
            for each in self._open:
                _hang_up(each)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    @property
    def url(self) -> str:
        """Where a till finds central."""
        return f"http://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(caller,), name="chaos connection")
            self._threads.append(thread)
            thread.start()

    def _serve(self, caller: socket.socket) -> None:
        with caller:
            self._hold(caller)
            try:
                while not self._ended.is_set():
                    self._one(caller, _message(caller))
            except (Gone, OSError):
                pass  # the other end hears nothing more, as the fault says
            finally:
                self._let_go(caller)

    def _one(self, caller: socket.socket, request: bytes) -> None:
        """Carry one request, or what a fault leaves of it. Raises Gone when that is the end."""
        with self._guard:
            fault = "none" if self.calm else self._chance.choices([*FAULTS], [*FAULTS.values()])[0]
            part = self._chance.random()
            self.met[fault] += 1
        match fault:
            case "refused":
                _reset(caller)
            case "cut off":
                self._ask(request[: 1 + int(part * (len(request) - 1))], whole=False)
                _reset(caller)
            case "half open":
                self._ask(request, whole=True)
                self._wait_for_end_of(caller)
            case "late":
                self._ended.wait(0.1 + part / 2)
            case "twice":
                self._ask(request, whole=True)
        reply = self._ask(request, whole=True)
        match fault:
            case "reply lost":
                _reset(caller)
            case "reply cut":
                caller.sendall(reply[: int(part * len(reply))])
                raise Gone
            case "drip":
                size = max(1, len(reply) // _CRUMBS)
                for start in range(0, len(reply), size):
                    caller.sendall(reply[start : start + size])
                    self._ended.wait(0.02)
            case _:
                caller.sendall(reply)

    def _ask(self, request: bytes, *, whole: bool) -> bytes:
        """Send a request, or a part that ends in a reset, and return the reply."""
        with socket.create_connection(("127.0.0.1", self.target_port), _UPSTREAM_S) as central:
            self._hold(central)
            try:
                central.sendall(request)
                if whole:
                    return _message(central)
                central.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                return b""
            finally:
                self._let_go(central)

    def _wait_for_end_of(self, caller: socket.socket) -> None:
        while caller.recv(65_536):
            pass
        raise Gone

    def _hold(self, each: socket.socket) -> None:
        with self._guard:
            self._open.add(each)
        if self._ended.is_set():
            raise Gone

    def _let_go(self, each: socket.socket) -> None:
        with self._guard:
            self._open.discard(each)


def _message(end: socket.socket) -> bytes:
    """Read one request or reply to its end, told by a length or by chunks (RFC 9112)."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(end)
    head, _, body = data.partition(b"\r\n\r\n")
    headers = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
    if (size := headers.get(b"content-length")) is not None:
        while len(body) < int(size):
            body += _more(end)
    elif b"chunked" in headers.get(b"transfer-encoding", b""):
        while not body.endswith(b"0\r\n\r\n"):
            body += _more(end)
    return head + b"\r\n\r\n" + body


def _more(end: socket.socket) -> bytes:
    data = end.recv(65_536)
    if not data:
        raise Gone
    return data


def _reset(caller: socket.socket) -> None:
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    raise Gone


def _hang_up(each: socket.socket) -> None:
    with suppress(OSError):  # it hung up by itself meanwhile
        each.shutdown(socket.SHUT_RDWR)

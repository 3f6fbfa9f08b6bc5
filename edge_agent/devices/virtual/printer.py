"""A virtual receipt printer: a TCP server that behaves like a LAN printer board.

It keeps every byte, per connection and as paper, answers status requests as an Epson does, serves
one connection at a time unless told otherwise (others wait in the backlog, as on many boards), and
has fault switches, to be set at any time:

    paper_out, cover_open   prints nothing; real-time status says why; bytes wait in a small buffer
    mute                    prints but answers nothing, like firmware without the answer code
    bytes_per_s             prints no faster than this
    drop_after_bytes        resets the connection when this many more bytes were taken
    paper_ends_after_bytes, cover_opens_after_bytes, power_fails_after_bytes
                            the same, when this many more bytes were worked through
    power_off(), power_on() resets connections, forgets the buffer, refuses new ones

Answers: DLE EOT 1-4 at once, GS r 1 and 2 in the order of printing (Epson ESC/POS, "identification
of send status"). Limitation: a request is recognised by its bytes wherever they stand, even inside
the counted payload of a picture or a bar code, where a real printer skips GS r.
"""

from __future__ import annotations

import contextlib
import queue
import re
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Self

from edge_agent.devices.virtual.links import Link, TcpLink

BUFFER_BYTES = 4096
_READ_BYTES = 65_536
_TICK_S = 0.02
_REAL_TIME = re.compile(rb"\x10\x04([\x01-\x04])")  # DLE EOT n
_IN_ORDER = re.compile(rb"\x1d\x72([\x01\x02\x31\x32])")  # GS r n


class Board:
    """What the connections share: the switches, the jobs and the paper."""

    def __init__(self, on_bytes: Callable[[bytes], None] | None) -> None:
        self.paper_out = False
        self.cover_open = False
        self.mute = False
        self.bytes_per_s: float | None = None
        self.drop_after_bytes: int | None = None
        self.paper_ends_after_bytes: int | None = None
        self.cover_opens_after_bytes: int | None = None
        self.power_fails_after_bytes: int | None = None
        self.changed = threading.Condition(threading.RLock())
        self.job_bytes: list[bytearray] = []
        self.paper_bytes = bytearray()
        self._on_bytes = on_bytes

    @property
    def offline(self) -> bool:
        """True while nothing can be printed."""
        return self.paper_out or self.cover_open

    def new_job(self) -> bytearray:
        """Begin to keep what one connection sends."""
        with self.changed:
            self.job_bytes.append(bytearray())
            self.changed.notify_all()
            return self.job_bytes[-1]

    def keep(self, target: bytearray, data: bytes) -> None:
        """Add to a job or to the paper, and tell who waits for it."""
        with self.changed:
            target += data
            self.changed.notify_all()

    def put_on_paper(self, data: bytes) -> None:
        """Print."""
        if not data:
            return
        self.keep(self.paper_bytes, data)
        if self._on_bytes is not None:
            self._on_bytes(data)

    def work_through(self, size: int) -> int:
        """Return how many of `size` bytes are worked through before a fault that was asked for."""
        faults = ("paper_ends_after_bytes", "cover_opens_after_bytes", "power_fails_after_bytes")
        for fault in faults:
            if (left := getattr(self, fault)) is not None:
                size = min(size, left)
        for fault in faults:
            if (left := getattr(self, fault)) is not None:
                setattr(self, fault, left - size)
        return size

    def meet_faults(self, link: Link) -> None:
        """Let happen what is due now. Raises ConnectionResetError when the power fails."""
        if self.paper_ends_after_bytes == 0:
            self.paper_out, self.paper_ends_after_bytes = True, None
        if self.cover_opens_after_bytes == 0:
            self.cover_open, self.cover_opens_after_bytes = True, None
        if self.power_fails_after_bytes == 0:
            self.power_fails_after_bytes = None
            self.die()
            self.part(link)
            raise ConnectionResetError

    def die(self) -> None:
        """Lose the power, from within."""
        raise NotImplementedError

    def part(self, link: Link) -> None:
        """Let go of a wire when switched off."""
        link.hang_up()

    def real_time_status(self, number: int) -> int:
        """Give the answer to DLE EOT `number`."""
        bits = {
            1: 0x08 if self.offline else 0,
            2: (0x04 if self.cover_open else 0) | (0x20 if self.paper_out else 0),
            3: 0,
            4: 0x60 if self.paper_out else 0,
        }
        return 0x12 | bits[number]


class VirtualPrinter(Board):
    """Start with `start`, end with `stop`, or use it in a `with` block.

    `port` 0 takes any free port; `port` then says which. `on_bytes` is called, in one of the
    printer's threads, with every run of bytes that reached the paper.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        one_connection: bool = True,
        on_bytes: Callable[[bytes], None] | None = None,
    ) -> None:
        super().__init__(on_bytes)
        self.host = host
        self.port = port
        self._one_connection = one_connection
        self._listener: socket.socket | None = None
        self._stop = threading.Event()
        self._threads: queue.SimpleQueue[threading.Thread] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Switch on and listen. Raises OSError if the port is taken."""
        listener = socket.create_server((self.host, self.port), backlog=16)
        listener.settimeout(_TICK_S)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._stop = threading.Event()
        self._run(self._accept, listener, self._stop)

    def stop(self) -> None:
        """Switch off at once; open connections are reset, and every thread has ended."""
        self._stop.set()
        # The accepting thread is first, and starts no other once it has ended.
        while not self._threads.empty():
            self._threads.get().join()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    power_on = start
    power_off = stop

    def die(self) -> None:
        """Lose the power, from within; `power_off` then has less to do."""
        self._stop.set()
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)  # from here on, connecting is refused

    @property
    def jobs(self) -> list[bytes]:
        """What each connection sent, oldest first; one that stayed silent sent nothing."""
        with self.changed:
            return [bytes(job) for job in self.job_bytes]

    @property
    def paper(self) -> bytes:
        """Everything printed, in the order of printing."""
        with self.changed:
            return bytes(self.paper_bytes)

    def wait_until(self, condition: Callable[[VirtualPrinter], bool], timeout_s: float) -> bool:
        """Wait until `condition(self)` holds after some byte or connection; False if it never did.

        `condition` may read `jobs` and `paper`.
        """
        with self.changed:
            return self.changed.wait_for(lambda: condition(self), timeout_s)

    def _run(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(
            target=target, args=args, name=f"virtual printer {self.port}", daemon=True
        )
        self._threads.put(thread)
        thread.start()

    def _accept(self, listener: socket.socket, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                link, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                if stop.is_set():
                    return  # the power failed
                raise
            connection = Wire(self, TcpLink(link), stop)
            if self._one_connection:
                connection.serve()
            else:
                self._run(connection.serve)


class Wire:
    """One connection being served: bytes come in, wait in the buffer, reach the paper."""

    def __init__(self, board: Board, link: Link, stop: threading.Event) -> None:
        self._board = board
        self._link = link
        self._stop = stop
        self._job = board.new_job()
        self._buffer = b""
        self._scanned_in = b""
        self._scanned_out = b""
        self._ended = False
        self._allowance = 0.0
        self._last_s = time.monotonic()

    def serve(self) -> None:
        """Serve until the sender has ended and all is printed, or something breaks."""
        with self._link, contextlib.suppress(ConnectionError):
            self._board.meet_faults(self._link)
            while not self._stop.is_set():
                # Requests for status are no print data: they never keep a sender waiting for paper.
                if self._ended and not _REAL_TIME.sub(b"", self._buffer):
                    self._board.put_on_paper(self._buffer)
                    return
                self._receive()
                self._print_some()
            self._board.part(self._link)

    def _receive(self) -> None:
        room = BUFFER_BYTES - len(self._buffer)
        if self._board.offline or self._board.bytes_per_s is not None:
            size = max(0, room)
        else:
            size = _READ_BYTES
        if self._ended or size == 0:
            self._stop.wait(_TICK_S)
            return
        if not select.select([self._link], [], [], _TICK_S)[0]:
            return
        left = self._board.drop_after_bytes
        data = self._link.recv(size if left is None else max(1, min(size, left)))
        if not data:
            self._ended = True
            return
        self._board.keep(self._job, data)
        self._buffer += data
        if left is not None:
            self._board.drop_after_bytes = left - len(data)
            if left - len(data) <= 0:
                self._board.drop_after_bytes = None
                self._print_some()
                self._link.hang_up()
                raise ConnectionResetError
        self._scanned_in = self._answer(
            _REAL_TIME, self._scanned_in + data, self._board.real_time_status
        )

    def _print_some(self) -> None:
        rate = self._board.bytes_per_s
        now_s = time.monotonic()
        self._allowance = min(self._allowance + (now_s - self._last_s) * (rate or 0), rate or 0)
        self._last_s = now_s
        if self._board.offline or not self._buffer:
            return
        size = len(self._buffer) if rate is None else int(self._allowance)
        if size == 0:
            return
        size = self._board.work_through(min(size, len(self._buffer)))
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        self._allowance -= len(data)
        self._board.put_on_paper(data)
        # Bits 2-3 would be the paper end, but a printer without paper does not get here.
        self._scanned_out = self._answer(_IN_ORDER, self._scanned_out + data, lambda _: 0x00)
        self._board.meet_faults(self._link)

    def _answer(
        self, request: re.Pattern[bytes], data: bytes, reply: Callable[[int], int]
    ) -> bytes:
        """Answer every request in `data`; return the end that may begin another one."""
        end = 0
        for match in request.finditer(data):
            end = match.end()
            if not self._board.mute:
                self._link.sendall(bytes([reply(match[1][0])]))
        return data[max(end, len(data) - 2) :]

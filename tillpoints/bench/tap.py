"""How much later the first byte reaches the printer through the tap than without it.

The printer is a process that notes when a job's first and last byte arrived, by the clock that all
processes of a machine share. The same jobs go to it directly, through a bare TCP relay (two
blocking threads per connection, no copy: about the least a Python program can do) and through the
real tap with its spool. The three take turns in every round, so a busy moment hits them all.
"""

import contextlib
import random
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

PATHS = ("direct", "relay", "tap")
RECEIPT_BYTES = 1500
RASTER_BYTES = 1 << 20
WARM_UP_ROUNDS = 20
RASTER_ROUNDS = 40
_ANSWER_TIMEOUT_S = 20.0
_PAUSE_S = 0.003
# Before each job its length in digits; after it the printer answers with two times.
_LENGTH_DIGITS = 8
_TIMES = struct.Struct("=qq")

Way = TypeVar("Way")
Seconds = tuple[float, float]


def run(*, rounds: int = 400) -> dict[str, object]:
    """Measure, and return medians and 95th percentiles in microseconds, with their ratios."""
    receipt, raster = _job(RECEIPT_BYTES), _job(RASTER_BYTES)
    with _three_ways() as ports, contextlib.ExitStack() as stack:
        new = _take_turns(rounds, ports, lambda port: _on_new_connection(port, receipt))
        big = _take_turns(RASTER_ROUNDS, ports, lambda port: _on_new_connection(port, raster))
        links = {path: stack.enter_context(_connect(ports[path])) for path in PATHS}
        held = _take_turns(rounds, links, lambda link: _print(link, receipt))
    return {
        "rounds": rounds,
        "first_byte_new_connection": _figures(new, 0),
        "first_byte_open_connection": _figures(held, 0),
        "raster_rounds": RASTER_ROUNDS,
        "one_mib_raster_last_byte": _figures(big, 1),
    }


def describe(result: dict[str, object]) -> str:
    """Say what the figures of `run` mean."""
    titles = {
        "first_byte_new_connection": "POS connects and prints: until the printer has one byte",
        "first_byte_open_connection": "POS prints on an open connection: the same",
        "one_mib_raster_last_byte": "picture of 1 MiB: until the printer has the last byte",
    }
    lines = [f"{result['rounds']} jobs each way, interleaved; {result['raster_rounds']} pictures"]
    for key, title in titles.items():
        figures = result[key]
        assert isinstance(figures, dict)
        lines.append(f"  {title}")
        lines += [
            f"    {path:7} median {figures[f'{path}_us']:8.0f} us"
            f"   95th percentile {figures[f'{path}_p95_us']:8.0f} us"
            for path in PATHS
        ]
        lines.append(
            f"    tap / relay {figures['tap_to_relay']:.2f}   tap / direct "
            f"{figures['tap_to_direct']:.2f}   relay / direct {figures['relay_to_direct']:.2f}"
        )
    return "\n".join(lines)


def _job(size: int) -> bytes:
    # No control characters: no chance status request would be taken for a question.
    return b"%08d" % size + bytes(random.Random(size).choices(range(0x20, 0x7F), k=size))


def _take_turns(
    rounds: int, ways: Mapping[str, Way], measure: Callable[[Way], Seconds]
) -> dict[str, list[Seconds]]:
    taken: dict[str, list[Seconds]] = {path: [] for path in PATHS}
    for number in range(-WARM_UP_ROUNDS, rounds):
        # Each goes first equally often.
        turn = number % len(PATHS)
        for path in PATHS[turn:] + PATHS[:turn]:
            # Receipts are seconds apart: what the last one left to do must not count against this.
            time.sleep(_PAUSE_S)
            seconds = measure(ways[path])
            if number >= 0:
                taken[path].append(seconds)
    return taken


def _figures(taken: dict[str, list[Seconds]], which: int) -> dict[str, float]:
    figures = {}
    for path in PATHS:
        micros = [seconds[which] * 1e6 for seconds in taken[path]]
        figures[f"{path}_us"] = round(statistics.median(micros), 1)
        figures[f"{path}_p95_us"] = round(statistics.quantiles(micros, n=20)[-1], 1)
    for above, below in (("tap", "relay"), ("tap", "direct"), ("relay", "direct")):
        ratio = figures[f"{above}_us"] / figures[f"{below}_us"]
        figures[f"{above}_to_{below}"] = round(ratio, 3)
    return figures


def _connect(port: int) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), _ANSWER_TIMEOUT_S)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link


def _on_new_connection(port: int, job: bytes) -> Seconds:
    start_ns = time.monotonic_ns()
    with _connect(port) as link:
        seconds = _print(link, job, start_ns)
        link.shutdown(socket.SHUT_WR)
        link.recv(1)  # The end: nothing of this job is left to disturb the next.
    return seconds


def _print(link: socket.socket, job: bytes, start_ns: int | None = None) -> Seconds:
    """Print one job; return the seconds until the printer had its first and its last byte."""
    start_ns = time.monotonic_ns() if start_ns is None else start_ns
    link.sendall(job)
    first_ns, last_ns = _TIMES.unpack(link.recv(_TIMES.size, socket.MSG_WAITALL))
    return (first_ns - start_ns) / 1e9, (last_ns - start_ns) / 1e9


@contextlib.contextmanager
def _three_ways() -> Iterator[dict[str, int]]:
    """Start printer, relay and tap as processes; yield the port of each way."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        printer_port = _start_part(stack, "printer")
        relay_port = _start_part(stack, "relay", str(printer_port))
        with socket.create_server(("127.0.0.1", 0)) as server:
            tap_port = server.getsockname()[1]
        config = Path(folder, "tap.toml")
        config.write_text(
            f'[[tap]]\nname = "bench"\nlisten = "127.0.0.1:{tap_port}"\n'
            f'printer = "127.0.0.1:{printer_port}"\nspool = "spool/bench"\n',
            encoding="utf-8",
        )
        _start(stack, "tillpoints", "tap", "run", "--config", str(config))
        _wait_until_listening(tap_port)
        yield {"direct": printer_port, "relay": relay_port, "tap": tap_port}


def _start(stack: contextlib.ExitStack, *module: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", *module]
    process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
    stack.callback(process.terminate)
    return process


def _start_part(stack: contextlib.ExitStack, *arguments: str) -> int:
    """Start this module as printer or relay; return the port it tells."""
    process = _start(stack, "tillpoints.bench.tap", *arguments)
    assert process.stdout is not None
    return int(process.stdout.readline())


def _wait_until_listening(port: int) -> None:
    until_s = time.monotonic() + _ANSWER_TIMEOUT_S
    while True:
        try:
            _connect(port).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.02)


def _serve(handle: Callable[[socket.socket], None]) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            link, _ = server.accept()
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=handle, args=(link,), daemon=True).start()


def _printer(link: socket.socket) -> None:
    """Take jobs off one connection; answer each with the times of its first and last byte."""
    with link:
        while data := link.recv(1 << 16):
            first_ns = time.monotonic_ns()
            left = _LENGTH_DIGITS + int(data[:_LENGTH_DIGITS]) - len(data)
            while left:
                left -= len(link.recv(min(left, 1 << 16)))
            link.sendall(_TIMES.pack(first_ns, time.monotonic_ns()))


def _relay(pos: socket.socket, printer_port: int) -> None:
    with pos, _connect(printer_port) as printer:
        printer.settimeout(None)
        back = threading.Thread(target=_pump, args=(printer, pos), daemon=True)
        back.start()
        _pump(pos, printer)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    while data := source.recv(1 << 16):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


def _main(part: str, *arguments: str) -> None:
    if part == "printer":
        _serve(_printer)
    else:
        _serve(lambda pos: _relay(pos, int(arguments[0])))


if __name__ == "__main__":
    _main(*sys.argv[1:])

"""What cameras read, and how soon a scan is a message.

Codes: the same generated frames go to zxing-cpp, zbar, OpenCV and to us, each with its best
settings for them, so that the recall of each is its own. A text that is not the frame's counts as
wrong, from frames without any code too. Scanner: from the last byte on the line to the message on
the agent's queue, beside a bare blocking read of the same line.
"""

import os
import queue
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2

from edge_agent.devices.camera.camera import BUDGET_S
from edge_agent.devices.codes.libraries import EVERY, Picture, with_zxing, zbar_library
from edge_agent.devices.codes.reading import read_all, read_soon
from edge_agent.devices.ports import Shown
from edge_agent.devices.serial_lines import Line
from edge_agent.devices.serial_scanner import SerialScanner
from edge_agent.devices.virtual.scanner import VirtualScanner
from tillpoints.bench.ground.frames import KINDS, Frame, frames

SEED = 1
_GOAL_MS = 15
_MEMBER = "TPM123456789018"
_WAIT_S = 10.0

Texts = Callable[[Picture], list[str]]


def run(*, per_kind: int = 12, scans: int = 300) -> dict[str, object]:
    """Measure; return recall, wrong texts and ms per frame of each reader, and latencies in us."""
    cv2.setNumThreads(1)  # one core for everybody, so that a frame's cost can be compared
    made = list(frames(per_kind, seed=SEED))
    readers: dict[str, Texts | None] = {
        "zxing-cpp": lambda picture: [code.text for code in with_zxing(picture, EVERY)],
        "zbar": _zbar(),
        "opencv": _opencv(),
        "ours": lambda picture: [code.text for code in read_soon(picture, BUDGET_S)],
        "ours, files": lambda picture: [code.text for code in read_all(picture)],
    }
    found = {name: _read(made, read) for name, read in readers.items() if read is not None}
    shown = sum(frame.text is not None for frame in made)
    alone = [found[name]["hits"] for name in ("zxing-cpp", "zbar", "opencv") if name in found]
    return {
        "seed": SEED,
        "frames": len(made),
        "frames_with_a_code": shown,
        "load": round(os.getloadavg()[0], 1),
        "readers": {name: _figures(each, made) for name, each in found.items()},
        "any_one_alone_recall": round(len(set().union(*alone)) / shown, 3),
        "ours_to_best_alone": round(len(found["ours"]["hits"]) / max(map(len, alone)), 2),
        "scan_to_message_us": _latencies(scans),
    }


def describe(result: Mapping[str, Any]) -> str:
    """Say what the figures of `run` mean."""
    made, shown = result["frames"], result["frames_with_a_code"]
    lines = [
        f"{made} frames of 1280 x 720, {shown} with a code; load of this machine {result['load']}",
        f"  {'':13}{'recall':>7}{'of QR':>7}{'wrong':>7}{'CPU ms: median':>16}{'9 of 10':>9}",
    ]
    for name, each in result["readers"].items():
        lines.append(
            f"  {name:13}{each['recall']:7.3f}{each['qr_recall']:7.3f}{each['wrong']:7}"
            f"{each['cpu_ms_median']:16.1f}{each['cpu_ms_p90']:9.1f}"
        )
    any_one = result["any_one_alone_recall"]
    lines.append(f"  {'any one alone':13}{any_one:7.3f}")
    ours = result["readers"]["ours"]
    lines.append(
        f"  ours / best one alone {result['ours_to_best_alone']}, goal above 1; "
        f"median {ours['cpu_ms_median']} ms, goal under {_GOAL_MS}"
    )
    if "zbar" not in result["readers"]:
        lines.append("  zbar: not run: apt install libzbar0")
    lines.append(f"  {'recall by kind':13}" + "".join(f"{name:>13}" for name in result["readers"]))
    for kind in KINDS:
        if kind != "nothing":
            cells = (each["by_kind"][kind] for each in result["readers"].values())
            lines.append(f"  {kind:14}" + "".join(f"{cell:13.2f}" for cell in cells))
    scan = result["scan_to_message_us"]
    lines.append(
        f"  scan to message {scan['ours_median']} us, 99 of 100 {scan['ours_p99']}; bare read "
        f"{scan['bare_median']} us; ours / bare {scan['ratio']}"
    )
    return "\n".join(lines)


# ---- codes


def _read(made: list[Frame], read: Texts) -> dict[str, Any]:
    hits, wrong, cpu_ms, wall_ms = set(), 0, [], []
    for place, frame in enumerate(made):
        began, began_cpu = time.perf_counter(), time.thread_time()
        texts = read(frame.picture)
        cpu_ms.append((time.thread_time() - began_cpu) * 1e3)
        wall_ms.append((time.perf_counter() - began) * 1e3)
        if frame.text in texts:
            hits.add(place)
        wrong += sum(text != frame.text for text in texts)
    return {"hits": hits, "wrong": wrong, "cpu_ms": cpu_ms, "wall_ms": wall_ms}


def _figures(found: Mapping[str, Any], made: list[Frame]) -> dict[str, Any]:
    hits = found["hits"]
    of_kind = Counter(frame.kind for frame in made)
    hit_kind = Counter(made[place].kind for place in hits)
    codes = [place for place, frame in enumerate(made) if frame.text is not None]
    qr = [place for place in codes if made[place].symbology == "QRCode"]
    return {
        "recall": round(len(hits) / len(codes), 3),
        "qr_recall": round(len(hits & {*qr}) / len(qr), 3),
        "wrong": found["wrong"],
        "cpu_ms_median": round(statistics.median(found["cpu_ms"]), 1),
        "cpu_ms_p90": round(statistics.quantiles(found["cpu_ms"], n=10)[-1], 1),
        "wall_ms_median": round(statistics.median(found["wall_ms"]), 1),
        "by_kind": {kind: round(hit_kind[kind] / of_kind[kind], 3) for kind in KINDS},
    }


def _zbar() -> Texts | None:
    """Return zbar alone, restricted to the kinds of the frames: its others cost time, and guess."""
    zbar = zbar_library()
    if zbar is None:
        return None
    kinds = [getattr(zbar.ZBarSymbol, name) for name in ("QRCODE", "EAN13", "CODE128")]
    return lambda picture: [
        code.data.decode("utf-8", "replace") for code in zbar.decode(picture, symbols=kinds)
    ]


def _opencv() -> Texts:
    """Return OpenCV alone: QR codes, and its own reader of bars."""
    qr, bars = cv2.QRCodeDetector(), cv2.barcode.BarcodeDetector()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)

    def read(picture: Picture) -> list[str]:
        texts: list[str] = []
        for detect in (qr.detectAndDecodeMulti, bars.detectAndDecodeWithType):
            try:
                _, found, *_ = detect(picture)
            except cv2.error:
                continue  # it stumbles over some frames; that is its own recall
            texts += [text for text in found if text]
        return texts

    return read


# ---- scanners


def _latencies(scans: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        scanner = VirtualScanner(Path(folder) / "scanner")
        scanner.plug()
        try:
            ours = _through_us(scanner, scans)
            bare = _bare_us(scanner, scans)
        finally:
            scanner.unplug()
    return {
        "ours_median": round(statistics.median(ours)),
        "ours_p99": round(statistics.quantiles(ours, n=100)[-1]),
        "bare_median": round(statistics.median(bare)),
        "ratio": round(statistics.median(ours) / statistics.median(bare), 2),
    }


def _through_us(scanner: VirtualScanner, scans: int) -> list[float]:
    messages: queue.Queue[Shown] = queue.Queue(10)
    reading = SerialScanner("bench", Line(str(scanner.link)), messages)
    reading.start()
    try:
        until_s = time.monotonic() + _WAIT_S
        while not reading.connected and time.monotonic() < until_s:
            time.sleep(0.01)
        return [_timed_us(scanner, messages) for _ in range(scans)]
    finally:
        reading.stop()


def _bare_us(scanner: VirtualScanner, scans: int) -> list[float]:
    """Time the least that a Python program can do: a thread that blocks in read."""
    lines: queue.Queue[object] = queue.Queue(10)
    line = os.open(scanner.link, os.O_RDONLY | os.O_NOCTTY)

    def read() -> None:
        for _ in range(scans):
            code = b""
            while not code.endswith(b"\r"):
                code += os.read(line, 512)
            lines.put(code)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        return [_timed_us(scanner, lines) for _ in range(scans)]
    finally:
        thread.join(_WAIT_S)
        os.close(line)


def _timed_us(scanner: VirtualScanner, arrives: queue.Queue[Any]) -> float:
    began_s = time.perf_counter()
    scanner.scan(_MEMBER)
    arrives.get(timeout=_WAIT_S)
    return (time.perf_counter() - began_s) * 1e6

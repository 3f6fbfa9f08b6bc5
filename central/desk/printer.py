"""The desk's receipt printer: hands bytes to it and says honestly what became of them.

python-escpos carries the bytes; `paper` has laid them out. Only the printer can say that it has
printed, so a network printer is asked with GS r (Epson ESC/POS reference, "Transmit status"): the
answer comes in order, behind everything that was sent before it. Some printers never answer;
their outcome is unknown and a person looks. A device file takes no questions; what its driver has
taken counts as printed. Never prints the same bytes twice.
"""

import os
import shutil
import socket
import time
from typing import Any, Literal

from msgspec import Struct

from central.config import DeskPrinter, split_address

_ASK_PAPER = b"\x1dr\x01"  # GS r 1: transmit paper sensor status
_PAPER_END = 0x0C  # bits 2 and 3 of the answer
# An answer to GS r is 0xx0xxxx. A printer that reports by itself (GS a) sends 0xx1xx00 and three
# bytes that look like answers.
_ANSWER_MASK, _ANSWER = 0x90, 0x00
_REPORT_MASK, _REPORT, _REPORT_REST = 0x93, 0x10, 3


class Outcome(Struct, frozen=True):
    """What became of a print job, and why in both languages when it is not on paper for sure."""

    state: Literal["printed", "not_printed", "unknown"]
    zh: str = ""
    en: str = ""


def print_bytes(data: bytes, printer: DeskPrinter) -> Outcome:
    """Send `data` to the desk's printer once and return what became of it."""
    address = printer.address
    if not address:
        return Outcome(
            "not_printed", "没有设置服务台打印机", "no desk printer is set (desk_printer.address)"
        )
    try:
        device = _open(printer)
    except OSError as error:
        return Outcome("not_printed", f"打印机 {address} 打不开", f"{address}: {error}")
    try:
        device._raw(data)  # noqa: SLF001  # python-escpos' own name for "send these bytes"
        if address.startswith("/"):
            device.close()
            return Outcome("printed")
        return _ask(device, printer)
    except OSError as error:
        return Outcome(
            "unknown",
            f"打印机 {address} 中途断开，请查看纸张",
            f"{address}: {error}; look at the paper",
        )
    finally:
        device.close()


def _open(printer: DeskPrinter) -> Any:
    from escpos import capabilities
    from escpos.printer import File, Network

    # python-escpos leaves a folder behind in the temporary directory at each import.
    shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)
    # The devices are opened here: its own open() loses a socket whose connection is refused, and
    # makes a file where a printer's device is missing.
    if printer.address.startswith("/"):
        device: Any = File(devfile=printer.address)
        device.device = os.fdopen(os.open(printer.address, os.O_WRONLY | os.O_APPEND), "wb")
        return device
    host, port = split_address(printer.address)
    device = Network(host, port)
    device.device = socket.create_connection((host, port), printer.timeout_s)
    return device


def _ask(device: Any, printer: DeskPrinter) -> Outcome:
    """Wait until the printer has worked off everything before our question."""
    device._raw(_ASK_PAPER)  # noqa: SLF001
    give_up_at_s = time.monotonic() + printer.timeout_s
    skip = 0
    while time.monotonic() < give_up_at_s and (received := _read(device)):
        for byte in received:
            if skip:
                skip -= 1
            elif byte & _REPORT_MASK == _REPORT:
                skip = _REPORT_REST
            elif byte & _ANSWER_MASK == _ANSWER:
                return _judged(byte)
    return Outcome(
        "unknown",
        f"打印机 {printer.address} 没有回应，请查看纸张",
        f"{printer.address} does not answer: look at the paper",
    )


def _read(device: Any) -> bytes:
    try:
        received: bytes = device._read()  # noqa: SLF001
    except TimeoutError:
        return b""
    return received


def _judged(status: int) -> Outcome:
    if status & _PAPER_END:
        return Outcome("unknown", "打印机缺纸，请查看是否打完", "out of paper: look at the paper")
    return Outcome("printed")

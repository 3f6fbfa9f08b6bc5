"""What a printer's status bytes mean. Source: Epson ESC/POS, DLE EOT, GS r and GS a.

Pure: bytes in, answers out. A bit that is not set is a YES only where the printer would set it.
"""

from __future__ import annotations

from edge_agent.devices.printers import Answer, Status

#: GS a 15: report drawer, on-line, errors and paper, now and whenever one changes.
AUTOMATIC_ON = b"\x1da\x0f"
AUTOMATIC_OFF = b"\x1da\x00"

_PAPER_END = 0x60  # DLE EOT 4: both bits of the end sensor
_PAPER_END_IN_ORDER = 0x0C  # GS r 1, and the third byte of ASB: both bits of the end sensor
# The kernel's LPGETSTATUS (linux/lp.h): the wires of the old parallel port, which USB kept.
_LP_PAPER_OUT = 0x20


def real_time(printer: int, cause: int, paper: int, error: int | None) -> Status:
    """Return what DLE EOT 1, 2 and 4 say, and 3, which is asked when 2 tells of an error."""
    if not cause & 0x40:
        cutter = Answer.YES
    elif error is None:
        cutter = Answer.UNKNOWN
    else:
        cutter = no_if(error & 0x08)
    return Status(
        online=no_if(printer & 0x08),
        paper=no_if(cause & 0x20 or paper & _PAPER_END),
        cover=no_if(cause & 0x04),
        cutter=cutter,
    )


def automatic(status: bytes) -> Status:
    """Return what the four bytes of ASB say."""
    return Status(
        online=no_if(status[0] & 0x08),
        paper=no_if(status[2] & _PAPER_END_IN_ORDER),
        cover=no_if(status[0] & 0x20),
        cutter=no_if(status[1] & 0x08),
    )


def paper_in_order(sensors: int) -> Answer:
    """Return what GS r 1 says of the paper."""
    return no_if(sensors & _PAPER_END_IN_ORDER == _PAPER_END_IN_ORDER)


def parallel_port(wires: int) -> Status:
    """Return what LPGETSTATUS says. Clones leave these wires as they please: only paper counts."""
    return Status(paper=Answer.NO if wires & _LP_PAPER_OUT else Answer.UNKNOWN)


def no_if(trouble: int) -> Answer:
    """Return NO for a bit that is set, YES for one that is not."""
    return Answer.NO if trouble else Answer.YES

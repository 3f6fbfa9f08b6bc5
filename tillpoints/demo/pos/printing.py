"""A POS at its counter: counts its receipts and prints them with python-escpos.

What goes to the printer is what such software sends: ESC @, Chinese in GB18030, a cut, a pulse to
the drawer. It connects for each job and knows the tap only as the address of its printer.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any, Literal

from escpos import capabilities
from escpos.printer import Dummy, Network
from msgspec import Struct

from tillpoints.demo.pos.bistro import Bistro
from tillpoints.demo.pos.boutique import Boutique
from tillpoints.demo.pos.ticket import CASH, Goods, Row, Ticket

# python-escpos leaves a folder behind in the temporary directory at each import.
shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)

CONNECT_TIMEOUT_S = 10.0
FS_KANJI_ON = b"\x1c&"
PaperKind = Literal[
    "sale", "unclear", "refund", "void", "reprint", "pre_bill", "kitchen_ticket", "card_slip"
]


class Printed(Struct, frozen=True):
    """One job as it was sent; `owed_fen` is what its paper says, negative for money back."""

    kind: PaperKind
    number: str
    owed_fen: int
    raw: bytes
    ticket: Ticket


class Pos:
    """One counter. `clock` gives the shop's local time; `print_raw` takes a finished job.

    Every choice comes from `rng`, so the same seed sells the same baskets.
    """

    def __init__(
        self,
        vendor: Bistro | Boutique,
        print_raw: Callable[[bytes], None],
        rng: Random,
        clock: Callable[[], datetime],
    ) -> None:
        self.vendor = vendor
        self._print_raw = print_raw
        self._rng = rng
        self._clock = clock
        self._serial = 0

    def sell(self, wanted: tuple[Goods, ...] = ()) -> Printed:
        """Ring up what is wanted, else a random basket, and print its receipt.

        Raises DeviceNotFoundError, OSError.
        """
        ticket = self._next_ticket(wanted)
        return self._print("sale", ticket, self.vendor.sale(ticket), ticket.owed_fen)

    def reprint(self, ticket: Ticket) -> Printed:
        """Print a receipt once more."""
        lines = self.vendor.reprint(ticket, self._clock())
        return self._print("reprint", ticket, lines, ticket.owed_fen)

    def give_back(self, ticket: Ticket) -> Printed:
        """Take back what this vendor takes back: a restaurant the bill, a shop the first piece."""
        if isinstance(self.vendor, Bistro):
            lines = self.vendor.void(ticket, self._clock())
            return self._print("void", ticket, lines, -ticket.owed_fen)
        return self.refund(ticket, ticket.rows[0])

    def refund(self, ticket: Ticket, row: Row) -> Printed:
        """Take back one line of a ticket of a shop."""
        assert isinstance(self.vendor, Boutique)
        self._serial += 1
        lines, back_fen = self.vendor.refund(ticket, row, self._serial, self._clock())
        return self._print("refund", ticket, lines, back_fen)

    def pre_bill(self) -> Printed:
        """Print what a table looks at before it pays; nothing is sold."""
        assert isinstance(self.vendor, Bistro)
        ticket = self._next_ticket()
        return self._print("pre_bill", ticket, self.vendor.pre_bill(ticket), ticket.owed_fen)

    def unclear(self) -> Printed:
        """Ring up a bill whose print nobody but a person can make out."""
        assert isinstance(self.vendor, Bistro)
        ticket = self._next_ticket()
        return self._print("unclear", ticket, self.vendor.unclear(ticket), ticket.owed_fen)

    def kitchen_ticket(self) -> Printed:
        """Print an order for the cook."""
        assert isinstance(self.vendor, Bistro)
        ticket = self._next_ticket()
        return self._print("kitchen_ticket", ticket, self.vendor.kitchen_ticket(ticket), 0)

    def card_slip(self, ticket: Ticket) -> Printed:
        """Print the bank terminal's slip for a ticket."""
        assert isinstance(self.vendor, Boutique)
        return self._print("card_slip", ticket, self.vendor.card_slip(ticket), ticket.owed_fen)

    def _next_ticket(self, wanted: tuple[Goods, ...] = ()) -> Ticket:
        self._serial += 1
        return self.vendor.ticket(self._serial, self._clock(), self._rng, wanted)

    def _print(self, kind: PaperKind, ticket: Ticket, lines: list[str], owed_fen: int) -> Printed:
        drawer = kind == "sale" and ticket.tender == CASH
        raw = job(lines, kanji_command=self.vendor.kanji_command, drawer=drawer)
        self._print_raw(raw)
        return Printed(kind, ticket.number, owed_fen, raw, ticket)


def job(lines: list[str], *, kanji_command: bool, drawer: bool) -> bytes:
    """Return the print job of some lines, as python-escpos puts it together."""
    printer: Any = Dummy()
    printer.hw("INIT")
    if kanji_command:
        printer._raw(FS_KANJI_ON)  # noqa: SLF001 - the library's own door for other encodings
    printer._raw(("\n".join(lines) + "\n").encode("gb18030"))  # noqa: SLF001
    printer.cut()
    if drawer:
        printer.cashdraw(2)
    output: bytes = printer.output
    return output


def send(host: str, port: int, raw: bytes) -> None:
    """Send one job to a network printer. Raises DeviceNotFoundError or OSError."""
    printer: Any = Network(host, port, timeout=CONNECT_TIMEOUT_S)
    printer.open()
    try:
        printer._raw(raw)  # noqa: SLF001 - the library's own door for raw bytes
    finally:
        printer.close()

"""What the taxes on a paper say about its total: net and tax make the gross amount.

Tills that print prices with tax repeat it per rate, in a table or on a line of its own. These
figures are printed from other sums than the total, so their agreeing is a check of its own.
"""

import re

from msgspec import Struct

from receipts.text.amount_words import Role
from receipts.text.money import decimal
from receipts.text.rows import Row

#: A smaller tax agrees with too many totals.
TAX_MIN_FEN = 10
#: No sales tax takes more than this share of the net amount.
NET_TO_TAX_MIN = 3
ROUNDED_OFF_FEN = 1.5

_RATE = re.compile(r"(?<![\d.])(\d{1,2}(?:\.\d{1,2})?)\s?%")


class Tax(Struct, frozen=True):
    """A tax as printed: beside its net amount, or with its rate in per cent."""

    fen: int
    net_fen: int | None = None
    rate: float | None = None

    def agrees(self, gross_fen: int) -> bool:
        """Return whether the tax is that of a gross amount."""
        if self.net_fen is not None:
            return self.net_fen + self.fen == gross_fen
        share = gross_fen * self.rate / (100 + self.rate) if self.rate else 0.0
        return abs(share - self.fen) <= ROUNDED_OFF_FEN

    def spelled(self, gross_fen: int) -> str:
        """Return the sum in figures."""
        net = gross_fen - self.fen
        return f"{decimal(net)} + {decimal(self.fen)} = {decimal(gross_fen)}"


def taxes_of(rows: list[Row]) -> tuple[Tax, ...]:
    """Return the taxes of a paper that tell what they are of."""
    return tuple(tax for row in rows if (tax := _tax(row)) is not None)


def _tax(row: Row) -> Tax | None:
    if row.in_tax_table:
        values = [amount.fen for amount in row.exact_amounts]
        net, fen = values[:2] if len(values) > 1 else (0, 0)
        return Tax(fen, net) if fen >= TAX_MIN_FEN and net > fen * NET_TO_TAX_MIN else None
    rate = _RATE.search(row.text) if row.figures and "%" in row.text else None
    fen = next((each.fen for each in row.figures if each.role is Role.TAX and each.exact), 0)
    if rate is None or fen < TAX_MIN_FEN or not float(rate[1]):
        return None
    return Tax(fen, rate=float(rate[1]))

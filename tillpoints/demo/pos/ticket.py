"""What a customer buys and owes at a foreign POS: values and their arithmetic, in fen."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from msgspec import Struct


class Goods(Struct, frozen=True):
    """Something on sale; `detail` is a style code, colour and size where the vendor prints one."""

    name: str
    price_fen: int
    detail: str = ""


class Row(Struct, frozen=True):
    """One line of a ticket. `tenths` is the discount as Chinese shops say it: 8 is 8折, 20% off."""

    goods: Goods
    quantity: int
    tenths: int = 10

    @property
    def amount_fen(self) -> int:
        """What the line costs, rounded half up to a fen."""
        exact = Fraction(self.goods.price_fen * self.quantity * self.tenths, 10)
        return int(exact + Fraction(1, 2))

    @property
    def listed_fen(self) -> int:
        """What the line would cost without its discount."""
        return self.goods.price_fen * self.quantity


class Ticket(Struct, frozen=True):
    """One sale. `extras` are signed amounts between the goods and what is owed, with their labels.

    `at` is the shop's local time; `paid_fen` is what the customer handed over.
    """

    number: str
    serial: int
    at: datetime
    rows: tuple[Row, ...]
    extras: tuple[tuple[str, int], ...]
    tender: str
    paid_fen: int

    @property
    def goods_fen(self) -> int:
        """The sum of the lines."""
        return sum(row.amount_fen for row in self.rows)

    @property
    def owed_fen(self) -> int:
        """What the customer has to pay."""
        return self.goods_fen + sum(amount for _, amount in self.extras)

    @property
    def pieces(self) -> int:
        """How many things were bought."""
        return sum(row.quantity for row in self.rows)


def yuan(fen: int) -> str:
    """Return an amount as a POS prints it, 12345 -> 123.45."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def handed_over(owed_fen: int, tender: str) -> int:
    """Return what a customer gives: the exact amount, or the next ten yuan in cash."""
    return -(-owed_fen // 1000) * 1000 if tender == CASH else owed_fen


CASH = "现金"
WECHAT = "微信支付"
ALIPAY = "支付宝"
UNIONPAY = "银联卡(5678)"

"""What the ledger keeps of refunds that say no more of their sale than its number."""

from msgspec import Struct


class NumberRefund(Struct, frozen=True, array_like=True):
    """A refund by number: when it was printed, of how much, and the sale that it came out of.

    `covered`: so much was left of that, which was `printed_on` a day.
    """

    printed_at: str
    fen: int
    sale: bytes
    printed_on: str
    covered: bool


class NumberRefunds(Struct, frozen=True):
    """All refunds by one number of one shop."""

    told: tuple[NumberRefund, ...] = ()

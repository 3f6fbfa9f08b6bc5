"""The slips of redeeming: a voucher, a right to park, and that a redemption was taken back."""

from collections.abc import Iterator

from msgspec import Struct

from edge_agent.slips.parts import Origin, balance_of, code_of
from edge_agent.slips.words import say
from paper.layout import Element, Pair, Rule, Text
from paper.marker import Lang


class RedemptionSlip(Struct, frozen=True, tag="redemption"):
    """A voucher: points were spent, and this paper is worth the reward once."""

    origin: Origin
    member: str
    reward: str
    points: int
    code: str
    qr: str
    valid_until: str
    where: str
    conditions: tuple[str, ...] = ()
    balance: int | None = None


class ParkingSlip(Struct, frozen=True, tag="parking"):
    """Hours of parking, worth once at the place named; no `plate`: for any car."""

    origin: Origin
    member: str
    hours: str
    points: int
    code: str
    qr: str
    valid_until: str
    where: str
    plate: str = ""
    balance: int | None = None


class CancellationSlip(Struct, frozen=True, tag="cancellation"):
    """A redemption was taken back: its points are the member's again, its voucher is void.

    `code` is the end of the voucher's, so that nobody takes this paper for one.
    """

    origin: Origin
    member: str
    reward: str
    points: int
    code: str


def redemption(slip: RedemptionSlip, lang: Lang) -> Iterator[Element]:
    """Yield a voucher for a reward."""
    yield Text(slip.reward, "centre", bold=True, size=2)
    yield Rule()
    yield Pair(say("member", lang), slip.member)
    yield Pair(say("spent", lang), f"{slip.points:,}")
    yield from balance_of(slip.balance, lang)
    yield Rule()
    yield from code_of(say("voucher", lang), slip.code, slip.qr)
    yield Pair(say("valid", lang), slip.valid_until, bold=True)
    yield Pair(say("where", lang), slip.where)
    yield from (Text(line) for line in slip.conditions)
    yield Text(say("once", lang))


def parking(slip: ParkingSlip, lang: Lang) -> Iterator[Element]:
    """Yield a right to park: how long, which car, where, until when."""
    yield Pair(say("hours", lang), slip.hours, bold=True, size=2)
    yield Pair(say("plate", lang), slip.plate or say("any plate", lang))
    yield Pair(say("parking at", lang), slip.where)
    yield Pair(say("valid", lang), slip.valid_until, bold=True)
    yield Rule()
    yield Pair(say("member", lang), slip.member)
    yield Pair(say("spent", lang), f"{slip.points:,}")
    yield from balance_of(slip.balance, lang)
    yield Rule()
    yield from code_of(say("voucher", lang), slip.code, slip.qr)
    yield Text(say("parking once", lang))


def cancellation(slip: CancellationSlip, lang: Lang) -> Iterator[Element]:
    """Yield that points are back and a voucher is void."""
    yield Text(slip.reward, "centre", bold=True, size=2)
    yield Rule()
    yield Pair(say("member", lang), slip.member)
    yield Pair(say("given back", lang), f"{slip.points:+,}", bold=True, size=2)
    yield Rule()
    yield Pair(say("void voucher", lang), slip.code)
    yield Text(say("cancelled", lang))

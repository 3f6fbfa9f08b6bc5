"""What can happen while somebody redeems: touches and answers of central. Values only."""

from msgspec import Struct

from edge_agent.phrases import Phrase
from edge_agent.redeeming.reach import Reach
from edge_agent.redeeming.state import Inside
from loyalty.wire import CancelAnswer, LeaseAnswer, ReserveAnswer, RewardRow


class Chosen(Struct, frozen=True):
    """A reward was touched, which is handed over at `place`.

    `left` are in stock; None where that is not counted. `inside` are the parts of a bundle.
    """

    reward: RewardRow
    place: Phrase
    left: int | None = None
    inside: Inside = ()


class PiecesSet(Struct, frozen=True):
    """The member wants so many pieces of it."""

    pieces: int


class PlateTyped(Struct, frozen=True):
    """The member wants the right to park for this car; empty: for any."""

    plate: str


class Confirmed(Struct, frozen=True):
    """The member wants it; `request_id` is new and random, `reach` what this device may spend."""

    request_id: str
    reach: Reach = Reach()


class PinTyped(Struct, frozen=True):
    """The member typed their PIN, which is kept nowhere."""

    pin: str


class LeaseTold(Struct, frozen=True):
    """Central's answer to the request for a lease; None when it could not be asked.

    `place` is where alone it is handed over, if central says so. `reach` is what this device may
    spend without central.
    """

    request_id: str
    answer: LeaseAnswer | None
    place: Phrase | None = None
    reach: Reach = Reach()


class ReserveTold(Struct, frozen=True):
    """Whether central keeps the pieces; None when it could not be asked."""

    reward_id: str
    answer: ReserveAnswer | None


class CancelTouched(Struct, frozen=True):
    """The member wants their points back for what they just redeemed."""


class CancelTold(Struct, frozen=True):
    """Whether central took the redemption back; None when it could not be asked."""

    voucher_code: str
    answer: CancelAnswer | None


Touch = Chosen | PiecesSet | PlateTyped | Confirmed | PinTyped
Answer = CancelTouched | ReserveTold | LeaseTold | CancelTold

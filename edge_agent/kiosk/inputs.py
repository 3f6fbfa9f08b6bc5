"""What can happen at a kiosk: scans, touches, answers of central, and time. Values only."""

from msgspec import Struct

from edge_agent.effects import Member
from edge_agent.phrases import Phrase
from edge_agent.taking_part import Took
from loyalty.wire import (
    BalanceAnswer,
    CancelAnswer,
    ClaimAnswer,
    LeaseAnswer,
    ReserveAnswer,
    RewardRow,
)


class MemberScanned(Struct, frozen=True):
    """A member's card was scanned or their number typed."""

    member: Member


class ClaimScanned(Struct, frozen=True):
    """The code of a claim slip was scanned or typed."""

    claim_hash: str


class TookPart(Struct, frozen=True):
    """A member's activity code was taken, refused, or waits; or central has said how it went."""

    took: Took


class ScanFailed(Struct, frozen=True):
    """A scan was of no use here."""

    phrase: Phrase


class Synced(Struct, frozen=True):
    """Central has heard what this kiosk wrote down; a balance may have changed."""


class BalanceTold(Struct, frozen=True):
    """Central said what the member has; None when it could not be asked."""

    answer: BalanceAnswer | None


class ClaimTold(Struct, frozen=True):
    """Central said what a claim code stands for; None when it could not be asked."""

    answer: ClaimAnswer | None


class Chosen(Struct, frozen=True):
    """The member touched a reward, which is handed over at `place`.

    `left` are in stock; None where that is not counted.
    """

    reward: RewardRow
    place: Phrase
    left: int | None = None


class PiecesSet(Struct, frozen=True):
    """The member wants so many pieces of it."""

    pieces: int


class Confirmed(Struct, frozen=True):
    """The member wants it; `request_id` is new and random."""

    request_id: str


class PinTyped(Struct, frozen=True):
    """The member typed their PIN, which is kept nowhere."""

    pin: str


class LeaseTold(Struct, frozen=True):
    """Central's answer to the request for a lease; None when it could not be asked.

    `place` is where alone it is handed over, if central says so.
    """

    request_id: str
    answer: LeaseAnswer | None
    place: Phrase | None = None


class ReserveTold(Struct, frozen=True):
    """Whether central keeps the pieces; None when it could not be asked."""

    reward_id: str
    answer: ReserveAnswer | None


class CancelTouched(Struct, frozen=True):
    """The member wants their points back for what they just redeemed; `request_id` is new."""

    request_id: str


class CancelTold(Struct, frozen=True):
    """Whether central took the redemption back; None when it could not be asked."""

    voucher_code: str
    answer: CancelAnswer | None


class Back(Struct, frozen=True):
    """The member goes one step back."""


class Left(Struct, frozen=True):
    """The member is done; nothing of theirs stays on the screen."""


class Stayed(Struct, frozen=True):
    """The member touched the screen."""


class Tick(Struct, frozen=True):
    """Time passed."""


Input = (
    MemberScanned
    | ClaimScanned
    | TookPart
    | ScanFailed
    | Synced
    | BalanceTold
    | ClaimTold
    | Chosen
    | PiecesSet
    | Confirmed
    | PinTyped
    | LeaseTold
    | ReserveTold
    | CancelTouched
    | CancelTold
    | Back
    | Left
    | Stayed
    | Tick
)

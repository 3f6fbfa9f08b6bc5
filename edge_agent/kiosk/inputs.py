"""What can happen at a kiosk: scans, touches, answers of central, and time. Values only."""

from msgspec import Struct

from edge_agent.effects import Member
from edge_agent.phrases import Phrase
from edge_agent.redeeming.inputs import Answer, Touch
from edge_agent.taking_part import Took
from loyalty.wire import BalanceAnswer, ClaimAnswer


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
    | Touch
    | Answer
    | Back
    | Left
    | Stayed
    | Tick
)

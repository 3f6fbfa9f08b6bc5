"""What the state machines of till and kiosk know of the world, and what they ask of it.

Values only: the shell in `agent.py` makes the knowledge and carries out the effects.
"""

from datetime import date

from msgspec import Struct

from edge_agent.journal.papers.reviews import ReviewPaper
from edge_agent.phrases import Phrase
from edge_agent.slips.compose import AnySlip
from loyalty.events import Bill, Body, Holder, Moment
from loyalty.rules.reasons import Reason
from loyalty.rules.rulebook import RuleBook
from loyalty.wire import ShopRow
from loyalty.wording import Language


class Now(Struct, frozen=True):
    """One moment by every clock: the boot's own seconds, the event's stamp, the mall's time.

    `local` is central's clock, None while nobody here can know it (`clocks`).
    """

    boottime_s: float
    moment: Moment
    local: str | None

    @property
    def today(self) -> date | None:
        """The mall's calendar day; None while it is not sure: then nothing may depend on it."""
        return None if self.local is None else date.fromisoformat(self.local[:10])


class Terms(Struct, frozen=True):
    """Where this device stands and which rules are in force."""

    programme: str
    device: str
    shop: ShopRow
    book: RuleBook
    version: str
    language: Language = "zh"


class Member(Struct, frozen=True):
    """A holder of points as the directory knows them.

    `balance` contains `pending` points that central has not confirmed yet; None means that nobody
    here knows it. `shown_pass` is the fresh pass by which they were recognised, if it was one.
    `told` is what central says that they should hear of.
    """

    holder: Holder
    masked_name: str
    number_tail: str
    tier_id: str
    balance: int | None
    pending: int = 0
    new_card: bool = False
    shown_pass: str = ""
    told: tuple[Reason, ...] = ()


class HeldSlip(Struct, frozen=True):
    """A slip to print; a held one waits until it is released or dropped.

    `subject` is the fingerprint, voucher code or job hash by which the slip is found again.
    """

    slip_id: str
    subject: str
    content: AnySlip
    held: bool = False


class PaperSeen(Struct, frozen=True):
    """What a document of a print job was, for the list on the screen."""

    outcome: str
    kind: str
    why: tuple[Phrase, ...]
    fingerprint: str = ""
    number: str = ""
    printed_at: str = ""
    amount_fen: int | None = None
    currency: str = ""


class JobDone(Struct, frozen=True):
    """A print job is dealt with: what each of its documents was."""

    job_id: str
    papers: tuple[PaperSeen, ...]


class Record(Struct, frozen=True):
    """Write events, their slips and the job's outcome into the journal, all or nothing."""

    bodies: tuple[Body, ...]
    slips: tuple[HeldSlip, ...] = ()
    job: JobDone | None = None
    papers: tuple[ReviewPaper, ...] = ()


class ReleaseSlip(Struct, frozen=True):
    """Print a held slip."""

    slip_id: str


class DropSlip(Struct, frozen=True):
    """A held slip is not needed any more."""

    slip_id: str


class SyncNow(Struct, frozen=True):
    """Something is worth telling central soon."""


class AskBalance(Struct, frozen=True):
    """Ask central what a holder has."""

    holder: Holder


class AskLease(Struct, frozen=True):
    """Ask central for the points of one reward, under a request id that survives a crash.

    `pin` or `shown_pass` proves that the member stands here, where that is wanted. `gives_back` is
    a lease that must be closed here before central is asked.
    """

    request_id: str
    holder: Holder
    reward_id: str
    pin: str = ""
    shown_pass: str = ""
    pieces: int = 1
    points: int = 0
    bill: Bill | None = None
    gives_back: str = ""


class AskReserve(Struct, frozen=True):
    """Ask central to keep pieces of a reward while its member decides; 0: not any more."""

    reward_id: str
    pieces: int


class AskCancel(Struct, frozen=True):
    """Ask central to take a redemption of this device back."""

    request_id: str
    voucher_code: str
    why: str = ""


class AskClaim(Struct, frozen=True):
    """Ask central what a claim code stands for."""

    claim_hash: str


class AskVoucher(Struct, frozen=True):
    """Ask central to use up a voucher that was handed in here."""

    request_id: str
    voucher_code: str


Effect = (
    Record
    | ReleaseSlip
    | DropSlip
    | SyncNow
    | AskBalance
    | AskReserve
    | AskLease
    | AskCancel
    | AskClaim
)

"""What a till knows between two inputs, and what its inputs are. Values only.

All times are seconds of the boot's own clock and say when something happened.
"""

from msgspec import Struct

from edge_agent.effects import Member
from edge_agent.journal.papers.reviews import ReviewItem
from edge_agent.phrases import Phrase, Tone
from edge_agent.till.intake import Finding, KnownSale
from edge_agent.till.unclear import Unclear

SCAN_BEFORE_S = 180.0
SCAN_AFTER_S = 60.0
CORRECTION_S = 300.0
UNREAD_JOBS_MAX = 256
#: A job that nobody has read for so long keeps no scan waiting any more.
UNREAD_S_MAX = 600.0


class MemberScan(Struct, frozen=True):
    """A member who was scanned for a sale that is still to come."""

    member: Member
    at_s: float


class OpenSale(Struct, frozen=True):
    """An unclaimed sale that a scan would count for until `closes_s`."""

    sale: KnownSale
    started_s: float
    closes_s: float
    held_slip: str | None


class OpenReview(Struct, frozen=True):
    """A paper in review that a scan would count for until `closes_s`."""

    unclear: Unclear
    started_s: float
    closes_s: float
    held_slip: str | None


class PictureJob(Struct, frozen=True):
    """A picture that is still being read; a scan until `closes_s` is for it."""

    job_id: str
    started_s: float
    closes_s: float
    scan: MemberScan | None


class Notice(Struct, frozen=True):
    """What the panel tells the cashier; it is heard by its tone."""

    tone: Tone
    phrase: Phrase


class State(Struct, frozen=True):
    """All that a till knows between two inputs; the rest is in the journal."""

    scan: MemberScan | None = None
    open_sale: OpenSale | None = None
    open_review: OpenReview | None = None
    unread_jobs: tuple[tuple[str, float], ...] = ()
    pictures: tuple[PictureJob, ...] = ()
    lookup_armed: bool = False
    looked_up: Member | None = None
    notice: Notice | None = None
    notices: int = 0


class MemberScanned(Struct, frozen=True):
    """A member's card or code was scanned or typed."""

    member: Member
    at_s: float


class ScanFailed(Struct, frozen=True):
    """A scan was no member: the cashier hears it."""

    phrase: Phrase


class ClaimScanned(Struct, frozen=True):
    """The claim slip of one of this till's own sales was scanned: the next scan claims it."""

    sale: KnownSale


class ReviewScanned(Struct, frozen=True):
    """The slip of a paper in review was scanned: the next scan says whose it is."""

    item: ReviewItem


class JobStarted(Struct, frozen=True):
    """The POS began to print; the window of the sale before is over."""

    job_id: str
    at_s: float


class PictureSeen(Struct, frozen=True):
    """A picture will be read after what was printed behind it."""

    job_id: str
    started_s: float
    ended_s: float
    parts: tuple[str, ...] = ()


class JobRead(Struct, frozen=True):
    """A print job was read: what its documents are, and when it was printed.

    `parts` are the ids under which its pieces were said to have started. `has_slips`: claim slips
    for its sales came out before the journal had room for them.
    """

    job_id: str
    findings: tuple[Finding, ...]
    started_s: float
    ended_s: float
    parts: tuple[str, ...] = ()
    has_slips: bool = False


class Corrected(Struct, frozen=True):
    """The cashier moves the award of a recent sale to `member`, or takes it back (None)."""

    sale: KnownSale
    age_s: float | None
    member: Member | None


class Told(Struct, frozen=True):
    """The shell has something to tell the cashier (a printer, a voucher, the journal)."""

    tone: Tone
    phrase: Phrase


class LookupArmed(Struct, frozen=True):
    """The next scan only looks up a balance (`on`), or no longer does."""

    on: bool


class LookedUp(Struct, frozen=True):
    """A typed code was looked up without touching the sale."""

    member: Member


class Forgotten(Struct, frozen=True):
    """The cashier drops the member who waits for the next sale."""


class NobodyScans(Struct, frozen=True):
    """The customer of the unclaimed sale has no member: the next scan is for the next sale."""


class Dismissed(Struct, frozen=True):
    """The cashier closes what the panel shows."""


class Tick(Struct, frozen=True):
    """Time passed."""


Input = (
    MemberScanned
    | ScanFailed
    | ClaimScanned
    | ReviewScanned
    | JobStarted
    | PictureSeen
    | JobRead
    | Corrected
    | Told
    | LookupArmed
    | LookedUp
    | Forgotten
    | NobodyScans
    | Dismissed
    | Tick
)

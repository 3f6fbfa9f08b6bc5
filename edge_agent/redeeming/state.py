"""What a screen knows while a member redeems at it, and the few ways in which it changes. Pure."""

from typing import Literal, TypeVar

from msgspec import Struct, structs

from edge_agent.effects import Effect, Member
from edge_agent.phrases import Phrase, Tone
from loyalty.wire import RewardRow

Step = Literal["welcome", "home", "confirm", "prove", "working", "done", "refused"]


class Voucher(Struct, frozen=True):
    """What the member takes away."""

    code: str
    signed: str
    reward: RewardRow
    place: Phrase
    valid_until: str
    slip_id: str
    points: int
    pieces: int


#: What is inside a bundle: each part with its pieces.
Inside = tuple[tuple[RewardRow, int], ...]


class Visit(Struct, frozen=True):
    """All that a redemption is made of between two inputs.

    `had` are the pieces by reward that count towards limits; `price` is the chosen reward's, a
    piece. `kept`: central keeps its pieces while the member decides. `available` has the points
    that this device was lent for going offline; `request_id` names the lease that is asked for,
    `gives_back` the one that goes back for it. `plate` is the car that a right to park is for, in
    the memory of the screen and on its slip alone.
    """

    step: Step = "welcome"
    member: Member | None = None
    available: int | None = None
    had: dict[str, int] = {}
    chosen: RewardRow | None = None
    inside: Inside = ()
    place: Phrase | None = None
    pieces: int = 1
    plate: str = ""
    price: int = 0
    kept: bool = False
    request_id: str = ""
    gives_back: str = ""
    voucher: Voucher | None = None
    refusal: Phrase | None = None
    touched_s: float = 0.0
    tone: Tone | None = None
    notice: Phrase | None = None
    notices: int = 0


VisitT = TypeVar("VisitT", bound=Visit)
Effects = tuple[Effect, ...]


def tell(visit: VisitT, tone: Tone, words: Phrase) -> VisitT:
    """Let the screen say something now."""
    return structs.replace(visit, tone=tone, notice=words, notices=visit.notices + 1)


def home(visit: VisitT) -> VisitT:
    """Go back to the member's rewards."""
    return structs.replace(
        visit,
        step="home",
        chosen=None,
        request_id="",
        gives_back="",
        pieces=1,
        plate="",
        kept=False,
        voucher=None,
        refusal=None,
    )

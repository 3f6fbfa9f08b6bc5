"""What a kiosk knows, and the few ways in which every part of it changes. Pure."""

from typing import Literal

from msgspec import Struct, structs

from edge_agent.effects import Effect, Member
from edge_agent.phrases import Phrase, Tone
from edge_agent.taking_part import Took
from loyalty.wire import RewardRow

IDLE_S = 60.0
IDLE_WARNING_S = 20.0

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


class ClaimResult(Struct, frozen=True):
    """How a claim went: credited, noted until the receipt arrives, or refused."""

    state: Literal["credited", "pending", "refused"]
    phrase: Phrase
    shop_id: str = ""
    eligible_fen: int = 0


class State(Struct, frozen=True):
    """All that a kiosk knows between two inputs.

    `had` are the pieces by reward that count towards limits; `price` is the chosen reward's, a
    piece. `kept`: central keeps its pieces while the member decides.
    """

    step: Step = "welcome"
    member: Member | None = None
    available: int | None = None
    had: dict[str, int] = {}
    chosen: RewardRow | None = None
    place: Phrase | None = None
    pieces: int = 1
    price: int = 0
    kept: bool = False
    request_id: str = ""
    voucher: Voucher | None = None
    refusal: Phrase | None = None
    claim_hash: str = ""
    claim: ClaimResult | None = None
    activity: Took | None = None
    touched_s: float = 0.0
    tone: Tone | None = None
    notice: Phrase | None = None
    notices: int = 0


Result = tuple[State, tuple[Effect, ...]]


def leaves_s(state: State) -> float | None:
    """Return the boot's second at which the screen forgets the member; None if there is none."""
    waits = state.claim is not None or state.activity is not None or bool(state.claim_hash)
    at_rest = state.step == "welcome" and not waits
    return None if at_rest or state.step == "working" else state.touched_s + IDLE_S


def tell(state: State, tone: Tone, words: Phrase) -> State:
    """Let the screen say something now."""
    return structs.replace(state, tone=tone, notice=words, notices=state.notices + 1)


def home(state: State) -> State:
    """Go back to the member's own screen."""
    return structs.replace(
        state,
        step="home",
        chosen=None,
        request_id="",
        pieces=1,
        kept=False,
        voucher=None,
        refusal=None,
        claim=None,
        activity=None,
    )

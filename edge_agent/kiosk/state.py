"""What a kiosk knows, and the few ways in which every part of it changes. Pure."""

from typing import Literal

from msgspec import Struct, structs

from edge_agent.phrases import Phrase
from edge_agent.redeeming.state import Effects, Visit
from edge_agent.redeeming.state import home as redeeming_home
from edge_agent.taking_part import Took

IDLE_S = 60.0
IDLE_WARNING_S = 20.0


class ClaimResult(Struct, frozen=True):
    """How a claim went: credited, noted until the receipt arrives, or refused."""

    state: Literal["credited", "pending", "refused"]
    phrase: Phrase
    shop_id: str = ""
    eligible_fen: int = 0


class State(Visit, frozen=True):
    """All that a kiosk knows between two inputs: the member's visit, a claim, an activity."""

    claim_hash: str = ""
    claim: ClaimResult | None = None
    activity: Took | None = None


Result = tuple[State, Effects]


def leaves_s(state: State) -> float | None:
    """Return the boot's second at which the screen forgets the member; None if there is none."""
    waits = state.claim is not None or state.activity is not None or bool(state.claim_hash)
    at_rest = state.step == "welcome" and not waits
    return None if at_rest or state.step == "working" else state.touched_s + IDLE_S


def home(state: State) -> State:
    """Go back to the member's own screen."""
    return structs.replace(redeeming_home(state), claim=None, activity=None)

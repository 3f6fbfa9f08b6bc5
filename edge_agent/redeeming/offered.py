"""What of the catalogue a member may have at this device now, and why not the rest. Pure.

The questions are those that central decides by when it grants; here nobody is offered what central
would refuse as soon as they confirm.
"""

from collections.abc import Iterable, Mapping

from edge_agent.phrases import Phrase, phrase
from edge_agent.redeeming.reach import Reach, why_not_offline
from edge_agent.redeeming.state import Inside, Visit
from loyalty import catalogue
from loyalty.catalogue import Asking, Part
from loyalty.rules.earning import Reason
from loyalty.wire import RewardRow


def why_not(
    state: Visit,
    reward: RewardRow,
    reach: Reach,
    *,
    day: str = "",
    left: int | None = None,
    pieces: int = 1,
    kept: bool = False,
    inside: Inside = (),
) -> Phrase | None:
    """Return why the member cannot have this reward here and now, None if they can.

    `day` is the mall's, empty while it is not sure; `left` are in stock, None where that is not
    counted, or its pieces are `kept` for this member. What is `inside` a bundle keeps its terms.
    """
    if state.member is not None and not state.member.new_card:
        had = state.had.get(reward.reward_id, 0)
        asking = Asking(pieces, day, state.member.tier_id, had, left)
        refusal = catalogue.why_not(reward.details, asking)
        refusal = refusal or _why_not_inside(state, inside, asking)
        if refusal is not None:
            return phrase(refusal)
    points = catalogue.price(reward.points, reward.details, day) * pieces
    if state.available is not None and points > state.available:
        values = {"available": str(state.available), "needed": str(points)}
        return phrase(Reason("balance_too_low", values))
    if state.member is not None and state.member.new_card:
        return phrase(Reason("member_unknown"))
    if reach.online:
        return None
    counted = kept or left is not None
    refusal = why_not_offline(reach, reward, points, day=day, counted=counted)
    return None if refusal is None else phrase(refusal)


def left_of(reward: RewardRow, stock: Mapping[str, int]) -> int | None:
    """Return how many of a reward there are by what central told; None if nobody counts them."""
    parts = reward.details.parts or (Part(reward.reward_id, 1),)
    counted = [one for one in parts if one.reward_id in stock]
    return min((stock[one.reward_id] // one.pieces for one in counted), default=None)


def inside_of(reward: RewardRow, rewards: Iterable[RewardRow]) -> Inside:
    """Return the parts of a bundle, each with its pieces, as far as this device has their terms."""
    known = {one.reward_id: one for one in rewards} if reward.details.parts else {}
    parts = ((known.get(one.reward_id), one.pieces) for one in reward.details.parts)
    return tuple((part, pieces) for part, pieces in parts if part is not None)


def _why_not_inside(state: Visit, inside: Inside, asking: Asking) -> Reason | None:
    """Return why the member may not have what is inside a bundle, None if they may."""
    for part, each in inside:
        had = state.had.get(part.reward_id, 0)
        of_part = Asking(each * asking.pieces, asking.day, asking.tier_id, had)
        refusal = catalogue.why_not_inside(part.details, of_part)
        if refusal is not None:
            return refusal
    return None

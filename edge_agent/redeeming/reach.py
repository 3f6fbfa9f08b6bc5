"""What a device may spend for a member right now, and why not more (promise P5). Pure.

With central everything is asked of it. Without, only the points that central lent this very run
for this very member, within their time by the boot's own clock; the wall clock is never read.
"""

from msgspec import Struct

from edge_agent.phrases import Phrase
from loyalty.catalogue import Details, why_not_ahead
from loyalty.rules.earning import Reason
from loyalty.wire import LeaseAnswer, RewardRow


class Reach(Struct, frozen=True):
    """`ready` is what was lent for going offline; None: nothing, and `why` says why.

    `request_id` asked for it, and at `place` alone it is handed over, None: where the reward is.
    `shop` is where this device stands: elsewhere only central may promise something.
    """

    online: bool = True
    ready: LeaseAnswer | None = None
    why: Reason = Reason("offline")
    shop: str = ""
    request_id: str = ""
    place: Phrase | None = None

    @property
    def points(self) -> int:
        """The points that can be spent without central."""
        return 0 if self.ready is None else self.ready.points


def why_not_offline(
    reach: Reach, reward: RewardRow, cost: int, *, day: str, counted: bool
) -> Reason | None:
    """Return why a reward cannot be had without central, None if it can.

    `day` is the mall's, empty while it is not sure; `counted`: there are only so many of it.
    """
    if reach.ready is None:
        return reach.why
    details = reward.details
    if counted:
        return Reason("offline_stock")
    refusal = why_not_ahead(details)
    if refusal is not None:
        return refusal
    if reward.home_shop not in (None, reach.shop):
        return Reason("offline_elsewhere")
    if not day and _dated(details):
        return Reason("offline_day_unsure")
    if cost > reach.ready.points:
        return Reason("offline_more", {"points": str(reach.ready.points), "needed": str(cost)})
    return None


def said(reach: Reach) -> Reason | None:
    """Return what can be redeemed now and why not more; None while central decides."""
    if reach.online:
        return None
    if reach.ready is None:
        return reach.why
    return Reason("offline_ready", {"points": str(reach.ready.points)})


def _dated(details: Details) -> bool:
    return bool(details.offered_from or details.offered_until or details.price_points)

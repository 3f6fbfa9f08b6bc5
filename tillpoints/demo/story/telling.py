"""The order of the chapters."""

from __future__ import annotations

from tillpoints.demo.story import at_the_desk, at_the_kiosk, at_the_till
from tillpoints.demo.story.stage import Stage
from tillpoints.demo.teller import Teller
from tillpoints.demo.world import World


def tell(world: World, teller: Teller, seed: int = 7) -> None:
    """Tell the whole story in `world`. Raises StoryDiffers at the first difference."""
    stage = Stage(world, teller, seed)
    at_the_till.scan_first(stage)
    at_the_till.scan_after(stage)
    at_the_kiosk.claim(stage)
    at_the_till.wrong_member(stage)
    at_the_till.unclear_receipt(stage)
    at_the_till.new_card(stage)
    at_the_till.payment_code(stage)
    at_the_till.no_network(stage)
    voucher = at_the_kiosk.redeem(stage)
    at_the_kiosk.hand_in(stage, voucher)
    at_the_kiosk.no_network(stage)
    at_the_desk.statement(stage)
    at_the_desk.books(stage)

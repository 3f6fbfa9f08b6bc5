"""Whose card is shown at a device: anybody's, and mostly of one who has the points asked for."""

from loyalty.codes import card_tag
from loyalty.events import Holder
from tillpoints.simulation.machines.centre import TENANT_KEY
from tillpoints.simulation.machines.station import Station

CARDS = 8


def tag_of(card: int) -> str:
    """Return the tag of one of the cards that are in people's hands."""
    return card_tag(TENANT_KEY, f"CARD-{card}")


def holder_at(station: Station) -> Holder:
    """Return who stands at a device, as far as it knows them."""
    return station.journal.holder_of(tag_of(station.chance.randrange(CARDS)))


def redeemer_at(station: Station, points: int) -> Holder:
    """Return who asks for a reward: mostly one who has its points, as far as is known."""
    for _ in range(3):
        holder = holder_at(station)
        balance = station.journal.standing(holder).balance
        if balance is not None and balance >= points:
            break
    return holder


def member_of(holder: Holder) -> str:
    """Return who redeems: central knows a card's owner before its tills do."""
    if holder.kind == "member":
        return holder.key
    return next(f"{card:016x}" for card in range(CARDS) if tag_of(card) == holder.key)

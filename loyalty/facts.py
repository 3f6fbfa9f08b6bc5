"""What every event says in the same words: when it happened, and whose points it is about."""

from typing import Literal

from msgspec import Struct


class Moment(Struct, frozen=True):
    """When a device says something happened: its wall clock, and its boot's own clock beside it.

    Only the order on the chain counts; central measures how wrong the wall clock is.
    """

    wall_ms: int
    boot_id: str
    boottime_ms: int


class Holder(Struct, frozen=True):
    """Who holds points: a member's pseudonym, or the tag of a card nobody has resolved yet."""

    kind: Literal["member", "card"]
    key: str

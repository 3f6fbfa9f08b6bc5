"""What every event says in the same words: when it happened, and whose points it is about.

Values that are made by the thousand say `gc=False`: they can be no part of a cycle, so Python's
collector need not look at them, which took half the time of reading them.
"""

from typing import Literal

from msgspec import Struct


class Moment(Struct, frozen=True, gc=False):
    """When a device says something happened: its wall clock, and its boot's own clock beside it.

    Only the order on the chain counts; central measures how wrong the wall clock is.
    """

    wall_ms: int
    boot_id: str
    boottime_ms: int


class Holder(Struct, frozen=True, gc=False):
    """Who holds points: a member's pseudonym, or the tag of a card nobody has resolved yet."""

    kind: Literal["member", "card"]
    key: str

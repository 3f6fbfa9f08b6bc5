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


class Bill(Struct, frozen=True, gc=False):
    """A bill at a till of which points pay a part, both in fen."""

    due_fen: int
    paid_fen: int


#: How many boots of a device are told at most.
BOOTS_MAX = 64


class ClockSample(Struct, frozen=True, array_like=True, gc=False):
    """Central's clock said `server_ms` within the `rtt_ms` before the boot's clock said this."""

    server_ms: int
    boottime_ms: int
    rtt_ms: int


class BootClock(Struct, frozen=True, array_like=True, gc=False):
    """One boot of a device: when its journal was opened in it, and its last sample, if any.

    All events of the boots before it were written before `opened_ms` of its clock.
    """

    boot_id: str
    opened_ms: int
    sample: ClockSample | None

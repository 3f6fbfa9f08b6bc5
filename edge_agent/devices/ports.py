"""The messages that scanners, cameras and card readers leave on the agent's queue."""

from __future__ import annotations

import msgspec


class Scanned(msgspec.Struct, frozen=True):
    """A code was read. `text` may be anything, a payment code included: never log it.

    `source` names the device; `at_boottime_s` is CLOCK_BOOTTIME. Bytes that make no text, or too
    many of them, arrive with U+FFFD in `text`, so that a failed scan is heard and never a member.
    """

    text: str
    source: str
    at_boottime_s: float


class NotTaken(msgspec.Struct, frozen=True):
    """Something was shown to a device and is worth nothing: a phone on a card reader.

    `why` is a code of `edge_agent.phrases`, for the person who showed it.
    """

    why: str
    source: str


Shown = Scanned | NotTaken

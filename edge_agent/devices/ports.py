"""The message that every scanner and card reader leaves on the agent's queue."""

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

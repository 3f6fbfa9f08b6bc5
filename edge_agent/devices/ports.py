"""What the agent may rely on from a device, and the messages devices leave on its queue."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Scanned(msgspec.Struct, frozen=True):
    """A code was read. `text` may be anything, a payment code included: never log it.

    `source` names the device; `at_boottime_s` is CLOCK_BOOTTIME. Bytes that make no text, or too
    many of them, arrive with U+FFFD in `text`, so that a failed scan is heard and never a member.
    """

    text: str
    source: str
    at_boottime_s: float


class ScanSource(Protocol):
    """A device that puts `Scanned` on the queue it was given."""

    @property
    def connected(self) -> bool:
        """True while the device can be read."""

    @property
    def dropped_scans(self) -> int:
        """How many scans found the queue full."""

    def start(self) -> None:
        """Begin reading, in a thread of its own; an absent device is waited for."""

    def stop(self) -> None:
        """Stop reading and free the device; returns when the thread has ended."""

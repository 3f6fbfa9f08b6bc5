"""Tells a story step by step and holds the world to it: what was expected, what was seen, when."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

CHECK_TIMEOUT_S = 30.0
_LOOK_EVERY_S = 0.05


class Check(Struct, frozen=True):
    """One thing that was looked at."""

    what: str
    expected: object
    seen: object


class Step(Struct):
    """One step of the story with its checks, and how long it took."""

    zh: str
    en: str
    checks: list[Check] = []
    seconds: float = 0.0


class StoryDiffers(Exception):
    """Something is not what the story says; the message names the first difference."""


class Teller:
    """Collects the steps. `on_step` is called with each one when it has ended well."""

    def __init__(self, on_step: Callable[[Step], None] = lambda _: None) -> None:
        self.steps: list[Step] = []
        self._on_step = on_step

    @contextmanager
    def step(self, zh: str, en: str) -> Iterator[None]:
        """Tell one step; its checks are those made inside."""
        step = Step(zh, en)
        self.steps.append(step)
        began_s = time.monotonic()
        try:
            yield
        finally:
            step.seconds = round(time.monotonic() - began_s, 2)
        self._on_step(step)

    def check(self, what: str, expected: object, seen: object) -> None:
        """Hold what is seen now to what is expected. Raises StoryDiffers."""
        step = self.steps[-1]
        step.checks.append(Check(what, expected, seen))
        if seen != expected:
            where = f"step {len(self.steps)}, {step.zh} / {step.en}"
            raise StoryDiffers(f"{where}: {what}: expected {expected!r}, seen {seen!r}")

    def until(
        self,
        what: str,
        expected: object,
        look: Callable[[], object],
        timeout_s: float = CHECK_TIMEOUT_S,
    ) -> None:
        """Wait until `look` gives what is expected. Raises StoryDiffers with what it gave last."""
        until_s = time.monotonic() + timeout_s
        seen = look()
        while seen != expected and time.monotonic() < until_s:
            time.sleep(_LOOK_EVERY_S)
            seen = look()
        self.check(what, expected, seen)

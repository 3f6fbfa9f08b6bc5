"""Python's search for cycles, which a turn does without."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_rest() -> Iterator[None]:
    """Let Python look for no cycles: a turn makes many values and none, and it is bounded.

    Looking takes a third of its time. Whoever found the collector at work starts it again.
    """
    at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if at_work:
            gc.enable()

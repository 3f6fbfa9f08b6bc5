"""What the papers of a till leave out, as central is told: for people to look into.

Numbers that were skipped, drawers that were opened without a paper, and jobs that left no copy may
be nothing, or sales that went past the till. They decide nothing.
"""

from msgspec import Struct

TRAIL_PATH = "/api/1/trail"


class Gaps(Struct, frozen=True):
    """How many there were of each, until the wall time `at_ms`; 0: nothing was seen."""

    skipped: int = 0
    drawers: int = 0
    lost: int = 0
    at_ms: int = 0


class GapsTold(Struct, frozen=True):
    """Central has written it down."""

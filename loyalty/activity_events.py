"""What is written down about activities: that a member did one, and what central says of them.

`loyalty.events` numbers them. The signed text of a code never travels: its batch and number name
it, and central made both.
"""

from msgspec import Struct

from loyalty.facts import Holder, Moment


class ActivityDone(Struct, frozen=True, gc=False):
    """A member's activity code was scanned on a device, which promises nothing: central decides.

    `book` is what the device judged it by; `day` is the mall's day there, empty where it was not
    sure of it.
    """

    at: Moment
    holder: Holder
    activity_id: str
    batch: str
    number: int
    book: str
    day: str = ""


class ActivityIssued(Struct, frozen=True):
    """Central signed codes of an activity: those numbered 1 to `count`, or a poster's one (0)."""

    at: Moment
    batch: str
    activity_id: str
    valid_until: str
    staff: str
    count: int = 0
    result: int = 0
    member: str = ""
    brought_by: str = ""


class ActivityRecorded(Struct, frozen=True):
    """A member did an activity that somebody, or another system of the mall, tells central of."""

    at: Moment
    activity_id: str
    book: str
    member: str
    staff: str
    result: int = 0
    brought_by: str = ""


class ActivityClosed(Struct, frozen=True):
    """A batch of codes, or without one a whole activity, is over. `winners` of a contest by rank.

    What was done before counts, whenever it arrives; a contest's result that arrives now does not.
    """

    at: Moment
    activity_id: str
    book: str
    staff: str
    batch: str = ""
    winners: tuple[str, ...] = ()

"""What a turn takes in and what it answers: pushes of devices, commands of central."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from central.ledger.commands import Decision
from central.ledger.judging.rows import Unreadable
from central.ledger.judging.state import Place, State
from central.ledger.writing.overlaps import Status
from central.ledger.writing.wants import Want
from loyalty.chain import Frame
from loyalty.events import Body, Moment
from loyalty.facts import BootClock
from loyalty.wire import Judged


class Push(Struct, frozen=True):
    """A run of events whose chain and signature were checked; `hashes` has one for each frame.

    `poison` names by seq the events that the database refused, and what it said; `refused` those
    that central had refused for good before it was restored, and why: its device was told.
    """

    device_id: bytes
    epoch: int
    session: str
    first_seq: int
    prev_hash: bytes
    frames: tuple[Frame, ...]
    bodies: tuple[Body | Unreadable, ...]
    hashes: tuple[bytes, ...]
    clock: Moment
    received_ms: int
    boots: tuple[BootClock, ...] = ()
    last_written: int = -1
    poison: Mapping[int, str] = {}
    refused: Mapping[int, str] = {}

    @property
    def last_seq(self) -> int:
        """The seq of the last event; one before the first if there is none."""
        return self.first_seq + len(self.frames) - 1


class Pushed(Struct, frozen=True):
    """What became of a push; the fields are those of `wire.PushAnswer`."""

    status: Status
    acked_through: int
    expected_seq: int
    judged: tuple[Judged, ...]
    feed_position: int
    incarnation: bytes
    durable_through: int = 0


class Wake(Struct, frozen=True):
    """Go on with what a turn left: events that wait for what is here now; answered by None.

    `left` tells behind which place of the log, those before have had their turn.
    """

    left: dict[bytes, Place]


class Command(Protocol):
    """Something central decides under the lock, and then writes as events of its own chain."""

    def wants(self) -> Iterable[Want]:
        """Return what `decide` and its events will read."""

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the events to write, and the answer if all of them are applied."""


#: What a turn takes in.
Item = Push | Command | Wake


class NotApplied(RuntimeError):
    """An event that central wrote itself was not applied: it stands in the log with its verdict."""


class UnknownEpoch(LookupError):
    """A push names an epoch that central never granted to this device."""

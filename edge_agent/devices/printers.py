"""Slip printers: the one port behind which every way to paper stands, and what printers can say.

A slip ends as printed, not printed or unknown, and each is the truth: `not_printed` only while not
one byte of it was sent, `printed` only once the printer said that everything before its answer was
done. Questions about the printer have three answers as well, because many printers never answer
and silence is not health. Nothing here prints a slip twice: whoever asks again says so on it.
"""

from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from edge_agent.devices.slip_folder import Outcome, Slips


class Answer(StrEnum):
    """What is known of one thing about a printer."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Status(Struct, frozen=True):
    """Is the printer `online`, has it `paper`, is its `cover` closed, is its `cutter` free.

    `swapped` says, in words, that another printer stands where the one that is meant should be.
    """

    online: Answer = Answer.UNKNOWN
    paper: Answer = Answer.UNKNOWN
    cover: Answer = Answer.UNKNOWN
    cutter: Answer = Answer.UNKNOWN
    swapped: str = ""

    @property
    def obstacle(self) -> str:
        """What keeps it from printing, in words; empty when nothing is known to."""
        causes = {
            "the paper is out": self.paper,
            "the cover is open": self.cover,
            "the cutter is stuck": self.cutter,
            "the printer is offline": self.online,
        }
        return next((cause for cause, answer in causes.items() if answer is Answer.NO), "")


class SlipPrinter(Protocol):
    """Where slips are printed. Methods may take seconds; call them from a device thread."""

    def print_slip(self, slip_id: str, data: bytes) -> Outcome | None:
        """Print a slip once; None means that `outcomes` will tell later."""

    def outcomes(self) -> dict[str, Outcome]:
        """Return what became of slips whose outcome came later, by slip_id."""

    def status(self) -> Status:
        """Return what the printer says about itself now."""


class TapPrinter:
    """The POS's own printer: the tap prints our slips between the POS's jobs."""

    def __init__(self, slips: Slips) -> None:
        self._slips = slips

    def print_slip(self, slip_id: str, data: bytes) -> None:
        """Hand the slip to the tap. Raises ValueError for a slip the tap cannot take, OSError."""
        self._slips.hand_over(slip_id, data)

    def outcomes(self) -> dict[str, Outcome]:
        """Return every outcome the tap still keeps. Raises OSError."""
        return self._slips.outcomes()

    def status(self) -> Status:
        """Return all unknown: on the POS's link only the POS and the tap may ask."""
        return Status()

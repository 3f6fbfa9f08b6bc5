"""What threads put on the agent's one queue; scans and screen commands have their own modules.

Threads only translate and put messages here; one loop decides.
"""

import threading
from dataclasses import dataclass, field

from msgspec import Struct

from edge_agent.devices.job_file import Job
from loyalty.events import Holder
from loyalty.wire import (
    BalanceAnswer,
    CancelAnswer,
    ClaimAnswer,
    LeaseAnswer,
    ReserveAnswer,
    VoucherAnswer,
)
from receipts.reading import Reading


class JobSeen(Struct, frozen=True):
    """The POS began to print; `at_s` is of this boot's clock."""

    job_id: str
    at_s: float


class PictureSeen(Struct, frozen=True):
    """A picture goes through OCR and will be read after jobs that were printed behind it.

    `parts` are the spool's names for the pieces that the tap kept it in.
    """

    job: Job
    parts: tuple[str, ...]


@dataclass(frozen=True)
class JobRead:
    """A print job was read. Whoever takes it says so with `settle`, then the next one comes.

    `parts` are the spool's names for the pieces that the tap kept it in; `readings` is None when
    the reader failed on it, or too little of it was kept to tell.
    """

    job: Job
    readings: tuple[Reading, ...] | None
    parts: tuple[str, ...] = ()
    _settled: threading.Event = field(default_factory=threading.Event)
    _kept: threading.Event = field(default_factory=threading.Event)

    def settle(self, *, recorded: bool) -> None:
        """Say that the job is dealt with: recorded, or to be offered again later."""
        if recorded:
            self._kept.set()
        self._settled.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until somebody has dealt with it; False if not in time."""
        return self._settled.wait(timeout_s)

    @property
    def recorded(self) -> bool:
        """Tell whether the journal has the job's outcome."""
        return self._kept.is_set()


class PaperChanged(Struct, frozen=True):
    """What became of a slip is known, or the printer answers otherwise than before."""


class SyncChanged(Struct, frozen=True):
    """Sync has news for the screens."""


class LeaseAnswered(Struct, frozen=True):
    """Central's answer to a lease request; None when it could not be asked."""

    request_id: str
    answer: LeaseAnswer | None


class ClaimAnswered(Struct, frozen=True):
    """Central's answer about a claim code; None when it could not be asked."""

    answer: ClaimAnswer | None


class BalanceAnswered(Struct, frozen=True):
    """Central's answer about a balance; None when it could not be asked."""

    holder: Holder
    answer: BalanceAnswer | None


class ReserveAnswered(Struct, frozen=True):
    """Whether central keeps pieces of a reward; None when it could not be asked."""

    reward_id: str
    answer: ReserveAnswer | None


class CancelAnswered(Struct, frozen=True):
    """Whether central took a redemption back; None when it could not be asked."""

    voucher_code: str
    answer: CancelAnswer | None


class VoucherAnswered(Struct, frozen=True):
    """Central's answer about a voucher handed in here; None when it could not be asked."""

    voucher_code: str
    answer: VoucherAnswer | None

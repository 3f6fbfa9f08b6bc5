"""What can go wrong with a journal.

JournalError
├── JournalInUse     another process writes this journal: the agent was started twice
├── JournalBroken    a check failed: a changed event, a missing seq, a damaged page
├── JournalTooNew    a later version of the software has written here
├── JournalFailure   the disk did not take a write: nothing was recorded
│   └── JournalFull  there is no room on the disk
├── NotEnrolled      an event before the device has an identity: it may tap, not award
└── Refusal          the journal already holds this, and nothing was written
    ├── Duplicate    the same receipt, claim code or voucher, or a paper in review decided twice
    └── AlreadyDone  the same print job
"""

from typing import Literal


class JournalError(Exception):
    """Every error of this room."""


class JournalInUse(JournalError):
    """Another process holds the journal of this directory."""


class JournalBroken(JournalError):
    """The journal does not pass its own checks; the message says which event or page."""


class JournalTooNew(JournalError):
    """The journal was written by a later version than this one."""


class JournalFailure(JournalError):
    """The disk refused: nothing of this call was recorded, and nothing may be said to be."""


class JournalFull(JournalFailure):
    """The disk is full: nothing of this call was recorded; printing goes on."""


class NotEnrolled(JournalError):
    """This device has no identity yet, so there is no chain to write on."""


class Refusal(JournalError):
    """The journal holds this already; nothing of this call was recorded."""


class Duplicate(Refusal):
    """A receipt (by fingerprint), claim (by hash), voucher (by code) or review is already here."""

    def __init__(self, what: Literal["receipt", "claim", "voucher", "review"], key: str) -> None:
        super().__init__(f"this {what} is in the journal already: {key[:12]}")
        self.what = what
        self.key = key


class AlreadyDone(Refusal):
    """The outcome of a print job is already recorded."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"print job {job_id} is already dealt with")
        self.job_id = job_id


class LeaseClosed(Refusal):
    """The lease of this redemption is not this device's to spend: given back, or in doubt."""

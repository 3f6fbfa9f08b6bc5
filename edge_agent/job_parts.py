"""Puts the parts of one POS connection together again where a pause fell into a paper.

The tap ends a part at a silence, because a POS may hold its connection for days. A slow POS pauses
in the middle of a receipt too; read by halves, that receipt would be two wrong ones.
"""

from collections.abc import Sequence

from msgspec import structs

from edge_agent.devices.job_file import Job
from receipts.decoder import Decoder
from receipts.elements import Cut, FormFeed, Line, Picture

#: A POS that pauses longer than this in the middle of a paper has given it up.
PAUSE_S_MAX = 5.0


def is_open(job: Job, dialect: str | None) -> bool:
    """Tell whether more of the same paper may follow: no cut after the last text or picture."""
    if job.last:
        return False
    decoder = Decoder(dialect)
    for element in reversed(decoder.feed(job.data) + decoder.close()):
        if isinstance(element, Cut | FormFeed):
            return False
        if isinstance(element, Picture) or (isinstance(element, Line) and element.runs):
            return True
    return False


def joined(parts: Sequence[Job]) -> Job:
    """Return consecutive parts of one connection as one job, named like its last part.

    Named like the last, because parts are marked as done from the first on: a crash between two
    marks then leaves parts whose successor is known to be done.
    """
    first, last = parts[0], parts[-1]
    incomplete = next((part for part in parts if not part.complete), None)
    counts = [part.byte_count for part in parts if part.byte_count is not None]
    return structs.replace(
        last,
        part=first.part,
        started=first.started,
        complete=incomplete is None,
        why=incomplete.why if incomplete else "",
        byte_count=sum(counts) if len(counts) == len(parts) else None,
        data=b"".join(part.data for part in parts),
    )


def follows(job: Job, before: Job) -> bool:
    """Tell whether `job` is the next part of the same connection."""
    return (job.tap, job.connection, job.part) == (before.tap, before.connection, before.part + 1)

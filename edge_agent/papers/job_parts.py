"""Puts the parts of a paper together again where a pause or a new connection fell into it.

The tap ends a part at a silence, because a POS may hold its connection for days. A slow POS pauses
in the middle of a receipt too, and some send logo, body and cut over connections of their own; read
by halves, that receipt would be two wrong ones. Two receipts must never become one: what could be a
paper by itself is not joined to anything.
"""

from collections.abc import Sequence

from msgspec import structs

from edge_agent.devices.job_file import Job, Moment
from receipts.pictures.page import is_picture
from receipts.reading import documents_of, is_unfinished, read_job
from receipts.stream.decoder import Decoder
from receipts.stream.elements import Cut, FormFeed, Line, Picture

#: A POS that pauses longer than this in the middle of a paper has given it up.
PAUSE_S_MAX = 5.0
#: A connection that begins later than this behind the last one is another paper.
JOIN_S_MAX = 1.5
_RESET = b"\x1b@"  # ESC @: what drivers send at the start of each connection


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
        data=first.data + b"".join(_behind(part, first) for part in parts[1:]),
    )


def follows(job: Job, before: Job) -> bool:
    """Tell whether `job` is the next part of the same connection."""
    return (job.tap, job.connection, job.part) == (before.tap, before.connection, before.part + 1)


def goes_on(job: Job, dialect: str | None) -> bool:
    """Tell whether the paper of an ended connection may go on in the next one: it is torn."""
    return job.last and job.complete and is_torn(job, dialect)


def is_torn(job: Job, dialect: str | None) -> bool:
    """Tell whether a paper is not whole by itself.

    It was not cut, no amount owed is on it, and it is not a picture of a whole receipt.
    """
    documents = documents_of(job.data, dialect)
    if not documents or is_picture(documents[-1]):
        return False
    return is_unfinished(job.data, dialect=dialect)


def continues(job: Job, before: Job, dialect: str | None) -> bool:
    """Tell whether `job`, of a new connection, goes on with the paper that `before` began.

    A receipt of its own, with an amount and a number or a time, only follows a logo.
    """
    if job.tap != before.tap or not 0 <= seconds_between(before, job.started) < JOIN_S_MAX:
        return False
    if not documents_of(job.data, dialect):
        return True  # the cut alone
    if not any(line.text.strip() for line in documents_of(before.data, dialect)[-1].lines):
        return True
    first = read_job(job.data, dialect=dialect)[0]
    named = first.number is not None or first.printed_at is not None
    return not (named and first.owed_fen is not None)


def seconds_between(job: Job, then: Moment) -> float:
    """Return the seconds from the end of a job to a moment; negative across a reboot."""
    ended = job.ended or job.started
    if ended.boot_id != then.boot_id:
        return -1.0
    return (then.boottime_ns - ended.boottime_ns) / 1e9


def _behind(part: Job, first: Job) -> bytes:
    """Return a part's bytes as they go on with the paper: a new connection's reset ends none."""
    if part.connection == first.connection:
        return part.data
    return part.data.lstrip(b"\0").removeprefix(_RESET)

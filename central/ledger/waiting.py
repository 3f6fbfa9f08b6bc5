"""Events that wait: for newer software, for a rule book, or for a person."""

from operator import attrgetter

from msgspec import UNSET, Struct
from sqlalchemy import Connection, select

from central import schema
from central.ledger.commands import RejudgeAll
from central.ledger.judging import references
from central.ledger.judging.copies import OF_A_COPY
from central.ledger.judging.copy_rows import Copy
from central.ledger.judging.fold import CASE_CLOSED
from central.ledger.judging.moments import Quality
from central.ledger.judging.redemption_rows import Redemption
from central.ledger.judging.returning import VOUCHER_USED
from central.ledger.judging.rows import Identity, Review, ReviewState, Voucher, VoucherState
from central.ledger.judging.sales import DUPLICATE_RECEIPT
from central.ledger.judging.state import FIRST
from central.ledger.judging.tenders import COUPON_MISMATCHES, MISMATCHES
from central.ledger.writing.items import Wake
from central.ledger.writing.loading import read
from central.ledger.writing.turns import run_turn
from central.ledger.writing.wants import Want, of_reference
from loyalty.wire import Verdict

#: How long an event may wait for another one before a person looks at it (SYNC 2.13).
PARKED_MS = 7 * 86_400_000
_DAMAGED = (int(Verdict.CORRUPT_BODY), int(Verdict.LOST))
_WAITS = (int(Verdict.PENDING_REF), int(Verdict.PENDING_UPGRADE))
_OPEN = (*_WAITS, int(Verdict.QUARANTINED), *_DAMAGED)
#: What waits for nobody but a person.
_FOR_PEOPLE = (DUPLICATE_RECEIPT, OF_A_COPY, VOUCHER_USED, *MISMATCHES, *COUPON_MISMATCHES)
_AT_ONCE = 1_000


class Case(Struct, frozen=True):
    """An event that a person must look at, and since when (ms UTC) it is in the inbox.

    It happened between the other two moments; `time` says how sure that is.
    """

    device_id: str
    epoch: int
    seq: int
    kind: int
    verdict: str
    reason: str
    error: str
    since_ms: int
    earliest_ms: int
    latest_ms: int
    time: str


def rejudge_ready(connection: Connection, shard_key: int, now_ms: int) -> int:
    """Judge again what waited for this software, or for a rule book or an event that is here now.

    Runs turns in the caller's transaction; return how many of the former were judged. Call it when
    a rule book was stored, and when the server starts: it may have stopped before everything was
    judged that an event had woken.
    """
    waiting = open_events(connection, shard_key, Verdict.PENDING_UPGRADE)
    judged = 0
    for start in range(0, len(waiting), _AT_ONCE):
        command = RejudgeAll(tuple(waiting[start : start + _AT_ONCE]))
        answer = run_turn(connection, shard_key, [command], now_ms)[0]
        if isinstance(answer, Exception):
            raise answer
        judged += answer if isinstance(answer, int) else 0
    here = _here(connection, shard_key)
    if here:
        run_turn(connection, shard_key, [Wake(dict.fromkeys(here, FIRST))], now_ms)
    return judged


def _here(connection: Connection, shard_key: int) -> tuple[bytes, ...]:
    """Return what is waited for and is here."""
    w = schema.waiting
    query = select(w.c.reference).where(w.c.shard_key == shard_key).distinct()
    sought = {reference: of_reference(reference) for reference in connection.scalars(query)}
    rows: dict[Want, object] = {}
    for table in {table for table, _ in sought.values()}:
        keys = list({key for name, key in sought.values() if name == table})
        found = read(connection, shard_key, table, keys)
        rows.update({(table, key): row for key, row in found.items()})
    return tuple(
        reference
        for reference, want in sorted(sought.items())
        if (rows[want] is not None or want[0] == "copies") and not _is_open(reference, rows[want])
    )


def _is_open(reference: bytes, row: object) -> bool:
    """Tell whether what is waited for has not come, though what it is about is here."""
    if isinstance(row, Copy):
        return not row.sale
    if isinstance(row, Redemption):
        return row.used_on is UNSET and row.let_go is UNSET
    if isinstance(row, Voucher):
        used = row.state is VoucherState.USED
        return used and reference == references.to_voucher_back(row.code)
    if not isinstance(row, Review):
        return False
    if reference == references.to_made(row.review_id):
        return row.state is not ReviewState.REJECTED and not row.fingerprint
    return row.decided_by is None and reference == references.to_decision(row.review_id)


def cases(connection: Connection, shard_key: int, now_ms: int) -> list[Case]:
    """Return the events that a person must look at, in the order they came.

    These are all in quarantine or damaged on their device's disk, those that have waited for
    another event, a rule book or newer software for seven days, second uses of vouchers, what was
    redeemed offline off the catalogue, and refunds that may be of another sale of that number.
    Nothing drops them: what they wait for may still come, until a person closes the case.
    """
    t = schema.inbox
    query = select(t).where(t.c.shard_key == shard_key)
    found = list(connection.execute(query.where(schema.is_open, t.c.verdict.in_(_OPEN))))
    counts = t.c.verdict == int(Verdict.APPLIED_ADJUSTED)
    found += connection.execute(query.where(schema.is_raised, counts))
    return [
        Case(
            device_id=row.device_id.hex(),
            epoch=row.epoch,
            seq=row.seq,
            kind=row.kind,
            verdict=Verdict(row.verdict).name.lower(),
            reason=row.reason,
            error=row.error or "",
            since_ms=row.received_ms,
            earliest_ms=row.earliest_ms,
            latest_ms=row.latest_ms,
            time=Quality(Quality.UNKNOWN if row.quality is None else row.quality).name.lower(),
        )
        for row in sorted(found, key=attrgetter("turn", "place"))
        if row.reason != CASE_CLOSED
        and (
            row.verdict in (Verdict.QUARANTINED, Verdict.APPLIED_ADJUSTED, *_DAMAGED)
            or row.reason in _FOR_PEOPLE
            or now_ms - row.received_ms >= PARKED_MS
        )
    ]


def open_events(connection: Connection, shard_key: int, verdict: Verdict) -> list[Identity]:
    """Return the events with one of the verdicts that can still change, in the order they came."""
    t = schema.inbox
    query = select(t.c.turn, t.c.place, t.c.device_id, t.c.epoch, t.c.seq)
    query = query.where(t.c.shard_key == shard_key, schema.is_open, t.c.verdict == int(verdict))
    return [Identity(*row[2:]) for row in sorted(map(tuple, connection.execute(query)))]

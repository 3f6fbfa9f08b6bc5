"""Leases that were asked for: kept before the call, so that no crash can lose sight of one.

Points that central set aside for a redemption which never happened go back only when this device
says so. A lease may be spent only in the session that asked for it (SYNC 2.5).
"""

import sqlite3

import msgspec
from msgspec import Struct, structs

from edge_agent.journal import identity, log, projections
from edge_agent.journal.errors import LeaseClosed
from edge_agent.journal.log import Link
from loyalty.events import Holder, LeaseClose, Moment, Redeem
from loyalty.wire import LeaseAnswer, LeaseRequest


class LeaseRecord(Struct, frozen=True):
    """A lease request and central's answer, None while it is not known."""

    request: LeaseRequest
    answer: LeaseAnswer | None


def asked(
    db: sqlite3.Connection, session: str, request_id: str, holder: Holder, reward_id: str
) -> tuple[LeaseRequest, bool]:
    """Keep a request before it is sent; asked again, it is this session's and says the same.

    Return it, and whether it was never asked before.
    """
    known = db.execute("SELECT 1 FROM lease_request WHERE request_id = ?", (request_id,)).fetchone()
    epoch = identity.require(db).epoch
    request = LeaseRequest(request_id, holder, reward_id, epoch, session)
    row = db.execute(
        "INSERT INTO lease_request (request_id, session, request, epoch) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (request_id) DO UPDATE SET session = excluded.session"
        " RETURNING request, epoch",
        (request_id, session, msgspec.msgpack.encode(request), request.epoch),
    ).fetchone()
    return structs.replace(_request(*row), session=session), known is None


def check_spendable(db: sqlite3.Connection, body: Redeem) -> None:
    """Raise LeaseClosed unless the chain that is written now may spend so much of this lease.

    A lease of an earlier epoch is in doubt: another branch of that chain may have spent it. A lease
    pays for its own voucher and no other, and a voucher counts once: so it is spent once.
    """
    epoch, lease_id = identity.require(db).epoch, body.lease_id
    query = "SELECT answer FROM lease_request WHERE lease_id = ? AND epoch = ?"
    row = db.execute(query, (lease_id, epoch)).fetchone()
    if row is None:
        raise LeaseClosed(f"lease {lease_id} was not granted in epoch {epoch}")
    lease = msgspec.msgpack.decode(row[0], type=LeaseAnswer)
    if body.points > lease.points or body.voucher_code != lease.voucher_code:
        raise LeaseClosed(f"{body.points} points is not what lease {lease_id} was granted for")


def spent_on(db: sqlite3.Connection, voucher_code: str) -> Redeem | None:
    """Return the spend that a voucher was handed out for on this device, None if there is none."""
    query = "SELECT epoch, seq FROM redemption WHERE voucher_code = ?"
    row = db.execute(query, (voucher_code,)).fetchone()
    if row is None:
        return None
    body = log.body_at(db, log.Place(*row))
    return body if isinstance(body, Redeem) else None


def answered(db: sqlite3.Connection, request_id: str, answer: LeaseAnswer) -> None:
    """Keep the answer; a refusal leaves nothing to give back, so it ends the request."""
    if answer.refusal is not None:
        db.execute("DELETE FROM lease_request WHERE request_id = ?", (request_id,))
        return
    db.execute(
        "UPDATE lease_request SET answer = ?, lease_id = ? WHERE request_id = ?",
        (msgspec.msgpack.encode(answer), answer.lease_id, request_id),
    )


def dropped(db: sqlite3.Connection, request_id: str) -> None:
    """Take a request out of its session: nobody there waits for it any more."""
    db.execute("UPDATE lease_request SET session = '' WHERE request_id = ?", (request_id,))


def all_dropped(db: sqlite3.Connection, session: str) -> None:
    """Take every request out of a session that goes on in another process."""
    db.execute("UPDATE lease_request SET session = '' WHERE session = ?", (session,))


def stranded(db: sqlite3.Connection, session: str) -> list[LeaseRecord]:
    """Return requests of other sessions whose lease no event has spent or closed.

    Those of an earlier epoch are not this device's to give back: another branch of its chain may
    have spent them, so they stay in doubt at central (SYNC 2.5).
    """
    who = identity.load(db)
    rows = db.execute(
        "SELECT request, epoch, answer FROM lease_request WHERE session <> ? AND epoch = ?"
        " ORDER BY rowid",
        (session, 0 if who is None else who.epoch),
    )
    found = [
        LeaseRecord(
            _request(request, epoch),
            None if answer is None else msgspec.msgpack.decode(answer, type=LeaseAnswer),
        )
        for request, epoch, answer in rows
    ]
    return [lease for lease in found if lease.answer is None or not _settled(db, lease.answer)]


def find_stranded(db: sqlite3.Connection, session: str, request_id: str) -> LeaseRecord | None:
    """Return one stranded lease, None if it is settled or in use again."""
    return next(
        (lease for lease in stranded(db, session) if lease.request.request_id == request_id), None
    )


def give_back(db: sqlite3.Connection, session: str, request_id: str, at: Moment) -> Link | None:
    """Write that a stranded lease is given back; None if it is settled or in use again."""
    lease = find_stranded(db, session, request_id)
    if lease is None or lease.answer is None:
        return None
    body = LeaseClose(at, lease.answer.lease_id, spent=0)
    link = log.add(db, identity.require(db).stream, body)
    projections.apply(db, link.place, body)
    return link


def _request(packed: bytes, epoch: int) -> LeaseRequest:
    """Return a kept request; one that an earlier version kept does not say its epoch itself."""
    request = msgspec.msgpack.decode(packed, type=LeaseRequest)
    return structs.replace(request, epoch=epoch)


def _settled(db: sqlite3.Connection, answer: LeaseAnswer) -> bool:
    row = db.execute("SELECT 1 FROM lease WHERE lease_id = ?", (answer.lease_id,)).fetchone()
    return row is not None

"""Leases that were asked for: kept before the call, so that no crash can lose sight of one.

Points that central set aside for a redemption which never happened go back only when this device
says so. A lease may be spent only in the session that asked for it (SYNC 2.5).
"""

import sqlite3

import msgspec
from msgspec import Struct

from edge_agent.journal import identity
from loyalty.wire import LeaseAnswer, LeaseRequest


class LeaseRecord(Struct, frozen=True):
    """A lease request and central's answer, None while it is not known."""

    request: LeaseRequest
    answer: LeaseAnswer | None


def asked(db: sqlite3.Connection, session: str, request: LeaseRequest) -> None:
    """Keep a request before it is sent; asked again, it is this session's."""
    db.execute(
        "INSERT INTO lease_request (request_id, session, request, epoch) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (request_id) DO UPDATE SET session = excluded.session",
        (request.request_id, session, msgspec.msgpack.encode(request), identity.require(db).epoch),
    )


def answered(db: sqlite3.Connection, request_id: str, answer: LeaseAnswer) -> None:
    """Keep the answer; a refusal leaves nothing to give back, so it ends the request."""
    if answer.refusal is not None:
        db.execute("DELETE FROM lease_request WHERE request_id = ?", (request_id,))
        return
    db.execute(
        "UPDATE lease_request SET answer = ? WHERE request_id = ?",
        (msgspec.msgpack.encode(answer), request_id),
    )


def dropped(db: sqlite3.Connection, request_id: str) -> None:
    """Take a request out of its session: nobody there waits for it any more."""
    db.execute("UPDATE lease_request SET session = '' WHERE request_id = ?", (request_id,))


def stranded(db: sqlite3.Connection, session: str) -> list[LeaseRecord]:
    """Return requests of other sessions whose lease no event has spent or closed.

    Those of an earlier epoch are not this device's to give back: another branch of its chain may
    have spent them, so they stay in doubt at central (SYNC 2.5).
    """
    who = identity.load(db)
    rows = db.execute(
        "SELECT request, answer FROM lease_request WHERE session <> ? AND epoch = ? ORDER BY rowid",
        (session, 0 if who is None else who.epoch),
    )
    found = [
        LeaseRecord(
            msgspec.msgpack.decode(request, type=LeaseRequest),
            None if answer is None else msgspec.msgpack.decode(answer, type=LeaseAnswer),
        )
        for request, answer in rows
    ]
    return [lease for lease in found if lease.answer is None or not _settled(db, lease.answer)]


def find_stranded(db: sqlite3.Connection, session: str, request_id: str) -> LeaseRecord | None:
    """Return one stranded lease, None if it is settled or in use again."""
    return next(
        (lease for lease in stranded(db, session) if lease.request.request_id == request_id), None
    )


def _settled(db: sqlite3.Connection, answer: LeaseAnswer) -> bool:
    row = db.execute("SELECT 1 FROM lease WHERE lease_id = ?", (answer.lease_id,)).fetchone()
    return row is not None

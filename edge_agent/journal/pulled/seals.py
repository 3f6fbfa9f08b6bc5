"""The last seal of central's ledger that came by the feed: this device is its witness (SYNC 2.4).

A seal that this one contradicts is kept beside it until central becomes another incarnation, which
everybody can see: then its history may have lost its end, and a new one begins.
"""

import sqlite3

import msgspec

from loyalty.seals import Seal, contradicts
from loyalty.wire import FeedRow, Topic, pack

_HELD, _AGAINST = "held", "against"


def take(db: sqlite3.Connection, row: FeedRow) -> None:
    """Hold a seal against the one that is held, and keep the later of the two."""
    if row.payload is None:
        raise ValueError("a seal is never taken away")
    told, before = msgspec.msgpack.decode(row.payload, type=Seal), held(db)
    if against(db) is not None:
        return  # what comes behind another history tells nothing: both stay to be looked at
    if before is not None and contradicts(before, told):
        _keep(db, _AGAINST, told)
    elif before is None or told.turn > before.turn:
        _keep(db, _HELD, told)


def held(db: sqlite3.Connection) -> Seal | None:
    """Return the last seal, None before the first."""
    return _kept(db, _HELD)


def against(db: sqlite3.Connection) -> Seal | None:
    """Return a seal of central's that contradicts the one held here, None as it should be."""
    return _kept(db, _AGAINST)


def _keep(db: sqlite3.Connection, item: str, seal: Seal) -> None:
    db.execute(
        "REPLACE INTO pulled (topic, item, payload) VALUES (?, ?, ?)",
        (Topic.SEAL, item, pack(seal)),
    )


def _kept(db: sqlite3.Connection, item: str) -> Seal | None:
    query = "SELECT payload FROM pulled WHERE topic = ? AND item = ?"
    row = db.execute(query, (Topic.SEAL, item)).fetchone()
    return None if row is None else msgspec.msgpack.decode(row[0], type=Seal)

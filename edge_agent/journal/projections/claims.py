"""Claim codes that were claimed on this device, for its own sales and for those of other tills."""

import sqlite3

from edge_agent.journal.errors import Duplicate
from edge_agent.journal.log import Place
from edge_agent.journal.projections import movements, sales
from loyalty.events import Claim


def claimed(db: sqlite3.Connection, place: Place, body: Claim) -> None:
    """Add a claim. Raises Duplicate if this code was claimed here before."""
    if db.execute("SELECT 1 FROM claim WHERE claim_hash = ?", (body.claim_hash,)).fetchone():
        raise Duplicate("claim", body.claim_hash)
    holder, points = body.holder, body.points or 0
    db.execute(
        "INSERT INTO claim (claim_hash, epoch, seq, holder_kind, holder_key, points)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (body.claim_hash, place.epoch, place.seq, holder.kind, holder.key, body.points),
    )
    if not body.waits:
        movements.give(db, place, 0, holder, points)
    own = db.execute(
        "SELECT fingerprint FROM sale WHERE claim_hash = ? AND holder_key IS NULL",
        (body.claim_hash,),
    ).fetchone()
    if own is not None:
        sales.hold(db, place, own[0], "claimed", body)

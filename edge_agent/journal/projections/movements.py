"""Points that events of this device gave to holders or took from them, as promised here."""

import sqlite3

from edge_agent.journal.log import Place
from loyalty.events import Holder


def give(db: sqlite3.Connection, place: Place, leg: int, holder: Holder, points: int) -> None:
    """Note that an event gives `points` to a holder (negative: takes). Leg 0 is its main one."""
    db.execute(
        "INSERT INTO movement (epoch, seq, leg, holder_kind, holder_key, points)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (place.epoch, place.seq, leg, holder.kind, holder.key, points),
    )


def give_to_holder_of(
    db: sqlite3.Connection, place: Place, leg: int, fingerprint: str, points: int
) -> None:
    """Note points for whoever turns out to hold a sale that this device knows as unclaimed."""
    db.execute(
        "INSERT INTO movement (epoch, seq, leg, fingerprint, points) VALUES (?, ?, ?, ?, ?)",
        (place.epoch, place.seq, leg, fingerprint, points),
    )

"""Activities that members did by a code scanned on this device. Whether one counts is central's."""

import sqlite3

from edge_agent.journal.log import Place
from loyalty.events import ActivityDone


def done(db: sqlite3.Connection, place: Place, body: ActivityDone) -> None:
    """Add an activity that a member did."""
    db.execute(
        "INSERT INTO activity (epoch, seq, member, activity_id, batch, number, day)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            place.epoch,
            place.seq,
            body.holder.key,
            body.activity_id,
            body.batch,
            body.number,
            body.day,
        ),
    )

"""Print jobs that wait for a person."""

import sqlite3

from edge_agent.journal.log import Place
from loyalty.events import ReviewOpened


def opened(db: sqlite3.Connection, place: Place, body: ReviewOpened) -> None:
    """Add a review; one job may hold several documents that nobody can read."""
    db.execute(
        "INSERT INTO review (epoch, seq, job_hash) VALUES (?, ?, ?)",
        (place.epoch, place.seq, body.job_hash),
    )

"""Where events stand that were written again in a later epoch (SYNC 2.6).

What they did is done already: only the place moves by which verdicts, acks and sums are found.
"""

import sqlite3

from edge_agent.journal.log import Place

_BY_PLACE = (
    "sale",
    "refund",
    "claim",
    "voucher_use",
    "redemption",
    "review",
    "review_item",
    "activity",
    "movement",
)


def now(db: sqlite3.Connection, first: Place) -> Place:
    """Return where an event stands now that was written at `first`, or written again there."""
    row = db.execute(
        "SELECT new_epoch, new_seq FROM rehomed WHERE epoch = ? AND seq = ?",
        (first.epoch, first.seq),
    ).fetchone()
    return first if row is None else Place(*row)


def moved(db: sqlite3.Connection, first: Place, to: Place) -> None:
    """Let everything that hangs on the event written at `first` hang on `to`."""
    place = now(db, first)
    where = (to.epoch, to.seq, place.epoch, place.seq)
    for table in _BY_PLACE:
        db.execute(
            f"UPDATE {table} SET epoch = ?, seq = ? WHERE epoch = ? AND seq = ?",  # noqa: S608 ours
            where,
        )
    db.execute(
        "UPDATE sale SET award_epoch = ?, award_seq = ? WHERE award_epoch = ? AND award_seq = ?",
        where,
    )
    db.execute(
        "UPDATE rehomed SET new_epoch = ?, new_seq = ? WHERE new_epoch = ? AND new_seq = ?", where
    )
    db.execute(
        "INSERT INTO rehomed (epoch, seq, new_epoch, new_seq) VALUES (?, ?, ?, ?)",
        (place.epoch, place.seq, to.epoch, to.seq),
    )

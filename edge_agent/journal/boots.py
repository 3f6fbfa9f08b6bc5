"""Boots of this machine, and what central's clock said in each: by that it dates events (SYNC 2.7).

An event of a boot in which central was met is dated by the boot's own clock; one of a boot without
contact lies between the boots around it. Nobody can set either clock.
"""

import sqlite3

from loyalty.events import Moment
from loyalty.facts import BOOTS_MAX, BootClock, ClockSample


def opened(db: sqlite3.Connection, at: Moment) -> None:
    """Note that the journal is opened in the boot of `at`, unless it was before."""
    db.execute(
        "INSERT INTO boot (boot_id, opened_ms) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (at.boot_id, at.boottime_ms),
    )


def sampled(db: sqlite3.Connection, server_ms: int, at: Moment, rtt_ms: int) -> None:
    """Keep what central's clock said in an answer that was there at `at`."""
    db.execute(
        "UPDATE boot SET server_ms = ?, boottime_ms = ?, rtt_ms = ? WHERE boot_id = ?",
        (server_ms, at.boottime_ms, rtt_ms, at.boot_id),
    )


def forget(db: sqlite3.Connection) -> None:
    """Drop the boots before the last one with a sample: central has all that was written then."""
    db.execute(
        "DELETE FROM boot WHERE number < (SELECT max(number) FROM boot WHERE server_ms IS NOT NULL)"
    )


def known(db: sqlite3.Connection) -> tuple[BootClock, ...]:
    """Return the last boots, in their order."""
    rows = db.execute(
        "SELECT boot_id, opened_ms, server_ms, boottime_ms, rtt_ms FROM boot"
        " ORDER BY number DESC LIMIT ?",
        (BOOTS_MAX,),
    ).fetchall()
    return tuple(
        BootClock(boot_id, opened_ms, None if sample[0] is None else ClockSample(*sample))
        for boot_id, opened_ms, *sample in reversed(rows)
    )

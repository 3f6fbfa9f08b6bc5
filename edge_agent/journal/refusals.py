"""Claims made here that central refused: a person must hear of each, once.

The verdict comes long after the member was told that the claim is noted. Nothing here judges.
"""

import sqlite3

from msgspec import Struct

from loyalty.events import Holder
from loyalty.wire import Verdict


class RefusedClaim(Struct, frozen=True):
    """A claim that central refused, why (a code of the programme), and whose it was."""

    claim_hash: str
    holder: Holder
    reason: str


_UNTOLD = f"""
    SELECT claim_hash, holder_kind, holder_key, verdict.reason
    FROM verdict JOIN claim USING (epoch, seq)
    WHERE verdict.code = {int(Verdict.REFUSED_FINAL)}
      AND claim_hash NOT IN (SELECT claim_hash FROM refusal_told)
    ORDER BY claim.epoch, claim.seq
"""  # noqa: S608 a number of our own


def untold(db: sqlite3.Connection) -> list[RefusedClaim]:
    """Return the refused claims of which nobody here was told, oldest first."""
    return [
        RefusedClaim(claim_hash, Holder(kind, key), reason)
        for claim_hash, kind, key, reason in db.execute(_UNTOLD)
    ]


def told(db: sqlite3.Connection, claim_hash: str) -> None:
    """Note that somebody was told that the claim of this code was refused."""
    db.execute("INSERT INTO refusal_told VALUES (?) ON CONFLICT DO NOTHING", (claim_hash,))

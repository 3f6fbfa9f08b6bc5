"""What central did not take of what was promised here: a person must hear of each, once.

The verdict on a claim or a sale comes long after the member was told. Nothing here judges.
"""

import sqlite3

from msgspec import Struct

from edge_agent.journal.cursor import is_in_question
from loyalty.events import Holder
from loyalty.wire import Verdict


class RefusedClaim(Struct, frozen=True):
    """A claim that central refused, why (a code of the programme), and whose it was."""

    claim_hash: str
    holder: Holder
    reason: str


class HeldSale(Struct, frozen=True):
    """A sale that central refused or keeps for a person to decide, and why."""

    fingerprint: str
    reason: str


_UNTOLD = f"""
    SELECT claim_hash, holder_kind, holder_key, verdict.reason
    FROM verdict JOIN claim USING (epoch, seq)
    WHERE verdict.code = {int(Verdict.REFUSED_FINAL)}
      AND claim_hash NOT IN (SELECT subject FROM refusal_told)
    ORDER BY claim.epoch, claim.seq
"""  # noqa: S608 a number of our own


_UNTOLD_SALES = f"""
    SELECT fingerprint, verdict.reason
    FROM verdict JOIN sale USING (epoch, seq)
    WHERE (verdict.code = {int(Verdict.REFUSED_FINAL)} OR {is_in_question("verdict")})
      AND fingerprint NOT IN (SELECT subject FROM refusal_told)
    ORDER BY sale.epoch, sale.seq
"""  # noqa: S608 a number of our own


def untold_sales(db: sqlite3.Connection) -> list[HeldSale]:
    """Return the sales that central did not take and of which nobody here was told."""
    return [HeldSale(*row) for row in db.execute(_UNTOLD_SALES)]


def untold(db: sqlite3.Connection) -> list[RefusedClaim]:
    """Return the refused claims of which nobody here was told, oldest first."""
    return [
        RefusedClaim(claim_hash, Holder(kind, key), reason)
        for claim_hash, kind, key, reason in db.execute(_UNTOLD)
    ]


def told(db: sqlite3.Connection, subject: str) -> None:
    """Note that somebody was told of a refused claim (its hash) or of a sale (its fingerprint)."""
    db.execute("INSERT INTO refusal_told VALUES (?) ON CONFLICT DO NOTHING", (subject,))

"""When more than a card is asked for: large redemptions want a PIN or a fresh pass. Pure.

A card can be found and a number read over a shoulder; a PIN is known and a pass is fresh only on
its owner's phone. Whether either is right is central's to say.
"""

import hashlib

from loyalty.rules.rulebook import RuleBook

#: Central's refusals after which the member may simply try again.
TRY_AGAIN = frozenset({"proof_needed", "pin_wrong", "pass_old", "pass_used"})


def wants_proof(points: int, book: RuleBook) -> bool:
    """Tell whether so many points are more than a card alone may spend."""
    return points > book.redeem_limit_points


def next_try(request_id: str) -> str:
    """Return the id of another try: a refusal is central's last word on the one before."""
    return hashlib.sha256(f"tillpoints next try {request_id}".encode()).hexdigest()[:32]

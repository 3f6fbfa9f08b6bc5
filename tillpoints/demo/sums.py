"""What purchases must earn, computed without our own rules: the judge must not be the accused.

The rates and tiers are those of the demo mall's rules.toml, written down a second time on purpose.
"""

from fractions import Fraction

FEN_PER_POINT = 100  # in restaurants and fashion shops
MULTIPLIER = {
    "": Fraction(1),
    "ordinary": Fraction(1),
    "silver": Fraction(6, 5),
    "gold": Fraction(3, 2),
    "diamond": Fraction(2),
}


def points_for(owed_fen: int, tier: str) -> int:
    """Return what a purchase must earn: rounded down, once."""
    return int(Fraction(owed_fen, FEN_PER_POINT) * MULTIPLIER[tier])


def kept_points(earned: int, owed_fen: int, refunded_fen: int) -> int:
    """Return the points that stay after a refund: the share still bought, rounded down."""
    return earned * (owed_fen - refunded_fen) // owed_fen

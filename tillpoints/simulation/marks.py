"""The rare branches that a night of runs must have reached, or it has shown less than it says."""

from collections.abc import Mapping

#: So many seeds count as a night: fewer may miss a branch by chance.
NIGHT = 500

RARE = (
    "another run is armed",
    "bisected",
    "cancelled before a restore",
    "census",
    "central restored",
    "central upgraded",
    "cloned",
    "coupon good again",
    "coupon kept over a restart",
    "coupon let go",
    "coupon matched",
    "coupon no_line",
    "coupon on another bill after its first came back",
    "coupon other_amount",
    "coupon put back",
    "coupon taken by a person's word",
    "coupon's answer did not come",
    "coupon's bill brought back twice",
    "disk fsync at a sync",
    "disk full at a write",
    "disk power at a sync",
    "disk power at a write",
    "enrolled again",
    "fork",
    "goods handed over",
    "lease of an earlier run",
    "lease refused: reward_gone",
    "lease released",
    "lease was not to be spent any more",
    "lent ahead",
    "lent ahead given back for more",
    "lent ahead to an earlier run",
    "ledger sealed",
    "not lent ahead: after_restore",
    "paid bill back",
    "part-paid bill brought back",
    "payment matched",
    "payment raised",
    "payment taken back",
    "redeemed under a lost lease",
    "redemption cancelled",
    "refetch",
    "rejudged",
    "rollback",
    "spent ahead",
    "spent ahead while the line was dead",
    "spent at the house's cost",
    "tampered",
    "time BOUNDED",
    "verdict APPLIED_ADJUSTED",
    "verdict PENDING_REF",
    "verdict PENDING_UPGRADE",
    "verdict QUARANTINED",
    "verdict REFUSED_FINAL",
    "waits for a member file",
    "written again",
)


def missed(marks: Mapping[str, int]) -> list[str]:
    """Return the rare branches that no run reached."""
    return [name for name in RARE if not marks.get(name)]

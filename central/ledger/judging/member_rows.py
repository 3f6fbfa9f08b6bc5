"""What the ledger keeps of members for the rules: values without behaviour."""

from msgspec import UNSET, Struct, UnsetType


class Profile(Struct, frozen=True):
    """What rules may ask of a member, and how their tier stands (`loyalty.rules.tiers.Standing`).

    `birth_month` is 0 for a member who has not told it. Days are ISO dates, empty for none. The
    tier is what it is since `tier_day` because of `cause`, by so many points or a person's `why`.
    Below the tier `granted_id` it does not come until `granted_until` is over. `referrals` are the
    activities by which somebody brought the member, each with its rule book.
    """

    labels: tuple[str, ...] = ()
    birth_month: int = 0
    below_since: str = ""
    granted_until: str = ""
    cause: str = ""
    tier_points: int = 0
    tier_day: str = ""
    why: str = ""
    granted_id: str = ""
    referrals: tuple[tuple[str, str], ...] | UnsetType = UNSET


class Owner(Struct, frozen=True, array_like=True):
    """Since when a member had a card, by central's clock."""

    since_ms: int
    member: str


class TierChange(Struct, frozen=True, omit_defaults=True):
    """A change of a member's tier, or of how long it stays, and why: as TierSet says it.

    `cause` is `set` where the mall's own records say another tier. Days are ISO dates.
    """

    at_ms: int
    tier_id: str
    cause: str
    points: int = 0
    below_since: str = ""
    granted_until: str = ""
    why: str = ""

"""rewards.csv: what a mall may say about its rewards."""

from msgspec import Struct

from central.sheets import CellError, Row, read_rows

COLUMNS = {
    "reward_id": True,
    "name_zh": True,
    "name_en": False,
    "points": True,
    "kind": True,
    "home_shop": False,
    "offered": False,
}
KINDS = ("goods", "parking", "coupon", "service")
_POINTS_MAX = 10_000_000


class Reward(Struct, frozen=True):
    """One reward. `home_shop` is the only shop that hands it over; None: any. `offered` 0 or 1."""

    reward_id: str
    name_zh: str
    name_en: str
    points: int
    kind: str
    home_shop: str | None
    offered: int


def read_rewards(name: str, data: bytes, shops: frozenset[str]) -> list[Reward]:
    """Return the rewards of a file called `name`, for a mall with `shops`. Raises SheetError."""

    def read(row: Row) -> Reward:
        home_shop = row.cells["home_shop"] or None
        if home_shop is not None and home_shop not in shops:
            raise CellError(
                "home_shop", f"没有门店“{home_shop}”", f"there is no shop {home_shop!r}"
            )
        name_zh = row.name("name_zh")
        return Reward(
            reward_id=row.an_id("reward_id"),
            name_zh=name_zh,
            name_en=row.name("name_en") if row.cells["name_en"] else name_zh,
            points=row.whole_number("points", 1, _POINTS_MAX),
            kind=row.choice("kind", KINDS),
            home_shop=home_shop,
            offered=int(row.choice("offered", ("yes", "no", "")) != "no"),
        )

    return read_rows(name, data, COLUMNS, read, key=lambda reward: reward.reward_id)

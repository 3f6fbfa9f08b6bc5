"""rewards.csv: what a mall may say about its rewards."""

from msgspec import Struct

from central.rewards.cells import Cells, Terms
from central.sheets import CellError, Problem, Row, SheetError, read_rows
from loyalty.catalogue import KINDS, Details, Kind

COLUMNS = {
    "reward_id": True,
    "name_zh": True,
    "name_en": False,
    "points": True,
    "kind": True,
    "home_shop": False,
    "offered": False,
    "about_zh": False,
    "about_en": False,
    "picture": False,
    "pieces_max": False,
    "unit_zh": False,
    "unit_en": False,
    "off": False,
    "off_most": False,
    "from": False,
    "parts": False,
    "price_points": False,
    "price_from": False,
    "price_until": False,
    "offered_from": False,
    "offered_until": False,
    "tiers": False,
    "early_tiers": False,
    "early_from": False,
    "limit": False,
    "limit_per": False,
    "stock": False,
}
_POINTS_MAX = 10_000_000


class Reward(Struct, frozen=True):
    """One reward. `home_shop` is the only shop that hands it over; None: any. `offered` 0 or 1.

    `stock` are the pieces that each place ever got, by place (empty: anywhere); None: as before.
    """

    reward_id: str
    name_zh: str
    name_en: str
    points: int
    kind: Kind
    home_shop: str | None
    offered: int
    details: Details
    stock: dict[str, int] | None


def read_rewards(
    name: str, data: bytes, shops: frozenset[str], tiers: frozenset[str], known: frozenset[str]
) -> list[Reward]:
    """Return the rewards of a file called `name`. Raises SheetError.

    `shops` and `tiers` are those of the mall, `known` the rewards it has besides those of the file.
    """
    rewards = read_rows(
        name,
        data,
        COLUMNS,
        lambda row: _read(row, Terms(shops, tiers)),
        key=lambda reward: reward.reward_id,
    )
    simple = known | {one.reward_id for one in rewards if not one.details.parts}
    problems = [
        Problem(
            1,
            "parts",
            f"{one.reward_id}：没有礼品“{part.reward_id}”",
            f"{one.reward_id}: there is no reward {part.reward_id!r} to be part of a bundle",
        )
        for one in rewards
        for part in one.details.parts
        if part.reward_id not in simple
    ]
    if problems:
        raise SheetError(name, problems)
    return rewards


def _read(row: Row, terms: Terms) -> Reward:
    cells = Cells(row, terms)
    home_shop = row.cells["home_shop"] or None
    if home_shop is not None:
        cells.shop("home_shop", home_shop)
    name_zh = row.name("name_zh")
    kind = row.choice("kind", KINDS)
    stock = cells.stock()
    details = cells.details()
    _check_kind(kind, details, home_shop, stock)
    return Reward(
        reward_id=row.an_id("reward_id"),
        name_zh=name_zh,
        name_en=row.name("name_en") if row.cells["name_en"] else name_zh,
        points=row.whole_number("points", 1, _POINTS_MAX),
        kind=kind,
        home_shop=home_shop,
        offered=int(row.choice("offered", ("yes", "no", "")) != "no"),
        details=details,
        stock=stock,
    )


def _check_kind(
    kind: Kind, details: Details, home_shop: str | None, stock: dict[str, int] | None
) -> None:
    """Raise CellError for what a reward of this kind lacks, or cannot have."""
    if (kind == "bundle") != bool(details.parts):
        raise CellError(
            "parts", "套装（bundle）才有、且须有内容", "a bundle, and only one, has parts"
        )
    if kind != "coupon" and (details.off_fen or details.off_percent):
        raise CellError("off", "只有券（coupon）能减钱", "only a coupon takes money off")
    if (details.off_fen or details.off_percent) and details.pieces_max > 1:
        raise CellError("pieces_max", "券一次一张", "coupons are had one at a time")
    if details.off_most_fen and not details.off_percent:
        raise CellError("off_most", "只用于百分比券", "only for a percentage")
    if kind == "bundle" and stock:
        raise CellError("stock", "套装按内容计库存", "a bundle has the stock of its parts")
    if home_shop is not None and stock and set(stock) != {home_shop}:
        raise CellError("stock", f"库存应在 {home_shop}", f"its stock can only be at {home_shop}")

"""What simulated malls have: shops, rewards for points, and of some of these only so many pieces.

The stock is small, so that it runs out: who comes too late must be told, and nobody else.
"""

import msgspec
from msgspec import structs
from sqlalchemy import Connection, Table, insert

from central import schema
from central.ledger.directory import Change, of_reward, of_shop, of_stock
from central.ledger.stocks import rows
from central.rewards import terms
from loyalty.catalogue import Details, Part, stock_name
from loyalty.wire import RewardRow, ShopRow

_SHARD = 1
REWARDS = (
    RewardRow("tea", "茶", "Tea", 100, "goods", None, Details(pieces_max=40)),
    RewardRow("cake", "蛋糕", "Cake", 300, "goods", "S1"),
    RewardRow("mug", "杯子", "Mug", 150, "goods", None, Details(limit=3)),
    RewardRow("set", "套装", "Set", 200, "bundle", None, Details(parts=(Part("mug", 1),))),
    RewardRow("off", "满减券", "Off", 100, "coupon", None, Details(off_fen=1_000, from_fen=5_000)),
    RewardRow(
        "ten", "九折券", "Ten", 80, "coupon", "S1", Details(off_percent=10, off_most_fen=3_000)
    ),
)
SHOPS = tuple(ShopRow(f"S{n}", f"店{n}", f"Shop {n}", "food") for n in range(1, 5))
#: Of what there is no end, and what nobody asks central to keep.
ENDLESS = ("tea", "cake", "off", "ten")
_MUGS = {"S1": 4, "S2": 2}
#: The pieces that each place ever got, by the counter of what it has handed out or set aside.
SUPPLIED = {stock_name("mug", place): pieces for place, pieces in _MUGS.items()}


def bring(connection: Connection) -> list[Change]:
    """Bring the shops and the rewards with their stock into the records; return what is news."""
    for reward in REWARDS:
        plain = structs.asdict(reward)
        details = reward.details
        plain["details"] = None if details == Details() else msgspec.json.encode(details).decode()
        plain["offered"] = 1
        _put(connection, schema.reward, **plain)
        terms.note(connection, _SHARD, [plain], 0)
    for place, pieces in _MUGS.items():
        _put(connection, schema.reward_stock, reward_id="mug", place=place, supplied=pieces)
    for shop in SHOPS:
        _put(connection, schema.shop, **structs.asdict(shop))
    stock = map(of_stock, rows(connection, _SHARD, ["mug"]))
    return [*map(of_reward, REWARDS), *stock, *map(of_shop, SHOPS)]


def _put(connection: Connection, table: Table, **values: object) -> None:
    connection.execute(insert(table), {"shard_key": _SHARD, **values})

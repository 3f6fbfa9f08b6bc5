"""The mall's shops, as its records have them."""

from sqlalchemy import Connection, select

from central.schema import shop


def name_of(connection: Connection, shard_key: int, shop_id: str) -> tuple[str, str]:
    """Return a shop's name in zh and en; its id where nobody keeps the shop any more."""
    query = select(shop.c.name_zh, shop.c.name_en)
    query = query.where(shop.c.shard_key == shard_key, shop.c.shop_id == shop_id)
    row = connection.execute(query).one_or_none()
    return (row.name_zh, row.name_en) if row is not None else (shop_id, shop_id)

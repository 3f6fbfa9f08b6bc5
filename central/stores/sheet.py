"""shops.csv: what a mall may say about its shops."""

from msgspec import Struct

from central.sheets import Row, read_rows

COLUMNS = {"shop_id": True, "name_zh": True, "name_en": False, "category": True}


class Shop(Struct, frozen=True):
    """One shop; its category decides which rate of the rule book it earns by."""

    shop_id: str
    name_zh: str
    name_en: str
    category: str


def read_shops(name: str, data: bytes) -> list[Shop]:
    """Return the shops of a file called `name`. Raises SheetError."""
    return read_rows(name, data, COLUMNS, _shop, key=lambda shop: shop.shop_id)


def _shop(row: Row) -> Shop:
    name_zh = row.name("name_zh")
    return Shop(
        shop_id=row.an_id("shop_id"),
        name_zh=name_zh,
        name_en=row.name("name_en") if row.cells["name_en"] else name_zh,
        category=row.an_id("category"),
    )

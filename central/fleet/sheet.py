"""tills.csv: which tills and kiosks a mall has, and whose they are."""

from msgspec import Struct

from central.sheets import CellError, Row, read_rows

COLUMNS = {"name": True, "role": True, "shop": True}
ROLES = ("till", "kiosk")


class Till(Struct, frozen=True):
    """One till or kiosk: its name in the fleet, its role and its shop."""

    name: str
    role: str
    shop_id: str


def read_tills(name: str, data: bytes, shops: frozenset[str]) -> list[Till]:
    """Return the devices of a file called `name`, for a mall with `shops`. Raises SheetError."""
    return read_rows(
        name, data, COLUMNS, lambda row: read_till(row, shops), key=lambda till: till.name
    )


def read_till(row: Row, shops: frozenset[str]) -> Till:
    """Return the device of one row. Raises CellError."""
    shop = row.text("shop")
    if shop not in shops:
        raise CellError("shop", f"没有门店“{shop}”", f"there is no shop {shop!r}")
    return Till(row.an_id("name"), row.choice("role", ROLES), shop)

"""A PC/SC card reader's lines in agent.toml."""

from __future__ import annotations

from msgspec import Struct

from edge_agent.devices.hid.cards import Format


class CardReader(Struct, frozen=True, forbid_unknown_fields=True):
    """One PC/SC reader. `reader` is a part of its name that no other one has; empty: the only one.

    `kept_as` is how the mall keeps card numbers, so that a card is the same on every kind of
    reader; `reversed` turns the bytes of its number round first.
    """

    reader: str = ""
    name: str = "cards"
    kept_as: Format = "hex"
    reversed: bool = False

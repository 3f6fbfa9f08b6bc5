"""Every member and card of the ledger into one member file, in the order of its records.

Reads the ledger's tables as streams, at one moment of the database, and keeps no more of them than
the open cards in memory. The layout is `loyalty.member_file`'s.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, BinaryIO, Literal

from sqlalchemy import Connection, select

from central import schema
from central.ledger.judging.accounts import debt_id, wallet_id
from loyalty.events import Holder
from loyalty.member_file import (
    Header,
    card_record,
    key_of,
    member_record,
    open_card_record,
)

_PAGE_ROWS = 10_000
_BUFFER_RECORDS = 10_000
#: Sorts behind every key.
_END = b"\xff" * 9
Kind = Literal["member", "card"]


class OutOfOrder(RuntimeError):
    """The database does not sort hexadecimal digits as they stand."""


def write(
    connection: Connection,
    shard_key: int,
    key_check: bytes,
    position: int,
    file: BinaryIO,
    key_number: int = 0,
) -> Header:
    """Write what the ledger holds at `position` of the feed; return the file's header.

    Of a member's cards it has the tags under the tenant key of `key_number`, which `key_check` is.
    Raises ValueError for a member or balance that does not fit, and OSError.
    """
    tiers = _tiers(connection, shard_key)
    header = Header(key_check, position, tiers, (0, 0, 0))
    file.seek(len(header.encode()))
    open_cards: list[bytes] = []
    with ExitStack() as stack:
        tables = _Tables(connection, shard_key, stack)
        members = _write_records(file, _members(tables, tiers))
        cards = _write_records(file, _cards(tables, open_cards, key_number))
    file.write(b"".join(open_cards))
    file.truncate()
    header = Header(key_check, position, tiers, (members, cards, len(open_cards)))
    file.seek(0)
    file.write(header.encode())
    return header


class _Stream:
    """Rows of two columns, a key and a value, in the order of their keys.

    What no card and no pseudonym is, whatever a device may have told, is left out.
    """

    def __init__(self, fetch: Callable[[int], Sequence[Any]], start: int) -> None:
        """Take the rows that `fetch(count)` returns until there are none, keys from `start` on."""
        self._fetch = fetch
        self._start = start
        self._rows: Iterator[Any] = iter(())
        self.key = b""
        self._value: Any = None
        self._step()

    def take(self, key: bytes) -> Any:
        """Return the value of a key and go on behind it, None if there is none."""
        while self.key < key:
            self._step()
        if self.key != key:
            return None
        value = self._value
        self._step()
        return value

    def _step(self) -> None:
        key, value = None, None
        while key is None:
            row = next(self._rows, None)
            if row is None:
                self._rows = iter(self._fetch(_PAGE_ROWS))
                row = next(self._rows, None)
            if row is None:
                self.key = _END
                return
            key, value = _key(row[0][self._start :]), row[1]
        if key <= self.key:
            raise OutOfOrder("the database sorts keys of hexadecimal digits in an order of its own")
        self.key, self._value = key, value


def _key(text: str | bytes) -> bytes | None:
    """Return the key behind a tag or pseudonym; None for what is not written like one."""
    try:
        key = key_of(text)
    except ValueError:
        return None
    digits = text.decode() if isinstance(text, bytes) else text
    return key if key.hex() == digits else None


class _Tables:
    """The ledger's tables as streams, open as long as `stack`.

    They are the driver's own: SQLAlchemy would take twice as long to hand the rows on.
    """

    def __init__(self, connection: Connection, shard_key: int, stack: ExitStack) -> None:
        self._stack = stack
        self._connection = connection
        self._shard_key = shard_key
        # SQLite would go through an index and look up each row where it lies; a plus makes it read
        # the table as it stands and sort, which takes a third of the time.
        self._sqlite = connection.dialect.name == "sqlite"
        self._plus = "+" if self._sqlite else ""
        self._cursors = 0

    def stream(self, table: str, key: str, value: str) -> _Stream:
        """Return two columns of a table by the first."""
        return self._stream(table, key, value, "", {}, 0)

    def purses(self, kind: Kind) -> tuple[_Stream, _Stream]:
        """Return what is posted on the wallets and on the debts of all holders of a kind."""
        streams = []
        for make in (wallet_id, debt_id):
            first = make(Holder(kind, ""))
            ends = {"first": first, "last": make(Holder(kind, "~"))}
            where = " AND account_id > :first AND account_id < :last"
            tables = ("account", "account_id", "posted")
            streams.append(self._stream(*tables, where, ends, len(first)))
        return streams[0], streams[1]

    def _stream(
        self, table: str, key: str, value: str, where: str, values: dict[str, Any], start: int
    ) -> _Stream:
        sql = (
            f"SELECT {key}, {value} FROM {table}"  # noqa: S608 our own names
            f" WHERE {self._plus}shard_key = :shard_key{where} ORDER BY {self._plus}{key}"
        )
        driver: Any = self._connection.connection.driver_connection
        if self._sqlite:
            cursor = driver.cursor()
        else:
            self._cursors += 1
            cursor = driver.cursor(f"member_file_{self._cursors}")  # it stays at the server
            sql = re.sub(r":(\w+)", r"%(\1)s", sql)
        self._stack.callback(cursor.close)
        cursor.execute(sql, {"shard_key": self._shard_key, **values})
        return _Stream(cursor.fetchmany, start)


def _tiers(connection: Connection, shard_key: int) -> tuple[str, ...]:
    """Return every tier id in use; the empty one stands for members without any."""
    t = schema.member_tier
    found = connection.execute(select(t.c.tier_id).where(t.c.shard_key == shard_key).distinct())
    return tuple(sorted({"", *found.scalars()}))


def _members(tables: _Tables, tiers: tuple[str, ...]) -> Iterator[bytes]:
    """Yield the record of every member that has a tier or an account."""
    numbers = {tier: number for number, tier in enumerate(tiers)}
    known = tables.stream("member_tier", "member", "tier_id")
    names = tables.stream("member", "member", "masked_name")
    wallets, debts = tables.purses("member")
    while (key := min(known.key, wallets.key, debts.key)) != _END:
        balance = (wallets.take(key) or 0) + (debts.take(key) or 0)
        yield member_record(key, numbers[known.take(key) or ""], balance, names.take(key) or "")


def _cards(tables: _Tables, open_cards: list[bytes], key_number: int) -> Iterator[bytes]:
    """Yield the record of every card that is a member's; collect those of the others."""
    cards = tables.stream("card", "tag", "member")
    # Before the first rotation every tag is under the one key there is.
    rotated = key_number > 0
    of_key = "coalesce(key_number, 0)"
    numbers = tables.stream("member_card", "tag", of_key) if rotated else None
    wallets, debts = tables.purses("card")
    while (key := min(cards.key, wallets.key, debts.key)) != _END:
        balance = (wallets.take(key) or 0) + (debts.take(key) or 0)
        member = cards.take(key)
        number = numbers.take(key) if numbers is not None else None
        if member is None:
            open_cards.append(open_card_record(key, balance))
        elif number in (None, key_number):
            yield card_record(key, key_of(member))


def _write_records(file: BinaryIO, records: Iterator[bytes]) -> int:
    """Write records and return how many."""
    count, buffer = 0, []
    for record in records:
        buffer.append(record)
        if len(buffer) == _BUFFER_RECORDS:
            file.write(b"".join(buffer))
            count += len(buffer)
            buffer.clear()
    file.write(b"".join(buffer))
    return count + len(buffer)

"""Central's books as an auditor reads them: straight from the database file, never writing.

Only for central on SQLite, which is what the demo runs. Sums are made from the transfers here and
not with central's own code, so that they can prove it wrong.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from msgspec import Struct

#: The first byte of an account's id, and what holders call it.
WALLET, DEBT = 1, 2
_HOUSE = {
    3: ("积分发行", "Issuer"),
    4: ("积分兑换", "Redemption"),
    5: ("商户结算", "Settlement"),
    6: ("过期积分", "Breakage"),
    7: ("离线损失", "Offline loss"),
}
_CODES = {
    1: ("消费积分", "Award"),
    2: ("等级补分", "True-up"),
    3: ("按承诺补分", "Kept promise"),
    4: ("退货扣回", "Take-back"),
    5: ("退货欠分", "Take-back owed"),
    6: ("抵扣欠分", "Debt paid"),
    7: ("积分兑换", "Redeem"),
    8: ("新卡归入会员", "Card joined member"),
    9: ("欠分归入会员", "Debt joined member"),
    10: ("更正撤销", "Reversal"),
    11: ("更正欠分", "Reversal owed"),
}


class Booking(Struct, frozen=True):
    """One transfer. Sides and reason are (zh, en)."""

    turn: int
    booked_ms: int
    debit: tuple[str, str]
    credit: tuple[str, str]
    amount: int
    code: int
    reason: tuple[str, str]
    subject: str


class Books(Struct, frozen=True):
    """The ledger at one moment.

    `balances` are wallets less debts by member number, `cards` those of cards nobody has resolved
    yet by their tag, `stored` what central's own account table says of each of both by key.
    """

    transfers: int
    sum_of_all: int
    balances: dict[str, int]
    cards: dict[str, int]
    stored: dict[str, int]
    latest: tuple[Booking, ...]


class SaleBooked(Struct, frozen=True):
    """A sale as central has it. `holder` is a member number, "" while nobody holds it."""

    shop_id: str
    number: str
    owed_fen: int
    points: int
    taken_back: int
    holder: str


class Ledger:
    """The ledger in one SQLite file."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def read(self, latest: int = 0) -> Books:
        """Return the books now, with the `latest` newest transfers. Raises sqlite3.Error."""
        with closing(self._open()) as db, db:
            db.execute("BEGIN")
            numbers = dict(db.execute("SELECT member, number FROM member"))
            names = dict(db.execute("SELECT member, masked_name FROM member"))
            sums: dict[bytes, int] = defaultdict(int)
            count = 0
            for debit, credit, amount in db.execute(
                "SELECT debit_id, credit_id, amount FROM transfer"
            ):
                sums[debit] -= amount
                sums[credit] += amount
                count += 1
            stored = dict(db.execute("SELECT account_id, posted FROM account"))
            newest = db.execute(
                "SELECT turn, booked_ms, debit_id, credit_id, amount, code, subject FROM transfer"
                " ORDER BY turn DESC, device_id, epoch, seq, leg LIMIT ?",
                (latest,),
            ).fetchall()
        members, cards = _by_holder(sums)
        stored_members, stored_cards = _by_holder(stored)
        return Books(
            transfers=count,
            sum_of_all=sum(sums.values()),
            balances={number: members.get(key, 0) for key, number in numbers.items()},
            cards=cards,
            stored={
                **{numbers.get(key, key): sum_ for key, sum_ in stored_members.items()},
                **stored_cards,
            },
            latest=tuple(_bookings(newest, numbers, names)),
        )

    def sales(self) -> list[SaleBooked]:
        """Return every sale that central knows. Raises sqlite3.Error."""
        with closing(self._open()) as db:
            numbers = dict(db.execute("SELECT member, number FROM member"))
            rows = db.execute(
                "SELECT shop_id, number, owed_fen, points, taken_back, holder_key FROM sale"
            ).fetchall()
        return [
            SaleBooked(shop, number, owed, points, back, numbers.get(holder, holder or ""))
            for shop, number, owed, points, back, holder in rows
        ]

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=5.0)


def _by_holder(sums: dict[bytes, int]) -> tuple[dict[str, int], dict[str, int]]:
    """Return what members and cards have: wallets, and debts, which are negative sums."""
    members: dict[str, int] = defaultdict(int)
    cards: dict[str, int] = defaultdict(int)
    for account, amount in sums.items():
        if account[0] in (WALLET, DEBT):
            kind, _, key = account[1:].decode().partition(":")
            (members if kind == "member" else cards)[key] += amount
    return members, cards


def _bookings(
    rows: list[tuple[int, int, bytes, bytes, int, int, str]],
    numbers: dict[str, str],
    names: dict[str, str],
) -> Iterator[Booking]:
    for turn, booked_ms, debit, credit, amount, code, subject in rows:
        sides = (_side(debit, numbers, names), _side(credit, numbers, names))
        yield Booking(turn, booked_ms, *sides, amount, code, _CODES[code], subject)


def _side(account: bytes, numbers: dict[str, str], names: dict[str, str]) -> tuple[str, str]:
    if account[0] in _HOUSE:
        return _HOUSE[account[0]]
    kind, _, key = account[1:].decode().partition(":")
    if kind == "member":
        who = f"{names.get(key, '?')} ****{numbers.get(key, '????')[-4:]}"
        whose = (who, who)
    else:
        whose = (f"未登记卡 {key[:6]}", f"New card {key[:6]}")
    return (f"{whose[0]} 欠分", f"{whose[1]} debt") if account[0] == DEBT else whose

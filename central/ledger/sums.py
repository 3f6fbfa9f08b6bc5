"""Whether balances are what moved: against transfers, leases and lots, summed by the database."""

from collections.abc import Iterator

import msgspec
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Table,
    bindparam,
    case,
    func,
    select,
    union_all,
)

from central import schema
from central.ledger.chains import Finding
from central.ledger.differences import merged
from central.ledger.judging.accounts import AccountKind
from central.ledger.writing.lots import unpacked
from central.ledger.writing.statements import Statement

_KEY: BindParameter[int] = bindparam("shard_key")


def _of_accounts(*columns: ColumnElement[int] | ColumnElement[bytes]) -> Statement:
    """Return the statement of columns of all accounts, in the order of their ids."""
    t = schema.account.c
    query = select(t.account_id, *columns).where(t.shard_key == _KEY)
    return Statement(query.order_by(t.account_id))


def _by_account(table: Table, amount: ColumnElement[int]) -> Statement:
    """Return the statement of what the rows of a table come to, by account."""
    t = table.c
    query = select(t.account_id, func.sum(amount).label("amount")).where(t.shard_key == _KEY)
    return Statement(query.group_by(t.account_id).order_by(t.account_id))


def _of_transfers() -> Statement:
    """Return the statement of what all transfers come to, by account."""
    t = schema.transfer.c
    came = select(t.credit_id.label("account_id"), t.amount.label("amount"))
    went = select(t.debit_id, -t.amount)
    both = union_all(*(one.where(t.shard_key == _KEY) for one in (came, went))).subquery().c
    query = select(both.account_id, func.sum(both.amount).label("amount"))
    return Statement(query.group_by(both.account_id).order_by(both.account_id))


_ACCOUNT, _LEASE, _PENDING_LOT = schema.account.c, schema.lease.c, schema.pending_lot.c
_OPEN_AMOUNT = case((_LEASE.state == 0, _LEASE.amount - _LEASE.spent), else_=0)
_PENDING = case((_ACCOUNT.kind == int(AccountKind.PENDING), _ACCOUNT.posted), else_=0)
_LOTS = _of_accounts(_ACCOUNT.kind, _ACCOUNT.posted, _ACCOUNT.lots)
_POSTED = Statement(
    select(func.sum(_ACCOUNT.posted).label("posted")).where(_ACCOUNT.shard_key == _KEY)
)
#: By check: what accounts say, and what it is the sum of.
_SIDES = {
    "balance": (_of_accounts(_ACCOUNT.posted), _of_transfers()),
    "held": (_of_accounts(_ACCOUNT.held), _by_account(schema.lease, _OPEN_AMOUNT)),
    "pending lots": (
        _of_accounts(_PENDING.label("posted")),
        _by_account(schema.pending_lot, _PENDING_LOT.remaining),
    ),
}


def sums(connection: Connection, shard_key: int) -> Iterator[Finding]:
    """Yield what does not add up. However many accounts there are, a page is in memory."""
    every = _POSTED.row(connection, shard_key=shard_key)
    if every is not None and every.posted:
        yield Finding("sum", "account", f"all that is posted adds up to {int(every.posted)}")
    yield from _lots(connection, shard_key)
    for check, sides in _SIDES.items():
        live, summed = (side.each(connection, shard_key=shard_key) for side in sides)
        for one, other in merged(live, summed, 1):
            (account_id, *_) = one or other or ()
            found, expected = (int(side[1]) if side is not None else 0 for side in (one, other))
            yield from _unequal(check, account_id, found, expected)


def _lots(connection: Connection, shard_key: int) -> Iterator[Finding]:
    for row in _LOTS.each(connection, shard_key=shard_key):
        left = 0
        try:
            left = sum(lot.left for lot in unpacked(row.lots))
        except msgspec.MsgspecError as error:
            yield Finding("lots", f"account {row.account_id!r}", f"unreadable: {error}")
        posted = row.posted if row.kind == AccountKind.WALLET else 0
        yield from _unequal("lots", row.account_id, posted, left)


def _unequal(check: str, account_id: bytes, found: int, expected: int) -> Iterator[Finding]:
    if found != expected:
        yield Finding(check, f"account {account_id!r}", f"{found} instead of {expected}")

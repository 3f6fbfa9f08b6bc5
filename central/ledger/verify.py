"""Is the ledger what its log says? The checks of `central ledger verify`, and the rebuild.

The chains are hashed again, the sums are added up again, and the whole ledger is folded again from
the first event: every projection must come out the same, byte for byte. `verify` changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    bindparam,
    case,
    delete,
    func,
    select,
    update,
)

from central import schema
from central.ledger.chains import Finding, chains
from central.ledger.judging.accounts import AccountKind
from central.ledger.judging.rows import Identity
from central.ledger.replay import Replay
from central.ledger.seals import unsealed
from central.ledger.writing.bulk import Row as Values
from central.ledger.writing.log import VERDICT, save_verdicts, verdict
from central.ledger.writing.lots import unpacked
from central.ledger.writing.statements import Statement
from loyalty.wire import Verdict

#: What can be thrown away and folded again, by the name of the table.
_PROJECTIONS = (
    "account",
    "transfer",
    "pending_lot",
    "receipt_key",
    "sale",
    "lease",
    "lease_refusal",
    "arm",
    "review",
    "voucher",
    "redemption",
    "paid_bill",
    "reserved",
    "member_tier",
    "member_profile",
    "tier_change",
    "rule_use",
    "sale_fact",
    "activity_batch",
    "activity_doing",
    "card",
    "rehome",
    "waiting",
)

#: Why an event waits for a rule book; others that wait for newer software have an error instead.
_WITHOUT_BOOK = "rule_book_unknown"


def verify(connection: Connection, shard_key: int) -> list[Finding]:
    """Return everything that is wrong with a shard's ledger; nothing if it is sound."""
    findings = [*_sums(connection, shard_key), *chains(connection, shard_key)]
    findings += unsealed(connection, shard_key)
    return findings + list(_replayed(connection, shard_key, Replay(connection, shard_key)))


def rebuild(connection: Connection, shard_key: int) -> int:
    """Throw every projection away and fold it again out of the log, in the caller's transaction.

    Return how many events were folded. The log itself and the feed stay as they are. Whoever wants
    to write meanwhile waits: what it would change is not in the fold.
    """
    t = schema.shard
    connection.execute(update(t).where(t.c.shard_key == shard_key).values(turn=t.c.turn))
    replay = Replay(connection, shard_key)
    for name, rows in replay.projections().items():
        if name not in _PROJECTIONS:
            continue
        table = schema.metadata.tables[name]
        connection.execute(delete(table).where(table.c.shard_key == shard_key))
        if rows:
            connection.execute(table.insert(), [{"shard_key": shard_key, **row} for row in rows])
    save_verdicts(connection, shard_key, replay.verdicts)
    return len(replay.verdicts)


def _sums(connection: Connection, shard_key: int) -> Iterator[Finding]:
    """Check balances against transfers, leases and lots, all added up by the database itself."""
    a = schema.account
    accounts = connection.execute(select(a).where(a.c.shard_key == shard_key)).all()
    posted = {row.account_id: int(row.posted) for row in accounts}
    if sum(posted.values()):
        yield Finding("sum", "account", f"all that is posted adds up to {sum(posted.values())}")
    wallets = {row.account_id: row.posted for row in accounts if row.kind == AccountKind.WALLET}
    pending = {row.account_id: row.posted for row in accounts if row.kind == AccountKind.PENDING}
    held = {row.account_id: int(row.held) for row in accounts}
    le = schema.lease
    open_amount = case((le.c.state == 0, le.c.amount - le.c.spent), else_=0)
    yield from _unequal("balance", posted, _moved(connection, shard_key))
    yield from _unequal("held", held, _by_account(connection, shard_key, le, open_amount))
    left: dict[bytes, int] = {}
    for row in accounts:
        try:
            if row.lots is not None:
                left[row.account_id] = sum(lot.left for lot in unpacked(row.lots))
        except msgspec.MsgspecError as error:
            yield Finding("lots", f"account {row.account_id!r}", f"unreadable: {error}")
    yield from _unequal("lots", wallets, left)
    later = schema.pending_lot
    waits = _by_account(connection, shard_key, later, later.c.remaining)
    yield from _unequal("pending lots", pending, waits)


def _unequal(check: str, live: dict[bytes, int], summed: dict[bytes, int]) -> Iterator[Finding]:
    """Yield the accounts on which two sums differ."""
    for account_id in sorted(live.keys() | summed.keys()):
        found, expected = live.get(account_id, 0), summed.get(account_id, 0)
        if found != expected:
            yield Finding(check, f"account {account_id!r}", f"{found} instead of {expected}")


def _moved(connection: Connection, shard_key: int) -> dict[bytes, int]:
    """Return what all transfers come to, by account."""
    t = schema.transfer
    moved: dict[bytes, int] = defaultdict(int)
    for column, sign in ((t.c.credit_id, 1), (t.c.debit_id, -1)):
        sums = select(column, func.sum(t.c.amount)).where(t.c.shard_key == shard_key)
        for account_id, amount in connection.execute(sums.group_by(column)):
            moved[account_id] += sign * int(amount)
    return dict(moved)


def _by_account(
    connection: Connection, shard_key: int, table: Table, amount: ColumnElement[int]
) -> dict[bytes, int]:
    query = select(table.c.account_id, func.sum(amount)).where(table.c.shard_key == shard_key)
    rows = connection.execute(query.group_by(table.c.account_id))
    return {account_id: int(total) for account_id, total in rows}


def _replayed(connection: Connection, shard_key: int, replay: Replay) -> Iterator[Finding]:
    """Check that a replay gives the projections as they stand."""
    projections = replay.projections()
    for name in _PROJECTIONS:
        table = schema.metadata.tables[name]
        names = [column.name for column in table.columns if column.name != "shard_key"]
        keys = [one for one in names if table.columns[one].primary_key]
        folded = {tuple(row[key] for key in keys): row for row in projections[name]}
        places = [names.index(key) for key in keys]
        for found in _every(name).each(connection, shard_key=shard_key):
            key = tuple(found[place] for place in places)
            row = folded.pop(key, None)
            if row is None or tuple(row[one] for one in names) != tuple(found):
                yield from _compared(name, key, dict(zip(names, found, strict=True)), row)
        for key, row in folded.items():
            yield Finding("replay", f"{name} {key!r}", f"missing: {row}")
    yield from _streams(connection, shard_key, projections["stream"])
    yield from _verdicts(connection, shard_key, replay)


@cache
def _every(name: str) -> Statement:
    """Return the statement of a table's rows, without the shard."""
    table = schema.metadata.tables[name]
    columns = [column for column in table.columns if column.name != "shard_key"]
    return Statement(select(*columns).where(table.c.shard_key == bindparam("shard_key")))


def _streams(connection: Connection, shard_key: int, rows: list[Values]) -> Iterator[Finding]:
    """Check which epochs are sealed; where a chain's head is, its own check says."""
    t = schema.stream
    folded = {(row["device_id"], row["epoch"]): row for row in rows}
    for row in connection.execute(select(t).where(t.c.shard_key == shard_key)):
        key = (row.device_id, row.epoch)
        expected = folded.get(key, {"state": 0, "final_seq": None})
        live = {"state": row.state, "final_seq": row.final_seq}
        yield from _compared("stream", key, live, {name: expected[name] for name in live})


def _verdicts(connection: Connection, shard_key: int, replay: Replay) -> Iterator[Finding]:
    t = schema.inbox
    columns = (t.c.device_id, t.c.epoch, t.c.seq, t.c.verdict, t.c.reason, t.c.adjusted, t.c.error)
    for row in connection.execute(select(*columns).where(t.c.shard_key == shard_key)):
        identity = Identity(row.device_id, row.epoch, row.seq)
        live = {name: getattr(row, name) for name in VERDICT}
        folded = dict(zip(VERDICT, verdict(replay.verdicts[identity]), strict=True))
        yield from _compared("inbox", identity, live, folded)
        if not _may_stand(row):
            yield Finding("verdict", f"inbox {identity!r}", f"nothing gives {live}")


def _may_stand(row: Any) -> bool:
    """Tell whether a verdict that a replay takes as recorded has what such a one always has."""
    if row.verdict == Verdict.QUARANTINED:
        return row.error is not None and (row.reason, row.adjusted) == ("", 0)
    if row.verdict == Verdict.PENDING_UPGRADE:
        why = "" if row.error is not None else _WITHOUT_BOOK
        return (row.reason, row.adjusted) == (why, 0)
    return True


def _compared(
    name: str, key: tuple[Any, ...], live: Values, folded: Values | None
) -> Iterator[Finding]:
    if folded is None:
        yield Finding("replay", f"{name} {key!r}", "is there and should not be")
    elif live != folded:
        different = {
            column: (live[column], folded[column])
            for column in live
            if live[column] != folded[column]
        }
        yield Finding("replay", f"{name} {key!r}", f"(live, replayed): {different}")

"""What a turn changed, written to the database: final values, many rows in one statement.

Final values, not differences: an upsert checks the table's checks on the proposed row first, so a
negative difference would be refused even where the result is legal (SYNC 2.12).
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, delete, tuple_

from central import schema
from central.ledger import rows
from central.ledger.accounts import kind_of
from central.ledger.bulk import Row, upsert
from central.ledger.loading import CHUNK_KEYS
from central.ledger.state import State
from loyalty.earning import Reason


def remove(connection: Connection, table: Table, shard_key: int, keys: Sequence[Any]) -> None:
    """Delete rows by their primary keys, the shard's key left out of each."""
    columns = [column for column in table.primary_key.columns if column.name != "shard_key"]
    key = tuple_(*columns) if len(columns) > 1 else columns[0]
    for start in range(0, len(keys), CHUNK_KEYS):
        chunk = keys[start : start + CHUNK_KEYS]
        connection.execute(delete(table).where(table.c.shard_key == shard_key, key.in_(chunk)))


def save(connection: Connection, shard_key: int, turn: int, state: State) -> None:
    """Write every projection that the turn changed."""
    for name, (table, as_row) in _SIMPLE.items():
        changed = state.tables[name].changed()
        written = [
            {"shard_key": shard_key, **as_row(key, row)}
            for key, row in changed.items()
            if row is not None
        ]
        if table.name in ("account", "lease"):
            written = [{**row, "turn": turn} for row in written]
        upsert(connection, table, written)
        remove(connection, table, shard_key, [key for key, row in changed.items() if row is None])
    _save_lots(connection, shard_key, state)
    _save_waiting(connection, shard_key, state)


def projections(state: State) -> dict[str, list[Row]]:
    """Return every row of every projection, as `save` would write them all, without turns."""
    result: dict[str, list[Row]] = {}
    for name, (table, as_row) in _SIMPLE.items():
        result[table.name] = [as_row(key, row) for key, row in state.tables[name].rows().items()]
    result["lot"] = [
        _lot(account_id, lot) for account_id, lots in state.lots.rows().items() for lot in lots
    ]
    result["waiting"] = [
        {**identity._asdict(), "reference": pending.reference}
        for identity, pending in state.pending.rows().items()
        if pending.reference is not None
    ]
    return result


def _save_lots(connection: Connection, shard_key: int, state: State) -> None:
    written, gone = [], []
    for account_id, lots in state.lots.changed().items():
        before = {lot.lot_id: lot for lot in state.lots.before.get(account_id) or ()}
        after = {lot.lot_id: lot for lot in lots or ()}
        gone += [(account_id, lot_id) for lot_id in before if lot_id not in after]
        written += [
            {"shard_key": shard_key, **_lot(account_id, lot)}
            for lot_id, lot in after.items()
            if before.get(lot_id) != lot
        ]
    remove(connection, schema.lot, shard_key, gone)
    upsert(connection, schema.lot, written)


def _save_waiting(connection: Connection, shard_key: int, state: State) -> None:
    written, gone = [], []
    for identity, pending in state.pending.changed().items():
        if pending is not None and pending.reference is not None:
            row = {**identity._asdict(), "reference": pending.reference}
            written.append({"shard_key": shard_key, **row})
        elif state.pending.before.get(identity) is not None:
            gone.append(tuple(identity))
    remove(connection, schema.waiting, shard_key, gone)
    upsert(connection, schema.waiting, written)


def _lot(account_id: bytes, lot: Any) -> Row:
    return {
        "account_id": account_id,
        "lot_id": lot.lot_id,
        "expires_on": lot.expires_on.isoformat(),
        "remaining": lot.left,
    }


def _account(key: bytes, row: rows.Account) -> Row:
    return {
        "account_id": key,
        "kind": kind_of(key),
        "posted": row.posted,
        "held": row.held,
    }


def _sale(key: bytes, row: rows.Sale) -> Row:
    return {
        "fingerprint": key,
        **row.origin._asdict(),
        "shop_id": row.shop_id,
        "number": row.number,
        "printed_on": row.printed_on,
        "sold_on": row.sold_on,
        "owed_fen": row.owed_fen,
        "eligible_fen": row.eligible_fen,
        "refunded_fen": row.refunded_fen,
        "category": row.category,
        "book": row.book,
        "holder_kind": row.holder.kind if row.holder is not None else None,
        "holder_key": row.holder.key if row.holder is not None else None,
        "tier_id": row.tier_id,
        "points": row.points,
        "taken_back": row.taken_back,
        "claim_hash": row.claim_hash,
        "expires_on": row.expires_on,
        "state": row.state,
    }


def _lease(key: str, row: rows.Lease) -> Row:
    return {
        "lease_id": key,
        "account_id": row.account_id,
        "device_id": row.device_id,
        "epoch": row.epoch,
        "request_id": row.request_id,
        "amount": row.amount,
        "spent": row.spent,
        "ttl_s": row.ttl_s,
        "reward_id": row.reward_id,
        "voucher_code": row.voucher_code,
        "state": row.state,
    }


def _refusal(key: tuple[bytes, str], row: Reason) -> Row:
    details = msgspec.json.encode(row.values, order="deterministic").decode()
    return {"device_id": key[0], "request_id": key[1], "code": row.code, "details": details}


def _voucher(key: str, row: rows.Voucher) -> Row:
    return {
        "code": key,
        "lease_id": row.lease_id,
        "reward_id": row.reward_id,
        "holder_kind": row.holder.kind,
        "holder_key": row.holder.key,
        "home_device": row.home_device,
        "valid_until": row.valid_until,
        "state": row.state,
        "used_by": row.used_by,
        "request_id": row.request_id,
    }


def _head(key: tuple[bytes, int], row: rows.Head) -> Row:
    return {
        "device_id": key[0],
        "epoch": key[1],
        "head_seq": row.seq,
        "head_hash": row.hash,
        "state": int(row.sealed),
        "final_seq": row.seq if row.sealed else None,
    }


def _rehomed(key: tuple[bytes, int, bytes], row: rows.Identity) -> Row:
    device_id, epoch, hash_ = key
    place = {"new_epoch": row.epoch, "new_seq": row.seq}
    return {"device_id": device_id, "epoch": epoch, "hash": hash_, **place}


_SIMPLE: dict[str, tuple[Table, Callable[[Any, Any], Row]]] = {
    "accounts": (schema.account, _account),
    "receipts": (
        schema.receipt_key,
        lambda key, row: {"fingerprint": key, **row._asdict()},
    ),
    "sales": (schema.sale, _sale),
    "leases": (schema.lease, _lease),
    "refusals": (schema.lease_refusal, _refusal),
    "vouchers": (schema.voucher, _voucher),
    "members": (
        schema.member_tier,
        lambda key, row: {"member": key, "tier_id": row.tier_id},
    ),
    "cards": (schema.card, lambda key, row: {"tag": key, "member": row}),
    "rehomed": (schema.rehome, _rehomed),
    "heads": (schema.stream, _head),
}

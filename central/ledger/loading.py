"""Rows out of the database into the ledger's state, many keys in one statement.

Every statement fixes the shard and names its keys; how many rows are asked for changes the number
of parameters, not the number of statements (up to one chunk).
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, select, tuple_

from central import schema
from central.ledger import rows, wants
from central.ledger.rows import Identity
from central.ledger.state import State
from loyalty.chain import Frame
from loyalty.earning import Reason
from loyalty.events import Holder
from loyalty.lots import Lot
from loyalty.rulebook import from_canonical
from loyalty.wire import Verdict

#: Below SQLite's 32,766 parameters even with three columns to a key.
CHUNK_KEYS = 8_000

Loaded = dict[Any, Any]


def load(
    connection: Connection, shard_key: int, state: State, wanted: Iterable[wants.Want]
) -> None:
    """Load rows, and what the fold will read because of them, until nothing is missing."""
    open_wants: dict[str, set[Hashable]] = defaultdict(set)
    for table, key in wanted:
        open_wants[table].add(key)
    while open_wants:
        found: dict[str, Loaded] = {}
        for table, keys in open_wants.items():
            missing = sorted(state.tables[table].missing(keys))  # type: ignore[type-var]
            if missing:
                found[table] = read(connection, shard_key, table, missing)
                state.tables[table].load(found[table])
        open_wants = defaultdict(set)
        for table, loaded in found.items():
            for key, row in loaded.items():
                for next_table, next_key in wants.of_row(table, key, row):
                    if state.tables[next_table].missing([next_key]):
                        open_wants[next_table].add(next_key)


def read(connection: Connection, shard_key: int, table: str, keys: Sequence[Any]) -> Loaded:
    """Return the rows of a table of the state by key; None where there is none."""
    found: Loaded = dict.fromkeys(keys)
    for start in range(0, len(keys), CHUNK_KEYS):
        chunk = keys[start : start + CHUNK_KEYS]
        _READERS[table](connection, shard_key, chunk, found)
    return found


def sale_of(row: Row[Any]) -> rows.Sale:
    """Return a sale out of its row."""
    return rows.Sale(
        fingerprint=row.fingerprint,
        origin=Identity(row.device_id, row.epoch, row.seq),
        shop_id=row.shop_id,
        number=row.number,
        printed_on=row.printed_on,
        sold_on=row.sold_on,
        owed_fen=row.owed_fen,
        eligible_fen=row.eligible_fen,
        refunded_fen=row.refunded_fen,
        category=row.category,
        book=row.book,
        holder=Holder(row.holder_kind, row.holder_key) if row.holder_kind is not None else None,
        tier_id=row.tier_id,
        points=row.points,
        taken_back=row.taken_back,
        claim_hash=row.claim_hash,
        expires_on=row.expires_on,
        state=rows.SaleState(row.state),
    )


def lease_of(row: Row[Any]) -> rows.Lease:
    """Return a lease out of its row."""
    return rows.Lease(
        lease_id=row.lease_id,
        account_id=row.account_id,
        device_id=row.device_id,
        epoch=row.epoch,
        request_id=row.request_id,
        amount=row.amount,
        spent=row.spent,
        ttl_s=row.ttl_s,
        reward_id=row.reward_id,
        voucher_code=row.voucher_code,
        state=rows.LeaseState(row.state),
    )


def voucher_of(row: Row[Any]) -> rows.Voucher:
    """Return a voucher out of its row."""
    return rows.Voucher(
        code=row.code,
        lease_id=row.lease_id,
        reward_id=row.reward_id,
        holder=Holder(row.holder_kind, row.holder_key),
        home_device=row.home_device,
        valid_until=row.valid_until,
        state=rows.VoucherState(row.state),
        used_by=row.used_by,
        request_id=row.request_id,
    )


def event_of(row: Row[Any]) -> rows.Event:
    """Return an event out of its row in the inbox."""
    frame = Frame(row.kind, row.kind_version, row.body)
    return rows.Event(
        identity=Identity(row.device_id, row.epoch, row.seq),
        frame=frame,
        body=rows.read_body(frame),
        earliest_ms=row.earliest_ms,
        latest_ms=row.latest_ms,
        turn=row.turn,
        place=row.place,
        origin=rows.read_origin(frame),
    )


Reader = Callable[[Connection, int, Sequence[Any], Loaded], None]


def _rows(
    connection: Connection, shard_key: int, query: Select[Any], where: ColumnElement[bool]
) -> Iterator[Row[Any]]:
    shard_column = query.selected_columns["shard_key"]
    yield from connection.execute(query.where(shard_column == shard_key, where))


def _accounts(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.account
    for row in _rows(connection, shard_key, select(t), t.c.account_id.in_(keys)):
        found[row.account_id] = rows.Account(row.posted, row.held)


def _lots(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.lot
    query = select(t).order_by(t.c.lot_id)
    for row in _rows(connection, shard_key, query, t.c.account_id.in_(keys)):
        lot = Lot(row.lot_id, date.fromisoformat(row.expires_on), row.remaining)
        found[row.account_id] = (*(found[row.account_id] or ()), lot)


def _receipts(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.receipt_key
    for row in _rows(connection, shard_key, select(t), t.c.fingerprint.in_(keys)):
        found[row.fingerprint] = Identity(row.device_id, row.epoch, row.seq)


def _sales(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.sale
    for row in _rows(connection, shard_key, select(t), t.c.fingerprint.in_(keys)):
        found[row.fingerprint] = sale_of(row)


def _claims(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.sale
    query = select(t.c.shard_key, t.c.claim_hash, t.c.fingerprint)
    for row in _rows(connection, shard_key, query, t.c.claim_hash.in_(keys)):
        found[row.claim_hash] = row.fingerprint


def _numbers(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.sale
    query = select(t.c.shard_key, t.c.shop_id, t.c.number, t.c.fingerprint)
    query = query.order_by(t.c.fingerprint)
    where = tuple_(t.c.shop_id, t.c.number).in_(keys)
    for row in _rows(connection, shard_key, query, where):
        place = (row.shop_id, row.number)
        found[place] = (*(found[place] or ()), row.fingerprint)


def _leases(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.lease
    for row in _rows(connection, shard_key, select(t), t.c.lease_id.in_(keys)):
        found[row.lease_id] = lease_of(row)


def _requests(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.lease
    query = select(t.c.shard_key, t.c.device_id, t.c.request_id, t.c.lease_id)
    where = tuple_(t.c.device_id, t.c.request_id).in_(keys)
    for row in _rows(connection, shard_key, query, where):
        found[row.device_id, row.request_id] = row.lease_id


def _refusals(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.lease_refusal
    where = tuple_(t.c.device_id, t.c.request_id).in_(keys)
    for row in _rows(connection, shard_key, select(t), where):
        values = msgspec.json.decode(row.details, type=dict[str, str])
        found[row.device_id, row.request_id] = Reason(row.code, values)


def _vouchers(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.voucher
    for row in _rows(connection, shard_key, select(t), t.c.code.in_(keys)):
        found[row.code] = voucher_of(row)


def _members(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t, c = schema.member_tier, schema.card
    query = (
        select(t.c.shard_key, t.c.member, t.c.tier_id, c.c.tag)
        .join_from(
            t, c, and_(c.c.shard_key == t.c.shard_key, c.c.member == t.c.member), isouter=True
        )
        .order_by(c.c.tag)
    )
    for row in _rows(connection, shard_key, query, t.c.member.in_(keys)):
        tags = found[row.member].tags if found[row.member] is not None else ()
        found[row.member] = rows.Member(row.tier_id, (*tags, row.tag) if row.tag else tags)


def _cards(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.card
    for row in _rows(connection, shard_key, select(t), t.c.tag.in_(keys)):
        found[row.tag] = row.member


def _waiting(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.waiting
    query = select(t).order_by(t.c.device_id, t.c.epoch, t.c.seq)
    for row in _rows(connection, shard_key, query, t.c.reference.in_(keys)):
        identity = Identity(row.device_id, row.epoch, row.seq)
        found[row.reference] = (*(found[row.reference] or ()), identity)


def _pending(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t, w = schema.inbox, schema.waiting
    same = [t.c[name] == w.c[name] for name in ("shard_key", "device_id", "epoch", "seq")]
    query = select(t, w.c.reference).join_from(t, w, and_(*same), isouter=True)
    query = query.where(t.c.verdict.in_((2, 3, 4)))
    where = tuple_(t.c.device_id, t.c.epoch, t.c.seq).in_(keys)
    for row in _rows(connection, shard_key, query, where):
        event = event_of(row)
        found[event.identity] = rows.Pending(event, Verdict(row.verdict), row.reference)


def _books(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.rule_book
    for row in _rows(connection, shard_key, select(t), t.c.version.in_(keys)):
        found[row.version] = from_canonical(row.canonical)


def _heads(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.stream
    where = tuple_(t.c.device_id, t.c.epoch).in_(keys)
    for row in _rows(connection, shard_key, select(t), where):
        found[row.device_id, row.epoch] = rows.Head(row.head_seq, row.head_hash, bool(row.state))


def _seen(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.inbox
    query = select(t.c.shard_key, t.c.device_id, t.c.epoch, t.c.seq, t.c.hash)
    where = tuple_(t.c.device_id, t.c.epoch, t.c.seq).in_(keys)
    for row in _rows(connection, shard_key, query, where):
        found[Identity(row.device_id, row.epoch, row.seq)] = row.hash


def _rehomed(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.rehome
    where = tuple_(t.c.device_id, t.c.epoch, t.c.hash).in_(keys)
    for row in _rows(connection, shard_key, select(t), where):
        place = Identity(row.device_id, row.new_epoch, row.new_seq)
        found[row.device_id, row.epoch, row.hash] = place


_READERS: dict[str, Reader] = {
    "accounts": _accounts,
    "lots": _lots,
    "receipts": _receipts,
    "sales": _sales,
    "claims": _claims,
    "numbers": _numbers,
    "leases": _leases,
    "requests": _requests,
    "refusals": _refusals,
    "vouchers": _vouchers,
    "members": _members,
    "cards": _cards,
    "waiting": _waiting,
    "pending": _pending,
    "books": _books,
    "heads": _heads,
    "seen": _seen,
    "rehomed": _rehomed,
}

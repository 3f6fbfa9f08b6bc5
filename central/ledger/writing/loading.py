"""Rows out of the database into the ledger's state, many keys in one statement.

Every statement fixes the shard and names its keys; how many rows are asked for changes the number
of parameters, not the number of statements (up to one chunk).
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, Row, Table, bindparam, exists, select

from central import schema
from central.ledger.judging import rows
from central.ledger.judging.activity_rows import Doing
from central.ledger.judging.copy_rows import Copy
from central.ledger.judging.member_rows import Profile
from central.ledger.judging.moments import Quality
from central.ledger.judging.redemption_rows import PaidBill, Redemption, Reservations
from central.ledger.judging.refund_rows import NumberRefunds
from central.ledger.judging.rows import Identity
from central.ledger.judging.state import State
from central.ledger.writing import lots, receipts, waiters, wants
from central.ledger.writing.bulk import by_key
from central.ledger.writing.projections import (
    COPY,
    DOING,
    LEASE,
    OWNER,
    VOUCHER,
    batch_of,
    json_of,
    lease_of,
    owners_of,
    refusal_of,
    review_of,
    terms_of,
    voucher_of,
)
from central.ledger.writing.statements import Statement
from loyalty.chain import Frame
from loyalty.events import Sale
from loyalty.rules.rulebook import from_canonical
from loyalty.wire import Verdict

Loaded = dict[Any, Any]

_PENDING = (Verdict.PENDING_REF, Verdict.PENDING_UPGRADE, Verdict.QUARANTINED)
_LAST = (
    select(schema.transfer.c.number)
    .where(schema.transfer.c.shard_key == bindparam("key"))
    .order_by(schema.transfer.c.number.desc())
    .limit(1)
)
_PENDING_LOT = select(schema.pending_lot.c.lot_id).where(
    schema.pending_lot.c.shard_key == bindparam("key")
)
_BY_NUMBER = select(schema.number_refund.c.reference).where(
    schema.number_refund.c.shard_key == bindparam("key")
)
_BEGIN = Statement(
    select(
        _LAST.scalar_subquery().label("last"),
        exists(_PENDING_LOT).label("pending"),
        exists(_BY_NUMBER).label("by_number"),
    )
)


def load(
    connection: Connection, shard_key: int, state: State, wanted: Iterable[wants.Want]
) -> None:
    """Load rows, and what the fold will read because of them, until nothing is missing."""
    while wanted:
        keys_of: dict[str, set[Hashable]] = defaultdict(set)
        for name, key in wanted:
            keys_of[name].add(key)
        further: list[wants.Want] = []
        for name, keys in keys_of.items():
            table = state.tables[name]
            if missing := table.missing(keys):
                if name == "waiting":
                    found = waiters.first(connection, shard_key, missing, state)
                elif name == "accounts":
                    found = lots.purses(connection, shard_key, missing, state.lots)
                elif name in _WITH_SALES:
                    found, sales = _WITH_SALES[name](connection, shard_key, missing)
                    state.sales.load(sales)
                    further += wants.of_rows("sales", sales)
                else:
                    found = read(connection, shard_key, name, missing)
                table.load(found)
                further += wants.of_rows(name, found)
            elif table.complete:
                held = {key: row for key in keys if (row := table.loaded.get(key)) is not None}
                further += wants.of_rows(name, held)
        wanted = further


def begin(connection: Connection, shard_key: int, state: State) -> None:
    """Read what every turn asks first: the last transfer, who waits, whether points are pending.

    Most malls let no points wait, and then no wallet need be asked for them; nor need sales be for
    refunds by their number where there was none.
    """
    row = _BEGIN.row(connection, key=shard_key)
    state.transfers = row.last or 0 if row is not None else 0
    state.pending_lots.complete = row is not None and not row.pending
    state.number_refunds.complete = row is not None and not row.by_number
    waiters.load_waiting(connection, shard_key, state)


def read(connection: Connection, shard_key: int, table: str, keys: Sequence[Any]) -> Loaded:
    """Return the rows of a table of the state by key; None where there is none."""
    found: Loaded = dict.fromkeys(keys)
    if table in _WITH_SALES:
        return _WITH_SALES[table](connection, shard_key, keys)[0]
    _READERS[table](connection, shard_key, keys, found)
    return found


class Stored(NamedTuple):
    """An event's columns in the inbox, as far as judging it needs them, and its verdict."""

    device_id: bytes
    epoch: int
    seq: int
    kind: int
    kind_version: int
    body: bytes
    earliest_ms: int
    latest_ms: int
    quality: int | None
    turn: int
    place: int
    verdict: int


def event_of(row: Row[Any] | Stored) -> rows.Event:
    """Return an event out of its row in the inbox."""
    frame = Frame(row.kind, row.kind_version, row.body)
    return rows.Event(
        identity=Identity(row.device_id, row.epoch, row.seq),
        frame=frame,
        body=rows.read_body(frame),
        earliest_ms=row.earliest_ms,
        latest_ms=row.latest_ms,
        quality=Quality.UNKNOWN if row.quality is None else Quality(row.quality),
        turn=row.turn,
        place=row.place,
        origin=rows.read_origin(frame),
    )


Reader = Callable[[Connection, int, Sequence[Any], Loaded], None]


def _copies(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    for device_id, fingerprint, *copy in by_key(connection, shard_key, COPY.all, keys):
        found[device_id, fingerprint] = Copy(*copy)


def _leases(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    for row in by_key(connection, shard_key, LEASE.all, keys):
        found[row[0]] = lease_of(row)


def _requests(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.lease.c
    columns = (t.device_id, t.request_id, t.lease_id)
    for device_id, request_id, lease_id in by_key(connection, shard_key, columns, keys):
        found[device_id, request_id] = lease_id


def _refusals(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.lease_refusal.c
    columns = (t.device_id, t.request_id, t.code, t.details)
    for device_id, request_id, *why in by_key(connection, shard_key, columns, keys):
        found[device_id, request_id] = refusal_of(*why)


def _reviews(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.review.c
    for review_id, content in by_key(connection, shard_key, (t.review_id, t.content), keys):
        found[review_id] = review_of(content)


def _vouchers(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    for row in by_key(connection, shard_key, VOUCHER.all, keys):
        found[row[0]] = voucher_of(row)


def _members(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t, c = schema.member_tier.c, schema.card.c
    tiers: dict[str, str] = dict(by_key(connection, shard_key, (t.member, t.tier_id), keys))
    tags: dict[str, list[str]] = {member: [] for member in tiers}
    for member, tag in by_key(connection, shard_key, (c.member, c.tag), list(tiers)):
        tags[member].append(tag)
    for member, tier_id in tiers.items():
        found[member] = rows.Member(tier_id, tuple(sorted(tags[member])))


def _cards(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.card.c
    found.update(by_key(connection, shard_key, (t.tag, t.member), keys))


def _owners(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    for row in by_key(connection, shard_key, OWNER.all, keys):
        found[row[0]] = owners_of(row)


def _pending(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t, w = schema.inbox.c, schema.waiting.c
    references = {
        Identity(*identity): reference
        for *identity, reference in by_key(
            connection, shard_key, (w.device_id, w.epoch, w.seq, w.reference), keys
        )
    }
    columns = tuple(t[name] for name in Stored._fields)
    for row in map(Stored._make, by_key(connection, shard_key, columns, keys)):
        if row.verdict in _PENDING:
            event = event_of(row)
            reference = references.get(event.identity)
            found[event.identity] = rows.Pending(event, Verdict(row.verdict), reference)


def _books(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.rule_book.c
    for version, canonical in by_key(connection, shard_key, (t.version, t.canonical), keys):
        found[version] = from_canonical(canonical)


def _printed(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.inbox.c
    columns = (t.device_id, t.epoch, t.seq, t.kind, t.kind_version, t.body)
    for *identity, kind, version, body in by_key(connection, shard_key, columns, keys):
        said = rows.read_body(Frame(kind, version, body))
        if isinstance(said, Sale):
            found[Identity(*identity)] = said.receipt.printed_at


def _terms(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.reward_terms.c
    found.update(terms_of(by_key(connection, shard_key, (t.reward_id, t.content), keys)))


def _shops(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.device.c
    found.update(by_key(connection, shard_key, (t.device_id, t.shop_id), keys))


def _heads(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.stream.c
    columns = (t.device_id, t.epoch, t.head_seq, t.head_hash, t.state)
    for device_id, epoch, seq, hash_, state in by_key(connection, shard_key, columns, keys):
        found[device_id, epoch] = rows.Head(seq, hash_, bool(state))


def _arms(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.arm.c
    columns = (t.device_id, t.epoch, t.session, t.until_ms, t.leases)
    for device_id, epoch, session, until_ms, ids in by_key(connection, shard_key, columns, keys):
        found[device_id, epoch] = rows.Arm(session, until_ms, tuple(ids.split()))


def _seen(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.inbox.c
    columns = (t.device_id, t.epoch, t.seq, t.hash)
    for *identity, hash_ in by_key(connection, shard_key, columns, keys):
        found[Identity(*identity)] = hash_


def _rehomed(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.rehome.c
    columns = (t.device_id, t.epoch, t.hash, t.new_epoch, t.new_seq)
    for device_id, epoch, hash_, *place in by_key(connection, shard_key, columns, keys):
        found[device_id, epoch, hash_] = Identity(device_id, *place)


def _uses(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.rule_use.c
    found.update(by_key(connection, shard_key, (t.name, t.used), keys))


def _json(table: Table, key: str, type_: type[Struct]) -> Reader:
    """Return the reader of a table that holds its values as JSON."""
    columns = (table.c[key], table.c.content)

    def read_json(
        connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded
    ) -> None:
        for name, content in by_key(connection, shard_key, columns, keys):
            found[name] = json_of(content, type_)

    return read_json


def _batches(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    t = schema.activity_batch.c
    for batch, content in by_key(connection, shard_key, (t.batch, t.content), keys):
        found[batch] = batch_of(content)


def _doings(connection: Connection, shard_key: int, keys: Sequence[Any], found: Loaded) -> None:
    for activity_id, member, *doing in by_key(connection, shard_key, DOING.all, keys):
        found[activity_id, member] = Doing(*doing)


#: The tables whose rows are the keys of sales, which are found along with them.
_WITH_SALES = {"claims": receipts.claimed, "numbers": receipts.numbered}
_READERS: dict[str, Reader] = {
    "batches": _batches,
    "doings": _doings,
    "accounts": lots.accounts,
    "lots": lots.wallets,
    "pending_lots": lots.pending,
    "receipts": receipts.receipts,
    "sales": receipts.sales,
    "number_refunds": _json(schema.number_refund, "reference", NumberRefunds),
    "printed": _printed,
    "copies": _copies,
    "leases": _leases,
    "requests": _requests,
    "refusals": _refusals,
    "reviews": _reviews,
    "vouchers": _vouchers,
    "redemptions": _json(schema.redemption, "lease_id", Redemption),
    "bills": _json(schema.paid_bill, "fingerprint", PaidBill),
    "reserved": _json(schema.reserved, "name", Reservations),
    "facts": _json(schema.sale_fact, "fingerprint", rows.Facts),
    "uses": _uses,
    "profiles": _json(schema.member_profile, "member", Profile),
    "members": _members,
    "cards": _cards,
    "owners": _owners,
    "pending": _pending,
    "books": _books,
    "shops": _shops,
    "terms": _terms,
    "heads": _heads,
    "arms": _arms,
    "seen": _seen,
    "rehomed": _rehomed,
}

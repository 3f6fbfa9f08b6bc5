"""Receipts that wait because another event has one that looks the same (P3): what a person sees.

Reads only. `central.ledger.closing` says what can be done about one.
"""

from msgspec import Struct
from sqlalchemy import Connection, select

from central import schema
from central.ledger.judging.references import print_of
from central.ledger.judging.rows import Identity, read_body
from central.ledger.judging.sales import DUPLICATE_RECEIPT
from central.ledger.writing.loading import read
from loyalty.chain import Frame
from loyalty.events import Refund, Sale
from loyalty.receipt import Receipt
from loyalty.wire import Verdict


class Duplicate(Struct, frozen=True):
    """A sale or refund that waits, and the device whose event has its receipt.

    `points` is what was promised, nothing where nobody was scanned. `happened_ms` is the latest it
    can have happened.
    """

    identity: Identity
    device: str
    other: str
    receipt: Receipt
    points: int | None
    happened_ms: int


def duplicates(connection: Connection, shard_key: int, limit: int) -> list[Duplicate]:
    """Return the receipts that wait so, in the order they came."""
    t = schema.inbox
    query = select(t).where(t.c.shard_key == shard_key, schema.is_open)
    query = query.where(t.c.verdict == int(Verdict.PENDING_REF), t.c.reason == DUPLICATE_RECEIPT)
    rows = connection.execute(query.order_by(t.c.turn, t.c.place).limit(limit)).all()
    bodies = [read_body(Frame(row.kind, row.kind_version, row.body)) for row in rows]
    said = {
        Identity(row.device_id, row.epoch, row.seq): (body, row.latest_ms)
        for row, body in zip(rows, bodies, strict=True)
        if isinstance(body, Sale | Refund)
    }
    keys = {print_of(body.receipt, body.discriminator) for body, _ in said.values()}
    firsts = read(connection, shard_key, "receipts", sorted(keys))
    d = schema.device
    named = connection.execute(select(d.c.device_id, d.c.name).where(d.c.shard_key == shard_key))
    names = {row.device_id: row.name for row in named}
    found = []
    for identity, (body, happened_ms) in said.items():
        first = firsts[print_of(body.receipt, body.discriminator)]
        other = names.get(first.device_id, "") if first is not None else ""
        points = body.points if isinstance(body, Refund) or body.holder is not None else None
        device = names.get(identity.device_id, "")
        found.append(Duplicate(identity, device, other, body.receipt, points, happened_ms))
    return found

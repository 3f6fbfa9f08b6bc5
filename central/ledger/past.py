"""Awarded receipts of the past, in the order of the ledger, as the rules see receipts.

Reads what tills told and what the ledger made of it; never a member's name, and no line of goods,
which central has never had.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, select

from central import schema
from central.ledger.rows import SaleState, read_body
from central.ledger.shards import read_shard
from loyalty.basket import Basket
from loyalty.campaigns import Who
from loyalty.chain import Frame
from loyalty.events import Sale
from loyalty.spans import Span
from loyalty.trying import Past

_PAGE_ROWS = 2_000


def receipts(connection: Connection, shard_key: int, from_ms: int, to_ms: int) -> Iterator[Past]:
    """Yield the receipts that were awarded and came in from `from_ms` up to, not with, `to_ms`."""
    zone = ZoneInfo(read_shard(connection, shard_key).zone)
    t, sale = schema.inbox, schema.sale
    same = [t.c[name] == sale.c[name] for name in ("shard_key", "device_id", "epoch", "seq")]
    query = (
        select(
            t.c.kind,
            t.c.kind_version,
            t.c.body,
            t.c.earliest_ms,
            t.c.latest_ms,
            sale.c.fingerprint,
            sale.c.shop_id,
            sale.c.number,
            sale.c.category,
            sale.c.eligible_fen,
            sale.c.holder_kind,
            sale.c.holder_key,
            sale.c.tier_id,
            sale.c.points,
        )
        .join_from(t, sale, and_(*same))
        .where(t.c.shard_key == shard_key, t.c.received_ms >= from_ms, t.c.received_ms < to_ms)
        .where(sale.c.state == int(SaleState.AWARDED))
        .order_by(t.c.turn, t.c.place)
    )
    for row in connection.execute(query.execution_options(yield_per=_PAGE_ROWS)):
        body = read_body(Frame(row.kind, row.kind_version, row.body))
        if isinstance(body, Sale):
            yield Past(
                fingerprint=row.fingerprint.hex(),
                number=row.number or "",
                member=f"{row.holder_kind}:{row.holder_key}",
                basket=Basket(row.eligible_fen, row.shop_id, row.category, body.parts),
                who=Who(row.tier_id),
                when=span(row.earliest_ms, row.latest_ms, zone),
                given=row.points,
            )


def span(earliest_ms: int, latest_ms: int, zone: ZoneInfo) -> Span:
    """Return the mall's local time of an interval of central's clock."""
    first, last = (
        datetime.fromtimestamp(moment_ms / 1000, tz=UTC).astimezone(zone).replace(tzinfo=None)
        for moment_ms in (earliest_ms, latest_ms)
    )
    return Span(first, max(first, last))

"""Awarded receipts of the past, in the order of the ledger, as the rules see receipts.

Reads what tills told and what the ledger made of it; never a member's name, and no line of goods,
which central has never had.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, func, select

from central import schema
from central.ledger.judging.member_rows import Profile
from central.ledger.judging.rows import SaleState, read_body
from central.ledger.shards import read_shard
from central.ledger.writing.loading import read
from central.ledger.writing.projections import facts_of, profile_of
from loyalty.chain import Frame
from loyalty.events import Sale
from loyalty.rules.basket import Basket
from loyalty.rules.campaigns import Who
from loyalty.rules.counting import Used
from loyalty.rules.spans import Span
from loyalty.rules.trying import Past

_PAGE_ROWS = 2_000


def receipts(connection: Connection, shard_key: int, from_ms: int, to_ms: int) -> Iterator[Past]:
    """Yield the receipts that were awarded and came in from `from_ms` up to, not with, `to_ms`."""
    zone = ZoneInfo(read_shard(connection, shard_key).zone)
    t, sale = schema.inbox, schema.sale
    same = [t.c[name] == sale.c[name] for name in ("shard_key", "device_id", "epoch", "seq")]
    facts, profile = schema.sale_fact, schema.member_profile
    kept = and_(facts.c.shard_key == sale.c.shard_key, facts.c.fingerprint == sale.c.fingerprint)
    # A sale keeps the card that was scanned for it; whose the card is may be known since.
    card = schema.card
    owned = and_(
        card.c.shard_key == sale.c.shard_key,
        sale.c.holder_kind == "card",
        card.c.tag == sale.c.holder_key,
    )
    whose = func.coalesce(card.c.member, sale.c.holder_key)
    known = and_(profile.c.shard_key == sale.c.shard_key, profile.c.member == whose)
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
            whose.label("member"),
            sale.c.tier_id,
            sale.c.points,
            facts.c.content.label("facts"),
            profile.c.content.label("profile"),
        )
        .join_from(t, sale, and_(*same))
        .join(facts, kept, isouter=True)
        .join(card, owned, isouter=True)
        .join(profile, known, isouter=True)
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
                member=row.member,
                basket=Basket(row.eligible_fen, row.shop_id, row.category, body.parts),
                who=_who(row.tier_id, row.facts, row.profile),
                when=span(row.earliest_ms, row.latest_ms, zone),
                given=row.points,
                between_ms=(row.earliest_ms, row.latest_ms),
            )


def begun(connection: Connection, shard_key: int, from_ms: int) -> Used:
    """Return what counters that receipts share stood at before what came in from `from_ms` on.

    A first purchase of before is no first one in a trial, and a cap that was half used up is.
    """
    t, sale, facts = schema.inbox, schema.sale, schema.sale_fact
    same = [t.c[name] == sale.c[name] for name in ("shard_key", "device_id", "epoch", "seq")]
    kept = and_(facts.c.shard_key == sale.c.shard_key, facts.c.fingerprint == sale.c.fingerprint)
    query = (
        select(facts.c.content)
        .join_from(t, sale, and_(*same))
        .join(facts, kept)
        .where(t.c.shard_key == shard_key, t.c.received_ms >= from_ms)
    )
    since: dict[str, int] = defaultdict(int)
    rows = connection.execute(query.execution_options(yield_per=_PAGE_ROWS))
    for content in rows.scalars():
        for name, points in facts_of(content).uses().items():
            since[name] += points

    def stood(name: str) -> int:
        now = read(connection, shard_key, "uses", [name])[name] or 0
        return now - since.get(name, 0)

    return stood


def _who(tier_id: str, facts: str | None, profile: str | None) -> Who:
    """Return what the rules ask of a member: as their award had it, else as it is known now."""
    if facts is not None:
        then = facts_of(facts)
        return Who(tier_id, frozenset(then.labels), then.birth_month)
    now = profile_of(profile) if profile is not None else Profile()
    return Who(tier_id, frozenset(now.labels), now.birth_month)


def span(earliest_ms: int, latest_ms: int, zone: ZoneInfo) -> Span:
    """Return the mall's local time of an interval of central's clock."""
    first, last = (
        datetime.fromtimestamp(moment_ms / 1000, tz=UTC).astimezone(zone).replace(tzinfo=None)
        for moment_ms in (earliest_ms, latest_ms)
    )
    return Span(first, max(first, last))

"""Awarded receipts of the past and their refunds, in the order of the ledger, as rules see them.

Reads what tills told and what the ledger made of it; never a member's name, and no line of goods,
which central has never had.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from operator import itemgetter
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, func, select

from central import schema
from central.ledger.judging.accounts import Code
from central.ledger.judging.member_rows import Profile
from central.ledger.judging.rows import Identity, SaleState, Unreadable, read_body
from central.ledger.shards import read_shard
from central.ledger.writing.loading import read
from central.ledger.writing.projections import facts_of, profile_of
from loyalty.chain import Frame
from loyalty.events import KINDS, Body, Refund, Rejudge, Sale
from loyalty.rules.basket import Basket
from loyalty.rules.campaigns import Who
from loyalty.rules.counting import Used
from loyalty.rules.spans import Span
from loyalty.rules.trying import Back, Past
from loyalty.wire import Verdict

_PAGE_ROWS = 2_000


_BACK = (Code.TAKE_BACK, Code.TAKE_BACK_OWED)
_KINDS = tuple(kind for kind, body in KINDS.items() if body in (Refund, Rejudge))
_APPLIED = (int(Verdict.APPLIED), int(Verdict.APPLIED_ADJUSTED))
#: The turn of the ledger and the place of an event in it, and what it did.
_Placed = tuple[tuple[int, int], Past | Back]


def receipts(
    connection: Connection, shard_key: int, from_ms: int, to_ms: int
) -> Iterator[Past | Back]:
    """Yield the receipts that were awarded and came in from `from_ms` up to, not with, `to_ms`.

    The refunds that took points of them back in that time stand between them.
    """
    asked = (connection, shard_key, from_ms, to_ms)
    placed = heapq.merge(_sold(*asked), _refunds(*asked), key=itemgetter(0))
    return (one for _, one in placed)


def _sold(connection: Connection, shard_key: int, from_ms: int, to_ms: int) -> Iterator[_Placed]:
    zone = ZoneInfo(read_shard(connection, shard_key).zone)
    t, sale = schema.inbox, schema.sale
    same = [t.c[name] == sale.c[name] for name in ("shard_key", "device_id", "epoch", "seq")]
    facts, profile = schema.sale_fact, schema.member_profile
    kept = and_(facts.c.shard_key == sale.c.shard_key, facts.c.fingerprint == sale.c.fingerprint)
    # A sale keeps a card that was nobody's; its points went to the first member who had it.
    card = schema.card_owner
    owned = and_(
        card.c.shard_key == sale.c.shard_key,
        sale.c.holder_kind == "card",
        card.c.tag == sale.c.holder_key,
    )
    whose = func.coalesce(card.c.member, sale.c.holder_key)
    known = and_(profile.c.shard_key == sale.c.shard_key, profile.c.member == whose)
    query = (
        select(
            t.c.turn,
            t.c.place,
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
            sale.c.refunded_fen,
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
            past = Past(
                fingerprint=row.fingerprint.hex(),
                number=row.number or "",
                member=row.member,
                basket=Basket(row.eligible_fen, row.shop_id, row.category, body.parts),
                who=_who(row.tier_id, row.facts, row.profile),
                when=span(row.earliest_ms, row.latest_ms, zone),
                given=row.points,
                between_ms=(row.earliest_ms, row.latest_ms),
                comes_back=row.refunded_fen > 0,
            )
            yield (row.turn, row.place), past


def _refunds(connection: Connection, shard_key: int, from_ms: int, to_ms: int) -> Iterator[_Placed]:
    """Yield what came back: of the sale that a refund took points of, else that its till named."""
    m, t = schema.transfer, schema.inbox
    same = [m.c[name] == t.c[name] for name in ("shard_key", "device_id", "epoch", "seq")]
    took = and_(*same, m.c.code.in_([int(code) for code in _BACK]))
    query = (
        select(t, m.c.subject)
        .join_from(t, m, took, isouter=True)
        .where(t.c.shard_key == shard_key, t.c.kind.in_(_KINDS), t.c.verdict.in_(_APPLIED))
        .where(t.c.received_ms >= from_ms, t.c.received_ms < to_ms)
        .order_by(t.c.turn, t.c.place)
    )
    told: dict[str, dict[Identity, Refund]] = defaultdict(dict)
    for row in connection.execute(query.execution_options(yield_per=_PAGE_ROWS)):
        body = read_body(Frame(row.kind, row.kind_version, row.body))
        origin = Identity(row.device_id, row.epoch, row.seq)
        if isinstance(body, Rejudge):
            origin = Identity(bytes.fromhex(body.device), body.epoch, body.seq)
            body = _waited(connection, shard_key, body)
        key = row.subject or (body.original if isinstance(body, Refund) else None)
        if isinstance(body, Refund) and key is not None:
            told[key][origin] = body
            gone = -sum(one.eligible_fen for one in told[key].values())
            goods = tuple(part for one in told[key].values() for part in one.parts)
            yield (row.turn, row.place), Back(key, gone, goods)


def _waited(connection: Connection, shard_key: int, again: Rejudge) -> Body | Unreadable:
    """Return what an event says that was judged again."""
    t = schema.inbox
    place = (t.c.device_id == bytes.fromhex(again.device), t.c.epoch == again.epoch)
    query = select(t.c.kind, t.c.kind_version, t.c.body).where(t.c.shard_key == shard_key, *place)
    row = connection.execute(query.where(t.c.seq == again.seq)).one()
    return read_body(Frame(row.kind, row.kind_version, row.body))


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

"""What the records say about a reward now: its price, its terms, its stock, where it counts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, and_, bindparam, select

from central import schema
from central.ledger.books import IN_FORCE
from central.ledger.directory import NoShard
from central.ledger.offer import Inside, Offer, Stocked
from central.ledger.queries import resolved
from central.ledger.shards import read_shard
from central.ledger.writing import bulk
from central.ledger.writing.statements import Statement
from central.sync import census
from central.sync.callers import DeviceState
from loyalty.catalogue import Details, Part, had_name, price
from loyalty.facts import Holder
from loyalty.rules.earning import Reason
from loyalty.rules.rulebook import from_canonical

_RESTORED = select(schema.restored.c.restored_ms).where(
    schema.restored.c.shard_key == bindparam("key")
)
#: The programme with a reward of it, if there is one: what every redemption asks first, in one way
#: to the database and back.
_RECORDS = Statement(
    select(
        schema.shard.c.zone,
        *(schema.reward.c[name] for name in ("points", "home_shop", "offered", "details")),
        IN_FORCE.scalar_subquery().label("canonical"),
        _RESTORED.scalar_subquery().label("restored_ms"),
    )
    .select_from(
        schema.shard.outerjoin(
            schema.reward,
            and_(
                schema.reward.c.shard_key == bindparam("key"),
                schema.reward.c.reward_id == bindparam("wanted"),
            ),
        )
    )
    .where(schema.shard.c.shard_key == bindparam("key"))
)
_DEVICES = schema.device.c
_HOME = Statement(
    select(_DEVICES.device_id)
    .where(
        _DEVICES.shard_key == bindparam("shard_key"),
        _DEVICES.shop_id == bindparam("shop_id"),
        _DEVICES.role == bindparam("role", "till"),
        _DEVICES.state == bindparam("state", int(DeviceState.ENROLLED)),
    )
    .order_by(_DEVICES.enrolled_ms, _DEVICES.device_id)
    .limit(1)
)
#: How long a device may spend a lease, on its own boot clock; the points stay held beyond it.
LEASE_TTL_S = 900


class Wanted(Struct, frozen=True):
    """So many pieces of a reward, for the price that was `agreed` to (0: not told).

    `near` is the place that is to hand it over, if it can; empty: none comes first.
    """

    reward_id: str
    near: str
    pieces: int = 1
    agreed: int = 0


def offer_of(connection: Connection, shard_key: int, wanted: Wanted, now_ms: int) -> Offer | Reason:
    """Return what the records say about a reward now, or why it cannot be had at all."""
    reward = _RECORDS.row(connection, key=shard_key, wanted=wanted.reward_id, now_ms=now_ms)
    if reward is None:
        raise NoShard(f"shard {shard_key} does not exist")
    if census.wait_since(reward.restored_ms, now_ms, LEASE_TTL_S):
        return Reason("after_restore")
    if not reward.offered:
        return Reason("reward_unknown")
    if reward.canonical is None:
        return Reason("no_rule_book")
    book = from_canonical(reward.canonical)
    home = None
    if reward.home_shop is not None:
        home = home_device(connection, shard_key, reward.home_shop)
        if home is None:
            return Reason("no_home_till")
    details = details_of(reward.details)
    today = local(now_ms, reward.zone).date()
    return Offer(
        points=price(reward.points, details, today.isoformat()) * wanted.pieces,
        limit=book.redeem_limit_points,
        home_device=home,
        valid_until=(today + timedelta(days=book.voucher_days)).isoformat(),
        ttl_s=LEASE_TTL_S,
        reward_id=wanted.reward_id,
        details=details,
        day=today.isoformat(),
        pieces=wanted.pieces,
        agreed=wanted.agreed,
        stocked=_stocked(connection, shard_key, wanted.reward_id, details),
        near=wanted.near,
        inside=_inside(connection, shard_key, details),
    )


def had_of(connection: Connection, shard_key: int, holder: Holder, now_ms: int) -> dict[str, int]:
    """Return how many pieces of each limited reward a holder had that count towards its limit."""
    owner = resolved(connection, shard_key, holder)
    if owner.kind == "card":
        return {}
    t, u = schema.reward, schema.rule_use
    query = select(t.c.reward_id, t.c.details)
    query = query.where(t.c.shard_key == shard_key, t.c.offered == 1, t.c.details.is_not(None))
    day = local(now_ms, read_shard(connection, shard_key).zone).date().isoformat()
    names: dict[str, str] = {}
    for row in connection.execute(query):
        name = had_name(row.reward_id, owner.key, details_of(row.details), day)
        if name is not None:
            names[name] = row.reward_id
    counted = bulk.by_key(connection, shard_key, (u.c.name, u.c.used), list(names))
    return {names[name]: pieces for name, pieces in counted}


def details_of(content: str | None) -> Details:
    """Return the details of a reward out of the column that holds them."""
    return Details() if content is None else msgspec.json.decode(content, type=Details)


def local(now_ms: int, zone: str) -> datetime:
    """Return a moment (ms UTC) as the mall's clocks show it."""
    return datetime.fromtimestamp(now_ms / 1000, tz=UTC).astimezone(ZoneInfo(zone))


def _stocked(
    connection: Connection, shard_key: int, reward_id: str, details: Details
) -> tuple[Stocked, ...]:
    """Return what of a reward, or of the parts of a bundle, there is only so much of."""
    parts: Sequence[Part] = details.parts or (Part(reward_id, 1),)
    t = schema.reward_stock.c
    columns, ids = (t.reward_id, t.place, t.supplied), [one.reward_id for one in parts]
    supplied: dict[str, dict[str, int]] = {}
    for of, place, pieces in sorted(bulk.by_key(connection, shard_key, columns, ids)):
        supplied.setdefault(of, {})[place] = pieces
    return tuple(
        Stocked(one.reward_id, one.pieces, supplied[one.reward_id])
        for one in parts
        if one.reward_id in supplied
    )


def _inside(connection: Connection, shard_key: int, details: Details) -> tuple[Inside, ...]:
    """Return the parts of a bundle with their own terms, which count inside it too."""
    if not details.parts:
        return ()
    t = schema.reward
    query = select(t.c.reward_id, t.c.details).where(t.c.shard_key == shard_key)
    query = query.where(t.c.reward_id.in_([one.reward_id for one in details.parts]))
    terms = {row.reward_id: details_of(row.details) for row in connection.execute(query)}
    return tuple(
        Inside(one.reward_id, one.pieces, terms.get(one.reward_id, Details()))
        for one in details.parts
    )


def home_device(connection: Connection, shard_key: int, shop_id: str) -> str | None:
    """Return the first enrolled till of a shop: the one that may take its vouchers offline."""
    found = _HOME.row(connection, shard_key=shard_key, shop_id=shop_id)
    return None if found is None else bytes(found.device_id).hex()

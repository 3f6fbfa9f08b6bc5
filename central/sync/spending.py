"""Leases and vouchers as devices ask for them: what the records say, then a command (SYNC 2.5)."""

from datetime import UTC, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from msgspec import structs
from sqlalchemy import Connection, select

from central import schema
from central.ledger.commands import GrantLease, Offer, UseVoucher
from central.ledger.judging.rows import Lease, Voucher
from central.ledger.queries import resolved
from central.ledger.shards import read_shard
from central.sync import census
from central.sync.callers import Caller, DeviceState
from central.sync.problems import counted, plain
from central.sync.service import Service
from loyalty import vouchers
from loyalty.codes import is_short_code, make_short_code
from loyalty.rules.earning import Reason
from loyalty.rules.rulebook import RuleBook, from_canonical
from loyalty.wire import LeaseAnswer, LeaseRequest, VoucherAnswer, VoucherRequest

#: How long a device may spend a lease, on its own boot clock; the points stay held beyond it.
LEASE_TTL_S = 900
_ID_BYTES = 16


def lease(service: Service, caller: Caller, request: LeaseRequest) -> LeaseAnswer:
    """Return a lease of the exact points of a reward, with its voucher, or why not."""
    plain("request_id", request.request_id)
    plain("reward_id", request.reward_id)
    plain("holder", request.holder.key)
    if request.session:  # agents of an older version do not say it
        plain("session", request.session)
    counted("epoch", request.epoch)
    now_ms = service.now_ms()
    offer = service.read(lambda one: _offer(one, service.shard_key, request, now_ms))
    if isinstance(offer, Offer) and offer.points > offer.limit:
        offer = _proven(service, caller, request, offer)
    given = service.run(
        GrantLease(
            holder=request.holder,
            device_id=caller.device_id,
            epoch=request.epoch,
            request_id=request.request_id,
            reward_id=request.reward_id,
            offer=offer,
            lease_id=service.random_bytes(_ID_BYTES).hex(),
            voucher_code=make_short_code("V", service.draw),
            session=request.session,
        )
    )
    if isinstance(given, Reason):
        return LeaseAnswer(refusal=given)
    granted, voucher = cast(tuple[Lease, Voucher], given)
    return LeaseAnswer(
        lease_id=granted.lease_id,
        points=granted.amount,
        voucher_code=voucher.code,
        voucher_signed=vouchers.signed_text(
            _signable(service.shard_key, voucher), service.central_key
        ),
        valid_until=voucher.valid_until,
        ttl_s=granted.ttl_s,
    )


def voucher(service: Service, caller: Caller, request: VoucherRequest) -> VoucherAnswer:
    """Use a voucher up for the device that asks, once; return its reward, or why not."""
    plain("request_id", request.request_id)
    if not is_short_code(request.voucher_code):
        return VoucherAnswer(refusal=Reason("voucher_unknown"))
    now_ms, key = service.now_ms(), service.shard_key
    zone = service.read(lambda connection: read_shard(connection, key)).zone
    waits = service.read(lambda connection: census.vouchers_wait(connection, key))
    today = _local(now_ms, zone).date().isoformat()
    used = service.run(
        UseVoucher(caller.device_id, request.request_id, request.voucher_code, today, waits)
    )
    if isinstance(used, Reason):
        return VoucherAnswer(refusal=used)
    return VoucherAnswer(reward_id=cast(Voucher, used).reward_id)


def current_book(connection: Connection, shard_key: int, now_ms: int) -> RuleBook | None:
    """Return the rule book in force; None before the first."""
    t = schema.rule_book
    query = select(t.c.canonical).where(t.c.shard_key == shard_key, t.c.effective_ms <= now_ms)
    query = query.order_by(t.c.effective_ms.desc(), t.c.version).limit(1)
    canonical = connection.execute(query).scalar_one_or_none()
    return from_canonical(canonical) if canonical is not None else None


def _offer(
    connection: Connection, shard_key: int, request: LeaseRequest, now_ms: int
) -> Offer | Reason:
    """Return what the records say about a reward now."""
    if census.leases_wait(connection, shard_key, now_ms, LEASE_TTL_S):
        return Reason("after_restore")
    t = schema.reward
    query = select(t).where(t.c.shard_key == shard_key, t.c.reward_id == request.reward_id)
    reward = connection.execute(query).one_or_none()
    if reward is None or not reward.offered:
        return Reason("reward_unknown")
    book = current_book(connection, shard_key, now_ms)
    if book is None:
        return Reason("no_rule_book")
    home = None
    if reward.home_shop is not None:
        home = _home_device(connection, shard_key, reward.home_shop)
        if home is None:
            return Reason("no_home_till")
    today = _local(now_ms, read_shard(connection, shard_key).zone).date()
    until = (today + timedelta(days=book.voucher_days)).isoformat()
    return Offer(reward.points, book.redeem_limit_points, home, until, LEASE_TTL_S)


def _proven(
    service: Service, caller: Caller, request: LeaseRequest, offer: Offer
) -> Offer | Reason:
    """Return an offer above the limit if its member proves to be there, else what is missing."""
    holder = service.read(lambda one: resolved(one, service.shard_key, request.holder))
    if holder.kind == "card":
        return Reason("member_unknown")
    missing = service.proof.missing(
        holder.key,
        caller.device_id,
        request.request_id,
        pin=request.pin,
        shown_pass=request.shown_pass,
    )
    if missing is not None:
        return Reason(missing, {"limit": str(offer.limit)})
    return structs.replace(offer, limit=offer.points)


def _home_device(connection: Connection, shard_key: int, shop_id: str) -> str | None:
    """Return the first enrolled till of a shop: the one that may take its vouchers offline."""
    t = schema.device
    query = select(t.c.device_id).where(
        t.c.shard_key == shard_key,
        t.c.shop_id == shop_id,
        t.c.role == "till",
        t.c.state == int(DeviceState.ENROLLED),
    )
    query = query.order_by(t.c.enrolled_ms, t.c.device_id).limit(1)
    device_id = connection.execute(query).scalar_one_or_none()
    return None if device_id is None else bytes(device_id).hex()


def _signable(shard_key: int, issued: Voucher) -> vouchers.Voucher:
    return vouchers.Voucher(
        shard_key=shard_key,
        code=issued.code,
        reward_id=issued.reward_id,
        home_device=issued.home_device,
        valid_until=issued.valid_until,
    )


def _local(now_ms: int, zone: str) -> datetime:
    return datetime.fromtimestamp(now_ms / 1000, tz=UTC).astimezone(ZoneInfo(zone))

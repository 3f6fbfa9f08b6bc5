"""Leases and vouchers as devices ask for them: what the records say, then a command (SYNC 2.5)."""

from typing import cast

from msgspec import UNSET
from sqlalchemy import Connection, bindparam, func, select

from central import schema
from central.access.turnstile import Crowded
from central.ledger.commands import UseVoucher
from central.ledger.judging.redemption_rows import Redemption
from central.ledger.judging.rows import Lease, Voucher
from central.ledger.lease_commands import GrantLease
from central.ledger.offer import Offer
from central.ledger.queries import resolved
from central.ledger.reward_commands import ReserveStock, ReturnVoucher
from central.ledger.shards import read_shard
from central.ledger.writing.statements import Statement
from central.schema.leases import is_open_lease
from central.sync import census, readying, tendering
from central.sync.callers import Caller
from central.sync.limits import LEASES_OPEN_MAX
from central.sync.problems import Refused, counted, malformed, plain
from central.sync.reward_offers import Wanted, local, offer_of
from central.sync.service import Service
from loyalty import vouchers
from loyalty.codes import is_short_code, make_short_code
from loyalty.leases import READY_REWARD
from loyalty.rules.earning import Reason
from loyalty.rules.tender import TENDER_REWARD
from loyalty.wire import (
    CancelAnswer,
    CancelRequest,
    LeaseAnswer,
    LeaseRequest,
    ReserveAnswer,
    ReserveRequest,
    VoucherAnswer,
    VoucherRequest,
)

_ID_BYTES = 16
_PIECES_MAX = 1_000
_RETRY_AFTER_S = 1
_WHY_MAX = 200
_OPEN = Statement(
    select(func.count().label("leases"))
    .select_from(schema.lease)
    .where(
        schema.lease.c.shard_key == bindparam("shard_key"),
        schema.lease.c.device_id == bindparam("device_id"),
        is_open_lease,
    )
)


def lease(service: Service, caller: Caller, request: LeaseRequest) -> LeaseAnswer:
    """Return a lease of the exact points of a reward, with its voucher, or why not."""
    plain("request_id", request.request_id)
    plain("reward_id", request.reward_id)
    plain("holder", request.holder.key)
    if request.session:  # agents of an older version do not say it
        plain("session", request.session)
    counted("epoch", request.epoch)
    counted("points", request.points)
    if request.gives_back:
        plain("gives_back", request.gives_back)
    _few("pieces", request.pieces, 1)
    now_ms = service.now_ms()
    offer = service.read(lambda one: _asked(one, service.shard_key, caller, request, now_ms))
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
            gives_back=request.gives_back,
        )
    )
    if isinstance(given, Reason):
        if request.shown_pass:
            service.proof.let_go(caller.device_id, request.request_id)
        return LeaseAnswer(refusal=given)
    granted, voucher, kept = cast(tuple[Lease, Voucher, Redemption], given)
    return LeaseAnswer(
        lease_id=granted.lease_id,
        points=granted.amount,
        voucher_code=voucher.code,
        voucher_signed=vouchers.signed_text(
            signable(service.shard_key, voucher, kept), service.central_key
        ),
        valid_until=voucher.valid_until,
        ttl_s=granted.ttl_s,
        place=kept.place,
    )


def reserve(service: Service, caller: Caller, request: ReserveRequest) -> ReserveAnswer:
    """Keep pieces of a reward for whoever decides at this device; 0 pieces lets them go."""
    plain("reward_id", request.reward_id)
    pieces, now_ms = _few("pieces", request.pieces), service.now_ms()
    wanted = Wanted(request.reward_id, caller.shop_id, max(pieces, 1))
    offer = service.read(lambda one: offer_of(one, service.shard_key, wanted, now_ms))
    if isinstance(offer, Reason):
        return ReserveAnswer(refusal=offer if pieces else None)
    kept = service.run(ReserveStock(caller.device_id, offer, let_go=not pieces))
    if isinstance(kept, Reason):
        return ReserveAnswer(refusal=kept)
    return ReserveAnswer(cast(int, kept))


def cancel(service: Service, caller: Caller, request: CancelRequest) -> CancelAnswer:
    """Take a redemption of this device back, if nobody handed anything over; or say why not."""
    plain("request_id", request.request_id)
    if not is_short_code(request.voucher_code):
        return CancelAnswer(refusal=Reason("voucher_unknown"))
    now_ms, key = service.now_ms(), service.shard_key
    if service.read(lambda connection: census.vouchers_doubtful_ms(connection, key)):
        return CancelAnswer(refusal=Reason("after_restore"))
    zone = service.read(lambda connection: read_shard(connection, key)).zone
    back = ReturnVoucher(
        code=request.voucher_code,
        cause="member",
        today=local(now_ms, zone).date().isoformat(),
        device_id=caller.device_id,
        request_id=request.request_id,
        why=request.why.strip()[:_WHY_MAX],
    )
    points = service.run(back)
    if isinstance(points, Reason):
        return CancelAnswer(refusal=points)
    return CancelAnswer(cast(int, points))


def voucher(service: Service, caller: Caller, request: VoucherRequest) -> VoucherAnswer:
    """Use a voucher up for the device that asks, once; return its reward, or why not."""
    plain("request_id", request.request_id)
    if not is_short_code(request.voucher_code):
        return VoucherAnswer(refusal=Reason("voucher_unknown"))
    now_ms, key = service.now_ms(), service.shard_key
    zone = service.read(lambda connection: read_shard(connection, key)).zone
    doubtful_ms = service.read(lambda one: census.vouchers_doubtful_ms(one, key))
    today = local(now_ms, zone).date().isoformat()
    used = service.run(
        UseVoucher(caller.device_id, request.request_id, request.voucher_code, today, doubtful_ms)
    )
    if isinstance(used, Reason):
        return VoucherAnswer(refusal=used)
    taken, what = cast(tuple[Voucher, Redemption], used)
    coupon = None if what.coupon is UNSET else what.coupon
    return VoucherAnswer(taken.reward_id, None, what.pieces, coupon, taken.valid_until)


def _asked(
    connection: Connection, shard_key: int, caller: Caller, request: LeaseRequest, now_ms: int
) -> Offer | Reason:
    """Return what the records offer for a request: a reward, points as money, or points ahead."""
    if _open(connection, shard_key, caller) >= LEASES_OPEN_MAX:
        return Reason("too_many_leases")
    if request.reward_id == TENDER_REWARD:
        return tendering.offer_of(connection, shard_key, caller, request, now_ms)
    if request.reward_id == READY_REWARD:
        return readying.offer_of(connection, shard_key, caller, now_ms)
    wanted = Wanted(request.reward_id, caller.shop_id, request.pieces, request.points)
    return offer_of(connection, shard_key, wanted, now_ms)


def _proven(
    service: Service, caller: Caller, request: LeaseRequest, offer: Offer
) -> Offer | Reason:
    """Return an offer above the limit if its member proves to be there, else what is missing."""
    holder = service.read(lambda one: resolved(one, service.shard_key, request.holder))
    if holder.kind == "card":
        return Reason("member_unknown")
    try:
        with service.turnstile.passing(caller.device_id.hex()):
            missing = service.proof.missing(
                holder.key,
                caller.device_id,
                request.request_id,
                pin=request.pin,
                shown_pass=request.shown_pass,
            )
    except Crowded as error:
        raise Refused(503, "busy", "too many PINs are being checked", _RETRY_AFTER_S) from error
    return offer if missing is None else Reason(missing, {"limit": str(offer.limit)})


def _open(connection: Connection, shard_key: int, caller: Caller) -> int:
    """Return how many leases a device has open, those in doubt too, as of before this call."""
    (found,) = _OPEN.rows(connection, shard_key=shard_key, device_id=caller.device_id)
    return int(found.leases)


def _few(name: str, value: int, least: int = 0) -> int:
    """Return how many pieces a call asks for. Raises Refused for what no reward ever gives."""
    if value > _PIECES_MAX:
        raise malformed(f"{name} is {value}, more than {_PIECES_MAX}")
    return counted(name, value, least)


def signable(shard_key: int, issued: Voucher, kept: Redemption) -> vouchers.Voucher:
    """Return what the QR of a voucher says."""
    return vouchers.Voucher(
        shard_key=shard_key,
        code=issued.code,
        reward_id=issued.reward_id,
        home_device=issued.home_device,
        valid_until=issued.valid_until,
        pieces=kept.pieces,
        coupon=None if kept.coupon is UNSET else kept.coupon,
    )

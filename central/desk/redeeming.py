"""What the service desk does with rewards and vouchers: redeem, hand over, take back.

Pages ask and show; here the question becomes a command, with everything the records say. A member
proves with a PIN or the code on their phone that they stand there: the desk too redeems for nobody
who is not.
"""

import unicodedata
from typing import Any, cast

from msgspec import Struct
from sqlalchemy import Connection, select

from central import schema
from central.access.pins import why_no_pin
from central.access.turnstile import Crowded
from central.ledger.commands import UseVoucher
from central.ledger.judging.redemption_rows import Redemption
from central.ledger.judging.rows import (
    CENTRAL_DEVICE,
    CENTRAL_EPOCH,
    Lease,
    Voucher,
    VoucherState,
)
from central.ledger.lease_commands import GrantLease
from central.ledger.offer import Offer
from central.ledger.reward_commands import RedeemAtDesk, ReturnVoucher
from central.ledger.shards import read_shard
from central.ledger.writing.projections import json_of
from central.sync import census
from central.sync.reward_offers import Wanted, local, offer_of
from central.sync.service import Service
from central.sync.spending import signable
from loyalty import vouchers
from loyalty.codes import MemberPass, VoucherCode, classify, is_short_code, make_short_code
from loyalty.coupons import Coupon
from loyalty.events import Holder
from loyalty.rules.earning import Reason
from loyalty.vouchers import NotAVoucher

_ID_BYTES = 16
#: A till that told everything so lately can hardly have taken a voucher since, unheard.
_HEARD_MS = 120_000


class Asked(Struct, frozen=True):
    """What a form asks for; `proof` is a PIN or the text of a shown pass.

    Pieces that are stocked come from `place` first, if there are as many.
    """

    request_id: str
    member: str
    reward_id: str
    pieces: int
    agreed: int
    proof: str
    place: str = ""


class Redeemed(Struct, frozen=True):
    """A voucher that the desk has just made; `place` is the shop that hands it over, or empty."""

    code: str
    signed: str
    reward_id: str
    points: int
    pieces: int
    valid_until: str
    place: str
    coupon: Coupon | None = None


class Looked(Struct, frozen=True):
    """A voucher that somebody shows at the desk, as the ledger has it."""

    code: str
    reward_id: str
    state: VoucherState
    valid_until: str
    place: str
    pieces: int
    home_device: str | None


def redeem(service: Service, asked: Asked) -> Redeemed | Reason:
    """Redeem for a member who proves to be there; the same request gives the same voucher."""
    now_ms, key = service.now_ms(), service.shard_key
    wanted = Wanted(asked.reward_id, asked.place, asked.pieces, asked.agreed)
    offer = service.read(lambda one: offer_of(one, key, wanted, now_ms))
    pin, shown = _proof(asked.proof)
    if isinstance(offer, Offer):
        try:
            with service.turnstile.passing("desk"):
                missing = service.proof.missing(
                    asked.member, CENTRAL_DEVICE, asked.request_id, pin=pin, shown_pass=shown
                )
        except Crowded:
            return Reason("crowded")
        if missing is not None:
            return Reason("proof_wanted" if missing == "proof_needed" else missing)
    grant = GrantLease(
        holder=Holder("member", asked.member),
        device_id=CENTRAL_DEVICE,
        epoch=CENTRAL_EPOCH,
        request_id=asked.request_id,
        reward_id=asked.reward_id,
        offer=offer,
        lease_id=service.random_bytes(_ID_BYTES).hex(),
        voucher_code=make_short_code("V", service.draw),
    )
    given = service.run(RedeemAtDesk(grant))
    if isinstance(given, Reason):
        if shown:
            service.proof.let_go(CENTRAL_DEVICE, asked.request_id)
        return given
    lease, voucher, kept = cast(tuple[Lease, Voucher, Redemption], given)
    said = signable(key, voucher, kept)
    return Redeemed(
        code=voucher.code,
        signed=vouchers.signed_text(said, service.central_key),
        reward_id=voucher.reward_id,
        points=lease.amount,
        pieces=kept.pieces,
        valid_until=voucher.valid_until,
        place=kept.place,
        coupon=kept.coupon or None,
    )


def _proof(text: str) -> tuple[str, str]:
    """Return the PIN or the pass that a text is; what is neither is no wrong try at a PIN."""
    scan = classify(text)
    if isinstance(scan, MemberPass):
        return "", scan.signed
    typed = unicodedata.normalize("NFKC", text).strip()
    return (typed if why_no_pin(typed) != "digits" else ""), ""


def read_code(service: Service, text: str) -> str | Reason:
    """Return the code of a voucher that was scanned or typed, or why it is none."""
    scan = classify(text)
    if not isinstance(scan, VoucherCode):
        return Reason("voucher_unknown")
    if scan.signed is None:
        code = scan.code or ""
        return code if is_short_code(code) else Reason("voucher_unknown")
    try:
        voucher = vouchers.read_signed(
            scan.signed, service.central_key.public_key().public_bytes_raw()
        )
    except NotAVoucher:
        return Reason("voucher_forged")
    ours = voucher.shard_key == service.shard_key
    return voucher.code if ours else Reason("voucher_forged")


def look(service: Service, code: str) -> Looked | None:
    """Return what the ledger has under a voucher's code, None if nothing."""
    return service.read(lambda connection: _look(connection, service.shard_key, code))


def hand_over(
    service: Service, code: str, request_id: str, place: str = ""
) -> tuple[Voucher, Redemption] | Reason:
    """Use a voucher up at the desk, out of what lies at `place`; one request gets one answer."""
    key, today = service.shard_key, _today(service)
    doubtful_ms = service.read(lambda one: census.vouchers_doubtful_ms(one, key))
    use = UseVoucher(CENTRAL_DEVICE, request_id, code, today, doubtful_ms, place)
    return cast(tuple[Voucher, Redemption] | Reason, service.run(use))


def take_back(
    service: Service, looked: Looked, staff: str, why: str, request_id: str
) -> int | Reason:
    """Give a redemption back by the word of a person; return the points."""
    if not why.strip():
        return Reason("cancel_why")
    key = service.shard_key
    if service.read(lambda connection: census.vouchers_doubtful_ms(connection, key)):
        return Reason("after_restore")
    sure = True
    if looked.home_device is not None:
        home, since_ms = bytes.fromhex(looked.home_device), service.now_ms() - _HEARD_MS
        sure = service.read(lambda c: census.has_told(c, key, home, since_ms))
    back = ReturnVoucher(
        code=looked.code,
        cause="staff",
        today=_today(service),
        device_id=CENTRAL_DEVICE,
        request_id=request_id,
        staff=staff,
        why=why.strip()[:200],
        home_is_sure=sure,
    )
    return cast(int | Reason, service.run(back))


def _look(connection: Connection, shard_key: int, code: str) -> Looked | None:
    v, r = schema.voucher, schema.redemption
    row: Any = connection.execute(
        select(v).where(v.c.shard_key == shard_key, v.c.code == code)
    ).one_or_none()
    if row is None:
        return None
    content = connection.execute(
        select(r.c.content).where(r.c.shard_key == shard_key, r.c.lease_id == row.lease_id)
    ).scalar_one_or_none()
    kept = Redemption() if content is None else json_of(content, Redemption)
    return Looked(
        code=row.code,
        reward_id=row.reward_id,
        state=VoucherState(row.state),
        valid_until=row.valid_until,
        place=kept.place,
        pieces=kept.pieces,
        home_device=row.home_device,
    )


def _today(service: Service) -> str:
    zone = service.read(lambda connection: read_shard(connection, service.shard_key)).zone
    return local(service.now_ms(), zone).date().isoformat()

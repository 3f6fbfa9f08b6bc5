"""The slip of a redemption from its facts."""

from edge_agent.effects import HeldSlip, Member, Now, Terms
from edge_agent.phrases import Phrase, counted
from edge_agent.slip_origin import called, origin
from edge_agent.slips import RedemptionSlip
from loyalty.catalogue import coupon_of
from loyalty.coupons import said
from loyalty.rules.reasons import Reason
from loyalty.wire import LeaseAnswer, RewardRow
from loyalty.wording import say


def redemption_slip(
    member: Member,
    reward: RewardRow,
    pieces: int,
    place: Phrase,
    lease: LeaseAnswer,
    now: Now,
    terms: Terms,
) -> HeldSlip:
    """Return the voucher on paper; its QR is signed by central, its code is for typing."""
    zh = terms.language == "zh"
    content = RedemptionSlip(
        origin=origin(now, terms, lease.voucher_code),
        member=called(member, terms),
        reward=counted(reward.name_zh if zh else reward.name_en, pieces),
        points=lease.points,
        code=lease.voucher_code,
        qr=lease.voucher_signed,
        valid_until=lease.valid_until,
        where=place.zh if zh else place.en,
        conditions=_conditions(reward, terms),
        balance=None if member.balance is None else member.balance - lease.points,
    )
    return HeldSlip(f"{lease.voucher_code}-redemption", lease.voucher_code, content)


def _conditions(reward: RewardRow, terms: Terms) -> tuple[str, ...]:
    """Return what a coupon takes off; other rewards have none."""
    coupon = coupon_of(reward.details)
    if coupon is None:
        return ()
    return say(said(coupon), terms.language), say(Reason("coupon_one_bill"), terms.language)

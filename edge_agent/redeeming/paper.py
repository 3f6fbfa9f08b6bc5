"""The slips of redeeming from their facts: a voucher, a right to park, a cancellation."""

from edge_agent.effects import HeldSlip, Member, Now, Terms
from edge_agent.phrases import Phrase, counted
from edge_agent.redeeming.state import Visit, Voucher
from edge_agent.slips.origin import called, origin
from edge_agent.slips.vouchers import CancellationSlip, ParkingSlip, RedemptionSlip
from loyalty.catalogue import coupon_of
from loyalty.coupons import said
from loyalty.plates import shown
from loyalty.rules.reasons import Reason
from loyalty.wire import LeaseAnswer, RewardRow
from loyalty.wording import say


def redemption_slip(
    member: Member,
    reward: RewardRow,
    visit: Visit,
    place: Phrase,
    lease: LeaseAnswer,
    now: Now,
    terms: Terms,
) -> HeldSlip:
    """Return the voucher on paper; its QR is signed by central, its code is for typing."""
    code, zh = lease.voucher_code, terms.language == "zh"
    slip_id = f"{code}-redemption"
    if reward.kind == "parking":
        parking = ParkingSlip(
            origin=origin(now, terms, code),
            member=called(member, terms),
            hours=_hours(reward, visit.pieces, zh=zh),
            points=lease.points,
            code=code,
            qr=lease.voucher_signed,
            valid_until=lease.valid_until,
            where=place.zh if zh else place.en,
            plate=shown(visit.plate),
            balance=None if member.balance is None else member.balance - lease.points,
        )
        return HeldSlip(slip_id, code, parking)
    content = RedemptionSlip(
        origin=origin(now, terms, lease.voucher_code),
        member=called(member, terms),
        reward=counted(reward.name_zh if zh else reward.name_en, visit.pieces),
        points=lease.points,
        code=lease.voucher_code,
        qr=lease.voucher_signed,
        valid_until=lease.valid_until,
        where=place.zh if zh else place.en,
        conditions=_conditions(reward, terms),
        balance=None if member.balance is None else member.balance - lease.points,
    )
    return HeldSlip(slip_id, code, content)


def cancellation_slip(
    member: Member, voucher: Voucher, points: int, now: Now, terms: Terms
) -> HeldSlip:
    """Return the notice that a redemption was taken back, with the end of its void code."""
    reward, zh = voucher.reward, terms.language == "zh"
    content = CancellationSlip(
        origin=origin(now, terms, voucher.code),
        member=called(member, terms),
        reward=counted(reward.name_zh if zh else reward.name_en, voucher.pieces),
        points=points,
        code=f"****{voucher.code[-4:]}",
    )
    return HeldSlip(f"{voucher.code}-cancellation", voucher.code, content)


def _hours(reward: RewardRow, pieces: int, *, zh: bool) -> str:
    """Return how long somebody may park: pieces of the reward's own unit, else by its name."""
    unit = reward.details.unit_zh if zh else reward.details.unit_en
    if unit:
        return f"{pieces} {unit}"
    return counted(reward.name_zh if zh else reward.name_en, pieces)


def _conditions(reward: RewardRow, terms: Terms) -> tuple[str, ...]:
    """Return what a coupon takes off; other rewards have none."""
    coupon = coupon_of(reward.details)
    if coupon is None:
        return ()
    return say(said(coupon), terms.language), say(Reason("coupon_one_bill"), terms.language)

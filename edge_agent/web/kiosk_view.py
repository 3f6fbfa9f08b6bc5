"""The kiosk's part of the snapshot."""

from edge_agent.effects import Now, Terms
from edge_agent.journal.journal import Journal
from edge_agent.kiosk.machine import IDLE_WARNING_S, State, leaves_s, why_not
from edge_agent.web.views import Json, member, notice, reward, slip, sound, words
from loyalty.codes import group
from loyalty.rules.basket import Basket
from loyalty.rules.campaigns import Who
from loyalty.rules.earning import award, money
from loyalty.wire import RewardRow


def kiosk_view(state: State, journal: Journal, now: Now, terms: Terms, *, online: bool) -> Json:
    """Return what the kiosk shows besides the device itself."""
    chosen = None if state.chosen is None else _reward(state, state.chosen, online=online)
    person = None
    if state.member is not None:
        person = {**member(state.member, terms), "available": state.available}
    return {
        "sound": sound(state.tone, state.notices),
        "notice": notice(state.tone, state.refusal or state.notice, state.notices),
        "step": state.step,
        "member": person,
        "rewards": [_reward(state, each, online=online) for each in journal.rewards()],
        "chosen": chosen,
        "refusal": words(state.refusal),
        "voucher": _voucher(state, journal),
        "claim": _claim(state, journal, terms),
        "claim_waits": bool(state.claim_hash),
        "activity": _activity(state),
        "idle": _idle(state, now),
    }


def _reward(state: State, row: RewardRow, *, online: bool) -> Json:
    refusal = why_not(state, row, online=online)
    return {**reward(row), "affordable": refusal is None, "why_not": words(refusal)}


def _voucher(state: State, journal: Journal) -> Json | None:
    voucher = state.voucher
    if voucher is None:
        return None
    return {
        "code": group(voucher.code),
        "qr": voucher.signed,
        "reward": {"zh": voucher.reward.name_zh, "en": voucher.reward.name_en},
        "points": voucher.reward.points,
        "valid_until": voucher.valid_until,
        "where": words(voucher.place),
        "slip": slip(journal.slip(voucher.slip_id)),
    }


def _claim(state: State, journal: Journal, terms: Terms) -> Json | None:
    claim = state.claim
    if claim is None:
        return None
    shop = journal.shop(claim.shop_id) if claim.shop_id else None
    tier_id = state.member.tier_id if state.member else ""
    points = None
    if shop is not None:
        basket = Basket(claim.eligible_fen, shop.shop_id, shop.category)
        points = award(basket, Who(tier_id), None, terms.book).points
    return {
        "state": claim.state,
        "shop": None if shop is None else {"zh": shop.name_zh, "en": shop.name_en},
        "amount": money(claim.eligible_fen),
        "currency": terms.book.currency,
        "points": points,
        "phrase": words(claim.phrase),
    }


def _activity(state: State) -> Json | None:
    took = state.activity
    if took is None:
        return None
    return {
        "state": took.state,
        "zh": took.name_zh,
        "en": took.name_en,
        "points": took.points,
        "phrase": words(took.phrase),
    }


def _idle(state: State, now: Now) -> Json | None:
    leaves = leaves_s(state)
    if leaves is None or leaves - now.boottime_s > IDLE_WARNING_S:
        return None
    left_ms = round((leaves - now.boottime_s) * 1000)
    return {"leaves_ms": now.moment.wall_ms + left_ms}

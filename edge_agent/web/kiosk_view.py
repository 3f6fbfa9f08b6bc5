"""The kiosk's part of the snapshot."""

from typing import NamedTuple

from edge_agent.effects import Now, Terms
from edge_agent.journal.journal import Journal
from edge_agent.kiosk.redeeming import left_of, why_not
from edge_agent.kiosk.state import IDLE_WARNING_S, State, leaves_s
from edge_agent.phrases import counted
from edge_agent.web.views import Json, member, notice, reward, slip, sound, words
from loyalty.catalogue import price
from loyalty.codes import group
from loyalty.rules.basket import Basket
from loyalty.rules.campaigns import Who
from loyalty.rules.earning import award, money
from loyalty.wire import RewardRow


def kiosk_view(state: State, journal: Journal, now: Now, terms: Terms, *, online: bool) -> Json:
    """Return what the kiosk shows besides the device itself."""
    shelf = Shelf(journal.stock(), "" if now.today is None else now.today.isoformat(), online)
    chosen = None if state.chosen is None else _chosen(state, state.chosen, shelf)
    person = None
    if state.member is not None:
        person = {**member(state.member, terms), "available": state.available}
    return {
        "sound": sound(state.tone, state.notices),
        "notice": notice(state.tone, state.refusal or state.notice, state.notices),
        "step": state.step,
        "member": person,
        "rewards": [_reward(state, each, shelf) for each in journal.rewards()],
        "chosen": chosen,
        "refusal": words(state.refusal),
        "voucher": _voucher(state, journal),
        "claim": _claim(state, journal, terms),
        "claim_waits": bool(state.claim_hash),
        "activity": _activity(state),
        "idle": _idle(state, now),
    }


class Shelf(NamedTuple):
    """What the rewards are seen by: pieces in stock, the mall's day (empty: not sure), the link."""

    stock: dict[str, int]
    day: str
    online: bool


def _reward(state: State, row: RewardRow, shelf: Shelf, pieces: int = 1) -> Json:
    left = left_of(row, shelf.stock)
    refusal = why_not(state, row, online=shelf.online, day=shelf.day, left=left, pieces=pieces)
    details = row.details
    return {
        **reward(row),
        "points": price(row.points, details, shelf.day),
        "usual": row.points,
        "left": left,
        "about": {"zh": details.about_zh, "en": details.about_en},
        "picture": details.picture,
        "affordable": refusal is None,
        "why_not": words(refusal),
    }


def _chosen(state: State, row: RewardRow, shelf: Shelf) -> Json:
    """Return the reward that the member decides about, and how many of it."""
    open_shelf = shelf._replace(stock={})  # its pieces are kept for this member
    details = row.details
    return {
        **_reward(state, row, open_shelf, state.pieces),
        "points": state.price,
        "pieces": state.pieces,
        "pieces_max": details.pieces_max,
        "unit": {"zh": details.unit_zh, "en": details.unit_en},
        "where": words(state.place),
    }


def _voucher(state: State, journal: Journal) -> Json | None:
    voucher = state.voucher
    if voucher is None:
        return None
    return {
        "code": group(voucher.code),
        "qr": voucher.signed,
        "reward": {
            "zh": counted(voucher.reward.name_zh, voucher.pieces),
            "en": counted(voucher.reward.name_en, voucher.pieces),
        },
        "points": voucher.points,
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

"""The kiosk's part of the snapshot."""

from edge_agent.effects import Now, Terms
from edge_agent.journal.journal import Journal
from edge_agent.kiosk.state import IDLE_WARNING_S, State, leaves_s
from edge_agent.redeeming.reach import Reach
from edge_agent.web.redeeming_view import redeeming_view
from edge_agent.web.views import Json, notice, sound, words
from loyalty.rules.basket import Basket
from loyalty.rules.campaigns import Who
from loyalty.rules.earning import award, money


def kiosk_view(state: State, journal: Journal, now: Now, terms: Terms, reach: Reach) -> Json:
    """Return what the kiosk shows besides the device itself."""
    return {
        "sound": sound(state.tone, state.notices),
        "notice": notice(state.tone, state.refusal or state.notice, state.notices),
        **redeeming_view(state, journal, now, terms, reach),
        "claim": _claim(state, journal, terms),
        "claim_waits": bool(state.claim_hash),
        "activity": _activity(state),
        "idle": _idle(state, now),
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

"""What a screen shows of redeeming: the rewards, the chosen one, the voucher."""

from collections.abc import Sequence
from typing import NamedTuple

from edge_agent.effects import Now, Terms
from edge_agent.journal.journal import Journal
from edge_agent.phrases import counted, phrase
from edge_agent.redeeming.offered import inside_of, left_of, why_not
from edge_agent.redeeming.reach import Reach, said
from edge_agent.redeeming.state import Visit
from edge_agent.till.redeeming import Redeeming
from edge_agent.web.views import Json, member, reward, slip, words
from loyalty.catalogue import price
from loyalty.codes import group
from loyalty.plates import shown
from loyalty.wire import RewardRow


def redeeming_view(visit: Visit, journal: Journal, now: Now, terms: Terms, reach: Reach) -> Json:
    """Return a visit as a screen may show it; `reach` says why not more without central."""
    day = "" if now.today is None else now.today.isoformat()
    shelf = Shelf(journal.stock(), day, reach, journal.rewards())
    person = None
    if visit.member is not None:
        person = {**member(visit.member, terms), "available": visit.available}
    away = said(reach) if visit.member is not None else None
    return {
        "step": visit.step,
        "member": person,
        "rewards": [_reward(visit, each, shelf) for each in shelf.rewards],
        "chosen": None if visit.chosen is None else _chosen(visit, visit.chosen, shelf),
        "refusal": words(visit.refusal),
        "voucher": _voucher(visit, journal),
        "away": None if away is None else words(phrase(away)),
    }


def rewards_view(redeeming: Redeeming, journal: Journal, now: Now, terms: Terms) -> Json:
    """Return what a till's panel shows of a member's rewards; None while nobody redeems there."""
    visit = redeeming.visit
    if visit is None:
        return {"redeeming": None}
    reach = redeeming.counter.reach(visit.member, terms)
    return {"redeeming": redeeming_view(visit, journal, now, terms, reach)}


class Shelf(NamedTuple):
    """What the rewards are seen by: stock, the day (empty: not sure), the reach, the catalogue."""

    stock: dict[str, int]
    day: str
    reach: Reach
    rewards: Sequence[RewardRow]


def _reward(
    visit: Visit, row: RewardRow, shelf: Shelf, pieces: int = 1, *, kept: bool = False
) -> Json:
    left = None if kept else left_of(row, shelf.stock)
    refusal = why_not(
        visit,
        row,
        shelf.reach,
        day=shelf.day,
        left=left,
        pieces=pieces,
        kept=kept,
        inside=inside_of(row, shelf.rewards),
    )
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


def _chosen(visit: Visit, row: RewardRow, shelf: Shelf) -> Json:
    """Return the reward that the member decides about; counted pieces are kept for them."""
    details = row.details
    return {
        **_reward(visit, row, shelf, visit.pieces, kept=visit.kept),
        "points": visit.price,
        "pieces": visit.pieces,
        "pieces_max": details.pieces_max,
        "unit": {"zh": details.unit_zh, "en": details.unit_en},
        "where": words(visit.place),
        "parks": row.kind == "parking",
        "plate": shown(visit.plate),
    }


def _voucher(visit: Visit, journal: Journal) -> Json | None:
    voucher = visit.voucher
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

"""What both kinds of screen show of members, rewards, slips and phrases, as plain JSON."""

from typing import Any

import msgspec

from edge_agent.effects import Member, Terms
from edge_agent.journal.papers.slips import SlipRecord
from edge_agent.phrases import Phrase, Tone, phrase, told_why
from loyalty.rules.reasons import of_benefits
from loyalty.rules.rulebook import RuleBook
from loyalty.wire import RewardRow

Json = dict[str, Any]

_SOUND = {"ok": "ok", "info": "ok", "attention": "attention", "error": "error", None: None}


def words(phrase: Phrase | None) -> Json | None:
    """Return a phrase in both languages."""
    return None if phrase is None else msgspec.to_builtins(phrase)


def sound(tone: Tone | None, serial: int) -> Json:
    """Return what a screen must let people hear; it plays when `serial` grows."""
    return {"serial": serial, "kind": _SOUND[tone]}


def notice(tone: Tone | None, phrase: Phrase | None, serial: int) -> Json | None:
    """Return what a screen tells people now."""
    if tone is None or phrase is None:
        return None
    shown = "warn" if tone == "attention" else tone
    return {"tone": shown, "phrase": words(phrase), "serial": serial}


def tier(tier_id: str, book: RuleBook) -> Json:
    """Return a tier by its names."""
    found = book.tier(tier_id)
    return {"id": found.id, "zh": found.name_zh, "en": found.name_en}


def member(person: Member, terms: Terms) -> Json:
    """Return a member as screens may show them."""
    held = terms.book.tier(person.tier_id)
    return {
        "masked_name": person.masked_name,
        "number_tail": person.number_tail,
        "tier": tier(person.tier_id, terms.book),
        "balance": person.balance,
        "pending": person.pending,
        "new_card": person.new_card,
        "told": [words(told_why(one.code, **one.values)) for one in person.told],
        "benefits": [words(phrase(one)) for one in of_benefits(held, terms.book)],
    }


def reward(row: RewardRow) -> Json:
    """Return a reward of the catalogue."""
    return {
        "reward_id": row.reward_id,
        "zh": row.name_zh,
        "en": row.name_en,
        "points": row.points,
        "kind": row.kind,
    }


def slip(record: SlipRecord | None) -> Json | None:
    """Return a slip and what became of it; one that is not wanted any more is none."""
    if record is None or record.slip.state in ("held", "dropped"):
        return None
    state = "queued" if record.slip.state == "handed_over" else record.slip.state
    return {"slip_id": record.slip.slip_id, "state": state}

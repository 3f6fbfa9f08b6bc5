"""What cases say beside awards: remainders, lots, days, benefits, changes of tier, reminders."""

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.rules.counting import carried, rest_name
from loyalty.rules.earning import PARTS, Award
from loyalty.rules.expiry import end_of_day_ms
from loyalty.rules.lots import Lot, draw, put_back, taken
from loyalty.rules.reasons import of_benefits, of_tier_change
from loyalty.rules.reminders import Reachable, due
from loyalty.rules.rulebook import RuleBook
from loyalty.wording import say


def check_rests(case: dict[str, Any], book: RuleBook, given: Award) -> None:
    for one in case.get("rests", []):
        before = Fraction(one["before"]) * PARTS
        extra, moved = carried(book, given, "m", lambda _, before=before: int(before))
        after = Fraction(int(before) + moved.get(rest_name("m"), 0), PARTS)
        assert (extra, after) == (one["extra"], Fraction(one["after"])), one


def check_others(case: dict[str, Any], book: RuleBook) -> None:
    lots = [_lot(*one) for one in case.get("lots", [])]
    for one in case.get("draws", []):
        draws = draw(lots, one["points"])
        pieces = taken(lots, draws)
        assert list(pieces) == [_lot(*each) for each in one["took"]], one
        gone = {each.lot_id: each.points for each in draws}
        left = [
            Lot(each.lot_id, each.expires_on, each.left - gone.get(each.lot_id, 0)) for each in lots
        ]
        left = [each for each in left if each.left]
        assert left == [_lot(*each) for each in one["left"]], one
        if "again" in one:
            assert list(put_back(left, pieces)) == [_lot(*each) for each in one["again"]], one
    for one in case.get("ends", []):
        end_ms = end_of_day_ms(date.fromisoformat(one["day"]), ZoneInfo(one["zone"]))
        assert datetime.fromtimestamp(end_ms / 1000, UTC) == datetime.fromisoformat(one["utc"]), one
    for one in case.get("benefits", []):
        reasons = of_benefits(book.tier(one["tier"]), book)
        assert [say(reason, "zh") for reason in reasons] == one["zh"], one
        assert [say(reason, "en") for reason in reasons] == one["en"], one
    for one in case.get("changes", []):
        tier, until, why = book.tier(one["tier"]), one.get("until", ""), one.get("why", "")
        reason = of_tier_change(one["cause"], tier, one["points"], until, why)
        assert reason is not None
        assert (say(reason, "zh"), say(reason, "en")) == (one["zh"], one["en"]), one
    rewards = [Reachable(*one) for one in case.get("rewards", [])]
    for one in case.get("reminders", []):
        day = date.fromisoformat(one["day"])
        found = due(book, [day], lots, one["available"], one["tier_points"], rewards)
        assert [say(each.reason, "zh") for each in found] == one["zh"], one
        assert [say(each.reason, "en") for each in found] == one["en"], one


def _lot(name: str, until: str, left: int) -> Lot:
    return Lot(name.encode(), date.fromisoformat(until), left)

"""Which campaigns and activities of the rule book in force on a day begin or end on it.

The rules ask the calendar themselves, so nothing has to be switched: this says so in time.
"""

from datetime import date, datetime, time, timedelta

from central.app import Parts
from central.database import reading
from central.ledger.books import book_in_force
from loyalty.rules.activities import Activity
from loyalty.rules.campaigns import Campaign


def run(parts: Parts, day: date) -> tuple[int, str]:
    """Return how many begin on `day` or have it as their last day, and their names."""
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=parts.config.tz())
    with reading(parts.engine) as connection:
        book = book_in_force(connection, parts.config.shard_key, round(end.timestamp() * 1000) - 1)
    if book is None:
        return 0, "没有规则 / no rule book"
    said = []
    dated: list[Campaign | Activity] = [*book.campaigns, *book.activities]
    for one in dated:
        if one.from_day == day:
            said.append(f"开始 {one.name_zh} / begins: {one.name_en}")
        if one.until_day == day:
            said.append(f"最后一天 {one.name_zh} / last day: {one.name_en}")
    return len(said), "; ".join(said)

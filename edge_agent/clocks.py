"""One moment by every clock, as the state machines are told it: the one place that decides the day.

Central's time as the boot's own clock carries it on is the only day that is told, printed or
judged by; the wall clock, which anybody can set, never is (P8).
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from edge_agent.effects import Now
from edge_agent.journal.reader import Reader
from loyalty.events import Moment


def now(journal: Reader, zone: ZoneInfo, at: Moment) -> Now:
    """Return the moment `at`, with the mall's time if central was met since this boot began."""
    sure_ms = journal.sure_ms(at)
    local = None
    if sure_ms is not None:
        moment = datetime.fromtimestamp(sure_ms / 1000, UTC).astimezone(zone)
        local = moment.strftime("%Y-%m-%d %H:%M:%S")
    return Now(at.boottime_ms / 1000, at, local)

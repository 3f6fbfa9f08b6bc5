"""One moment by every clock of this machine, as the state machines are told it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from edge_agent.effects import Now
from edge_agent.journal.clock import moment


def now(zone: ZoneInfo) -> Now:
    """Return this moment; `local` is the mall's time of the wall clock."""
    at = moment()
    local = datetime.fromtimestamp(at.wall_ms / 1000, UTC).astimezone(zone)
    return Now(at.boottime_ms / 1000, at, local.strftime("%Y-%m-%d %H:%M:%S"))

"""A balance as a cashier looks it up: typed in, read off the panel, closed."""

from __future__ import annotations

from typing import Any

from tillpoints.demo.processes import wait_for
from tillpoints.demo.station import Station

TIMEOUT_S = 15.0


def lookup(station: Station, number: str, hoped: int) -> int | None:
    """Return the balance that a till shows for a member; wait a while for the `hoped` one.

    What central booked reaches a till with its next pull, so another balance may come first.
    """
    seen: int | None = None

    def asked() -> bool:
        nonlocal seen
        station.screens.do("lookup", text=number)
        found = wait_for("the answer", lambda: _result(station, number), timeout_s=TIMEOUT_S)
        seen = found["balance"]
        return seen == hoped

    try:
        wait_for("the balance", asked, timeout_s=TIMEOUT_S, every_s=0.3)
    except TimeoutError:
        return seen
    finally:
        station.screens.do("dismiss")
    return seen


def _result(station: Station, number: str) -> dict[str, Any] | None:
    state = station.screens.state() or {}
    result: dict[str, Any] | None = (state.get("lookup") or {}).get("result")
    return result if result and result["number_tail"] == f"****{number[-4:]}" else None

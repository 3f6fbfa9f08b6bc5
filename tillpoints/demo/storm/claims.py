"""After the storm: who was not scanned goes to the kiosk with the slip."""

from __future__ import annotations

from typing import Any

from tillpoints.demo.processes import wait_for
from tillpoints.demo.sheet import Sheet
from tillpoints.demo.station import Station
from tillpoints.demo.world import Person

_ANSWER_TIMEOUT_S = 20.0


def claim_all(kiosk: Station, person: Person, slips: list[Sheet]) -> None:
    """Scan each claim slip at the kiosk for `person`. Raises TimeoutError for an unanswered one."""
    for slip in slips:
        if (_state(kiosk).get("member") or {}).get("number_tail") != f"****{person.number[-4:]}":
            kiosk.scanner.scan(f"TPM{person.number}")
            wait_for(
                "the kiosk to know the member",
                lambda: _state(kiosk).get("member"),
                timeout_s=_ANSWER_TIMEOUT_S,
            )
        before = _state(kiosk)["sound"]["serial"]
        kiosk.scanner.scan(slip.qr_codes[0])
        wait_for(
            f"the kiosk's answer to the claim of {slip.lines}",
            lambda before=before: _answered(kiosk, before),  # type: ignore[misc]
            timeout_s=_ANSWER_TIMEOUT_S,
        )


def _answered(kiosk: Station, before: int) -> bool:
    state = _state(kiosk)
    return bool(state and state["claim"] and state["sound"]["serial"] > before)


def _state(kiosk: Station) -> dict[str, Any]:
    return kiosk.screens.state() or {}

"""What a serial cable carries beside bytes, passed from one end to the other: wires and breaks."""

from __future__ import annotations

from edge_agent.devices.tap.ends import DeviceEnd
from edge_agent.devices.tap.loop import NEVER

# A break lasts longer than the longest character; the POS's own length is not told to us.
_BREAK_S = 0.25
_WIRES_EVERY_S = 0.02


class Crossing:
    """The wires between two ends, crossed as in a null-modem cable."""

    def __init__(self) -> None:
        self._wires_at_s = 0.0
        self._break_until_s = 0.0

    def begin(self) -> None:
        """Look at the wires soon: an end was opened."""
        self._wires_at_s = 0.0

    def break_came(self, printer: DeviceEnd, now_s: float) -> float:
        """Begin a break; return when it ends."""
        printer.send_break(on=True)
        self._break_until_s = now_s + _BREAK_S
        return self._break_until_s

    def mirror(self, pos: DeviceEnd, printer: DeviceEnd, now_s: float) -> float:
        """Pass the wires on, both ways, and end a break; return when to be called next."""
        if not (pos.is_serial and printer.is_serial):
            return NEVER
        if self._break_until_s and now_s >= self._break_until_s:
            printer.send_break(on=False)
            self._break_until_s = 0.0
        if now_s < self._wires_at_s:
            return min(self._wires_at_s, self._break_until_s or NEVER)
        self._wires_at_s = now_s + _WIRES_EVERY_S
        for one, other in ((pos, printer), (printer, pos)):
            wires = one.wires()
            if wires is None:
                self._wires_at_s = NEVER  # one of them has none
                break
            other.drive(wires)
        return min(self._wires_at_s, self._break_until_s or NEVER)

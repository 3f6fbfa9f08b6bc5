"""Whether a camera can see: dark, covered and blurred pictures, told once they last.

Pure: time comes with each frame. Limits were set on the frames of `tillpoints bench devices` and
are meant to be crossed only by pictures in which nobody could read.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from msgspec import Struct

from edge_agent.devices.codes.libraries import Picture

Trouble = Literal["", "camera_dark", "camera_covered", "camera_blurred"]

#: A hand that reaches over the counter is no trouble; one that stays there is.
LASTS_S = 3.0
_LIGHT_MIN = 14.0
_RANGE_MIN = 8.0
#: The steepest edges' share of the whole range, from one dot to the next but one.
_STEEPEST_MIN = 0.16
_LOOKED_AT = (640, 360)


def trouble_of(picture: Picture) -> Trouble:
    """Return what keeps this one frame from being seen."""
    calm = cv2.GaussianBlur(
        cv2.resize(picture, _LOOKED_AT, interpolation=cv2.INTER_AREA), (3, 3), 0
    )
    darkest, lightest = (float(each) for each in np.percentile(calm, (1, 99)))
    spread = lightest - darkest
    if lightest < _LIGHT_MIN:
        return "camera_dark"
    if spread < _RANGE_MIN:
        return "camera_covered"
    across = cv2.absdiff(calm[:, 2:], calm[:, :-2])
    down = cv2.absdiff(calm[2:], calm[:-2])
    steepest = max(float(np.percentile(across, 99.9)), float(np.percentile(down, 99.9)))
    return "camera_blurred" if steepest < _STEEPEST_MIN * spread else ""


class Sight(Struct):
    """How a camera has been seeing lately. `trouble` is what lasts; a code that is read ends it."""

    trouble: Trouble = ""
    _now: Trouble = ""
    _since_s: float = 0.0

    def looked(self, now: Trouble, at_s: float) -> None:
        """Take what a frame shows at a time; what was there for LASTS_S becomes the trouble."""
        if now != self._now:
            self._now, self._since_s = now, at_s
        if not now or at_s - self._since_s >= LASTS_S:
            self.trouble = now

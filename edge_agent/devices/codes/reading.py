"""Pictures to codes: what is cheap first, then patch by patch what makes a code readable.

zxing-cpp reads what is plain to see. Where it sees nothing, the patches in which a code may be are
mended in one way after the other until one reads or the time is up. A wrong text is worse than
none: what a mended picture says must vouch for itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from edge_agent.devices.codes import mending
from edge_agent.devices.codes.libraries import (
    BARS,
    EVERY,
    QR,
    Code,
    Picture,
    Reader,
    with_zbar,
    with_zxing,
)
from edge_agent.devices.codes.locating import patches

#: Patches beyond this are large enough as they are; twice their size is only slow.
_DOUBLED_DOTS_MAX = 120_000

_Mend = Callable[[Picture], Picture | None]
_bars_only = partial(with_zxing, kinds=BARS, turned=False)

# In the order of what they find for their time, as `tillpoints bench devices` counts it.
_WAYS: tuple[tuple[_Mend, Reader], ...] = (
    (np.asarray, with_zxing),
    (mending.halved, with_zbar),
    (mending.inverted, with_zxing),
    (mending.upright, _bars_only),
    (mending.evened, with_zxing),
    (mending.calmed, with_zxing),
    (mending.in_two_tones, with_zxing),
    (mending.sharpened, with_zxing),
    (mending.doubled, with_zxing),
    (mending.upright, with_zbar),
    (mending.doubled, with_zbar),
)

#: These move dots and make none up.
_FAITHFUL = frozenset((np.asarray, mending.inverted, mending.upright))


def read_all(picture: Picture) -> list[Code]:
    """Return every code in a picture, of every kind, whatever time it takes."""
    return with_zxing(picture, EVERY) or next(filter(None, _mended(picture)), [])


def read_soon(picture: Picture, budget_s: float) -> list[Code]:
    """Return what can be read of a camera's frame for about so many seconds of this thread's work.

    QR codes come first: who holds one to a camera holds nothing else to it. On a busy machine it
    takes longer and reads no less.
    """
    until_s = time.thread_time() + budget_s
    if found := with_zxing(picture, QR):
        return found
    for found in _mended(picture):
        if found or time.thread_time() > until_s:
            return found
    return with_zxing(picture)


def _mended(picture: Picture) -> Iterator[list[Code]]:
    """Mend patch by patch, one way after the other, and yield what each attempt read for sure.

    Mending can make other bars of bars, and one wrong code of ten has the right check digit: such
    bars must be read alike in two ways.
    """
    found = patches(picture)
    once: set[Code] = set()
    for mend, read in _WAYS:
        for patch in found:
            if mend is mending.doubled and patch.size > _DOUBLED_DOTS_MAX:
                continue
            mended = mend(patch)
            if mended is None:
                continue
            codes = read(mended)
            yield [
                code for code in codes if code.corrects_itself or mend in _FAITHFUL or code in once
            ]
            once.update(codes)

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
    STRONG,
    Code,
    Kinds,
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
    (mending.crisp, with_zxing),
    (mending.upright, with_zbar),
    (mending.doubled, with_zbar),
)

_DOUBLING = frozenset((mending.crisp, mending.doubled))
#: These move dots and make none up: without its grain, such a patch shows the same once more.
_FAITHFUL = frozenset((np.asarray, mending.inverted, mending.upright))


def read_all(picture: Picture) -> list[Code]:
    """Return every code in a picture, of every kind, whatever time it takes."""
    return _plain(picture, EVERY) or next(filter(None, _mended(picture)), [])


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
    return _plain(picture, STRONG)


def _plain(picture: Picture, kinds: Kinds) -> list[Code]:
    """Return what is plain to see; bars must be read alike once more, without the grain."""
    codes = with_zxing(picture, kinds)
    if all(code.corrects_itself for code in codes):
        return codes
    again = with_zxing(mending.softened(picture), kinds)
    return [code for code in codes if code.corrects_itself or code in again]


def _mended(picture: Picture) -> Iterator[list[Code]]:
    """Mend patch by patch, one way after the other, and yield what each attempt read for sure.

    Mending and grain can make other bars of bars, and one wrong code of ten has the right check
    digit: bars must be read alike in two ways.
    """
    found = patches(picture)
    once: set[Code] = set()
    for mend, read in _WAYS:
        for patch in found:
            if mend in _DOUBLING and patch.size > _DOUBLED_DOTS_MAX:
                continue
            mended = mend(patch)
            if mended is None:
                continue
            codes = read(mended)
            if mend in _FAITHFUL and not all(code.corrects_itself for code in codes):
                once.update(_bars_only(mending.softened(mended)))
            yield [code for code in codes if code.corrects_itself or code in once]
            once.update(codes)

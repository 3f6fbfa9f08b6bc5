"""Where in a picture codes may be: patches with more edges than the rest.

Pure. It only points: a patch may hold no code, and a code may lie outside of every patch.
"""

from __future__ import annotations

import cv2
import numpy as np

from edge_agent.devices.codes.libraries import Picture

#: A patch is looked for on a grid of so many dots.
_GRID = 8
_PATCHES_MAX = 4
_CELLS_MIN = 6
#: The smallest code of all has eleven modules a side.
_CODE_DOTS_MIN = 11
#: The white margin that every code wants, and a little more.
_MARGIN_CELLS = 3


def patches(picture: Picture) -> list[Picture]:
    """Return the parts of a picture in which a code is most likely, the likeliest first."""
    height, width = picture.shape
    if min(height, width) < 4 * _GRID:
        return [picture] if min(height, width) >= _CODE_DOTS_MIN else []
    calm = cv2.GaussianBlur(picture, (3, 3), 0)
    across = cv2.absdiff(calm[1:-1, 2:], calm[1:-1, :-2])
    down = cv2.absdiff(calm[2:, 1:-1], calm[:-2, 1:-1])
    edges = cv2.max(across, down)
    size = (width // _GRID, height // _GRID)
    cells = cv2.resize(edges, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    busy = cv2.blur(cells, (5, 5))
    limit = max(float(busy.mean()) * 1.5, float(busy.max()) * 0.35)
    mask = cv2.morphologyEx(
        (busy > limit).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)
    )
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask)
    weights = np.bincount(labels.ravel(), busy.ravel(), count)
    order = sorted(range(1, count), key=lambda label: -float(weights[label]))
    found = []
    for label in order[:_PATCHES_MAX]:
        left, top, wide, high, area = (int(each) for each in boxes[label])
        if area >= _CELLS_MIN:
            rows = _reach(top, high, height)
            columns = _reach(left, wide, width)
            found.append(picture[rows, columns])
    return found


def _reach(start: int, length: int, limit: int) -> slice:
    first = max(0, (start - _MARGIN_CELLS) * _GRID)
    return slice(first, min(limit, (start + length + _MARGIN_CELLS) * _GRID))

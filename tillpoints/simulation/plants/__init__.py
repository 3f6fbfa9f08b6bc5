"""Bugs to plant: each breaks one rule of the design, by replacing functions of the product.

None of this is product code; `planted.py` beside this folder lets the simulator find them.
"""

from collections.abc import Callable, Sequence

#: The dotted name of what is replaced, and what stands there instead.
Patch = tuple[str, object]

#: A bug to plant.
Plant = Callable[[], Sequence[Patch]]

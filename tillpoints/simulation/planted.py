"""Plants bugs on purpose and shows that the simulator finds them.

python -m tillpoints.simulation.planted [NAME ...]
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from unittest import mock

from msgspec import Struct

from tillpoints.simulation.plants.bugs import BUGS
from tillpoints.simulation.run import run

SEEDS_MAX = 200


class Caught(Struct, frozen=True):
    """How a planted bug was caught; `seeds` is how many runs it took, 0 if it never was."""

    name: str
    seeds: int
    seconds: float
    invariant: str | None


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Let the product have one bug while this lasts."""
    with ExitStack() as stack:
        for target, replacement in BUGS[name].plant():
            stack.enter_context(mock.patch(target, replacement))
        yield


def catch(name: str, seeds_max: int = SEEDS_MAX) -> Caught:
    """Run seeds from 0 on until one breaks an invariant."""
    began_s = time.monotonic()
    with planted(name):
        for seed in range(seeds_max):
            result = run(seed, BUGS[name].size)
            if result.failure is not None:
                return Caught(name, seed + 1, time.monotonic() - began_s, result.invariant)
    return Caught(name, 0, time.monotonic() - began_s, None)


def main(names: Sequence[str]) -> int:
    """Catch every planted bug, or those named; return 1 if one got away."""
    caught = []
    for name in names or BUGS:
        one = catch(name)
        caught.append(one)
        how = f"{one.seeds:4} seeds {one.seconds:7.1f} s  {one.invariant}" if one.seeds else "NOT"
        print(f"{name:48} {how}", flush=True)
    seeds = sorted(one.seeds for one in caught if one.seeds)
    median = seeds[len(seeds) // 2] if seeds else 0
    print(f"{len(seeds)}/{len(caught)} caught, median {median} seeds")
    return int(len(seeds) < len(caught))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

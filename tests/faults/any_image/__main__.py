"""Many histories: `python -m tests.faults.any_image [COUNT [FIRST [DEEDS]]]`."""

import logging
import sys
import tempfile
from pathlib import Path

import structlog

from tests.faults.any_image.looking import findings


def say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(count=500, first=0, deeds=40):
    """Print what is wrong at the end of a history; return whether anything is."""
    # Damage is told of, as it must be.
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    wrong = 0
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory(prefix="tillpoints-any-image-") as folder:
            found, told = findings(Path(folder), seed, deeds)
        wrong += bool(found)
        if found:
            say(f"history {seed}: {', '.join(told)}\n  " + "\n  ".join(found[:3]))
    say(f"{count} histories: {wrong} end with something wrong")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

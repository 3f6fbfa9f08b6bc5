"""Many histories, each in several orders: `python -m tests.central.any_order [COUNT [FIRST]]`."""

import shutil
import sys
import tempfile
from pathlib import Path

from central.config import Database
from central.database import connect, writing
from central.schema import metadata
from tests.central.any_order.histories import differences

ORDERS = 8


def say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(count=1_000, first=0):
    """Print what an order changed; return whether any did."""
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="tillpoints-any-order-") as folder:
        template = Path(folder) / "template.db"
        engine = connect(Database(f"sqlite:///{template}"))
        with writing(engine) as connection:
            metadata.create_all(connection)
        engine.dispose()
        for seed in range(first, first + count):
            with tempfile.TemporaryDirectory(dir=folder) as place:
                file = shutil.copy(template, Path(place) / "central.db")
                found = differences(Path(file), seed, ORDERS)
            wrong += bool(found)
            for database, order, changed in found[:1]:
                say(f"history {seed} ({database}; {len(found)} orders): {order}\n  {changed}")
    say(f"{count} histories, {2 * (1 + ORDERS)} orders each: {wrong} hang on the order")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

"""A till's process that brings its journal to a version of one step more, and sells once.

Says `told SEQ` after the sale was recorded, and then in JSON what the journal holds. Run by
till_day.py, which kills it at each write; `too-soon` as the last word is a bug to be found.
"""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from edge_agent.journal.file import opening
from edge_agent.journal.file.database import FILE
from edge_agent.journal.journal import Journal
from tests.edge_agent.journal.conftest import WANG, at, sale

STEP = """
ALTER TABLE sale ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';
CREATE TABLE colours (name TEXT PRIMARY KEY) STRICT;
INSERT INTO colours SELECT DISTINCT colour FROM sale;
"""


def main(name, how=""):
    """Upgrade the journal in a folder, record one sale, and tell."""
    folder, known = Path(name), opening.steps()
    latest = max(known) + 1
    opening.steps = lambda: {**known, latest: STEP}
    with Journal.open(folder, clock=at) as journal:
        head_seq = journal.outbox().head_seq
        if how == "too-soon":
            tell(head_seq + 1)
        (seq,) = journal.append([sale(f"N{head_seq}", WANG, 1)])
        tell(seq)
        held = {
            "hashes": [link.hash.hex() for link in journal.links()],
            "depth": journal.outbox().depth,
            "problems": [str(one) for one in journal.verify().problems],
            "copied": events_in(folder / f"{FILE}.before-{latest:04d}"),
        }
    sys.stdout.write(json.dumps(held) + "\n")


def tell(seq):
    sys.stdout.write(f"told {seq}\n")
    sys.stdout.flush()


def events_in(copy):
    """Return how many events a copy of the journal has, None if there is no copy."""
    if not copy.exists():
        return None
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return db.execute("SELECT count(*) FROM event").fetchone()[0]


if __name__ == "__main__":
    main(*sys.argv[1:])

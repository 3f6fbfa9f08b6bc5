"""A real central and real tills in one process, whose database and disks come back from copies."""

import itertools
import random
import shutil
import sqlite3
from contextlib import closing

from central import backup, migrations
from central.config import Database
from central.database import connect, reading, writing
from central.fleet.records import issue, register
from central.fleet.sheet import Till
from edge_agent.journal.file.database import FILE
from edge_agent.journal.file.salvage import salvage
from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Reply
from edge_agent.sync.enrol import enrol
from edge_agent.sync.syncer import Syncer
from loyalty.codes import claim_hash
from loyalty.events import Claim, Moment, Sale
from loyalty.receipt import Kind, Receipt
from tests.central.programme import DAY_MS, START_MS, VERSION, Programme, member

SHOP = "S1"
STEP_MS = 1_000


class Central:
    """A programme on SQLite. Tills call it without a network, and get their answers at once."""

    def __init__(self, folder):
        self.folder = folder
        self._numbers = itertools.count()
        engine = self._database()
        with writing(engine) as connection:
            migrations.upgrade(connection)
        self.programme = Programme(engine, 1)

    def _database(self):
        return connect(Database(f"sqlite:///{self.folder}/central-{next(self._numbers)}.db"))

    def backup(self):
        """Write a backup as it is now, and return where it is."""
        file = self.folder / f"backup-{next(self._numbers)}"
        with reading(self.programme.engine) as connection:
            backup.write(connection, file, self.folder)
        return file

    def restore(self, file):
        """Go on with what a backup holds."""
        engine, programme = self._database(), self.programme
        programme.now_ms += STEP_MS
        draw = iter(lambda: programme.chance.randbytes(16), None)
        with writing(engine) as connection:
            backup.restore(connection, file, self.folder, programme.now_ms, draw)
        programme.service.close()
        programme.engine.dispose()
        programme.serve(engine)

    def expect(self, name):
        """Register a till."""
        with writing(self.programme.engine) as connection:
            register(connection, 1, [Till(name, "till", SHOP)])

    def code(self, name):
        """Return a new enrolment code for a till that is expected or was before."""
        with writing(self.programme.engine) as connection:
            return issue(connection, 1, name, self.programme.now_ms, again=True).code

    def close(self):
        self.programme.close()
        self.programme.engine.dispose()

    # ---- the transport of its tills

    def post(self, path, headers, body):
        return self._reply(self.programme.client.post(path, data=body, headers=dict(headers)))

    def get(self, path, headers):
        return self._reply(self.programme.client.get(path, headers=dict(headers)))

    def _reply(self, response):
        with closing(response):
            return Reply(response.status_code, response.data, 0.01)


class Machine:
    """A machine with a till's disk; several may have one of the same till."""

    _numbers = itertools.count()

    def __init__(self, central, folder, name):
        self.central = central
        self.folder = folder
        self.name = name
        self.boots = 0
        self._start()

    def now(self):
        boot = f"{self.folder.name}-{self.boots}"
        now_ms = self.central.programme.now_ms
        return Moment(now_ms, boot, now_ms - START_MS + 10 * DAY_MS)

    def _start(self):
        self.boots += 1
        self.journal = Journal.open(self.folder, clock=self.now)
        caller = Caller(self.journal, self.central, now=self.now)
        session, chance = self.journal.session, random.Random(1)
        self.syncer = Syncer(self.journal, caller, session=session, rng=chance)

    def stop(self):
        self.journal.close()

    # ---- what happens at a till

    def sell(self, name, code=None):
        """Sell something, to a member or with a slip that anybody can claim."""
        number = next(self._numbers)
        receipt = Receipt(SHOP, Kind.SALE, f"N{number}", "2026-05-28T12:00:00", "CNY", 10_000)
        sale = Sale(
            self.now(), receipt, "", 10_000, "food", VERSION,
            holder=member(name) if name else None, tier_id="base" if name else "",
            points=100 if name else 0, claim_hash=claim_hash(code) if code else None,
        )  # fmt: skip
        self.journal.append([sale])

    def claim(self, name, code):
        """Take in a slip for a member; its sale may be another till's, and unheard of."""
        holder = member(name)
        self.journal.append([Claim(self.now(), claim_hash(code), holder, "base", points=100)])

    def sync(self, steps):
        """Take so many steps of sync, and return how it stands."""
        for _ in range(steps):
            self.central.programme.now_ms += STEP_MS
            self.syncer.step(self.now())
        return self.syncer.status()

    def enrol(self):
        """Become the till, or become it again, by a new code."""
        enrol(self.journal, self.central, url="https://c", code=self.central.code(self.name))

    # ---- what happens to its disk

    def image(self, to):
        """Copy the disk."""
        self.stop()
        shutil.copytree(self.folder, to)
        self._start()
        return to

    def put_back(self, image):
        """Go on with the disk as it was."""
        self.stop()
        shutil.rmtree(self.folder)
        shutil.copytree(image, self.folder)
        self._start()

    def lose(self, chance):
        """Lose some events: the last ones, or some before."""
        self.stop()
        with closing(sqlite3.connect(self.folder / FILE)) as db:
            db.execute("DROP TRIGGER IF EXISTS event_is_never_deleted")
            rows = db.execute("SELECT epoch, seq FROM event ORDER BY epoch, seq").fetchall()
            count = min(len(rows), chance.randint(1, 3))
            first = len(rows) - count if chance.random() < 0.5 else chance.randrange(len(rows) or 1)
            gone = rows[first : first + count]
            db.executemany("DELETE FROM event WHERE epoch = ? AND seq = ?", gone)
            db.commit()
        salvage(self.folder)
        self._start()

"""Short days of a till's process, and upgrades of its journal; each is finished after a strike."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import closing

from sqlalchemy import func, select

from central import schema
from central.database import reading
from central.ledger.judging.accounts import AccountKind
from central.ledger.judging.rows import VoucherState
from edge_agent.journal.journal import Journal
from tests.central.mall import DEMO
from tests.edge_agent.journal.conftest import WANG, at, enrolment, sale
from tests.faults.at_write import AtWrite, Strike
from tests.faults.till_process import FEN, SALES_A_REDEMPTION
from tests.faults.till_runs import READ_S, ROOT, Till

QUEUED = 12
_POINTS_A_SALE = FEN // 100
_REWARD_POINTS = 200


class TillDays:
    """A till that sells three times and redeems once each day, for a member that never changes."""

    def __init__(self, mall, url, folder, memory):
        mall.run("central", "import", "members", str(DEMO / "members.csv"))
        self._mall, self._url = mall, url
        self._till = Till.in_mall(mall, 0, folder, memory)
        self._sales, self._epochs = SALES_A_REDEMPTION, 0
        self._till.goes_on(url, self._sales)  # it becomes a device, and knows the member

    def one(self, nth=None):
        """Let a day pass in which the till dies at its nth write; return the strike and the wrong.

        A day begins with the start of the process and ends with it.
        """
        strike = Strike(nth)
        self._sales += SALES_A_REDEMPTION
        words = self._till.words(self._url, self._sales)
        self._till.said += run_watched(words, strike, self._till.folder, self._till.memory)
        self._till.goes_on(self._url, self._sales)
        return strike, self._wrong()

    def _wrong(self):
        with self._mall.parts() as parts, reading(parts.engine) as connection:
            s, v, le, a = (
                getattr(schema, name).c for name in ("sale", "voucher", "lease", "account")
            )
            sold = Counter(connection.execute(select(s.number)).scalars())
            redeemed = set(
                connection.execute(select(v.code).where(v.state == VoucherState.REDEEMED)).scalars()
            )
            spent = connection.execute(select(func.count()).where(le.spent > 0)).scalar_one()
            wallets = (a.kind == AccountKind.WALLET,)
            posted, held = connection.execute(
                select(func.sum(a.posted), func.sum(a.held)).where(*wallets)
            ).one()
            grants = connection.execute(select(func.count()).select_from(schema.epoch_grant))
            epochs = grants.scalar_one()
        new_epochs, self._epochs = epochs - self._epochs, epochs
        told = Counter(self._till.told("sale"))
        wanted = {f"0{number:04}" for number in range(self._sales)}
        return Counter(
            {
                "lost": len((wanted | set(told)) - set(sold)),
                "doubled": (told - sold).total() + (sold - Counter(wanted)).total(),
                "vouchers lost": len(set(self._till.told("redeemed")) - redeemed),
                "other balances": int(
                    posted != self._sales * _POINTS_A_SALE - spent * _REWARD_POINTS or held != 0
                ),
                "false forks": new_epochs,
            }
        )


class Upgrades:
    """A journal with a queue of events, and a process that opens it with one step more."""

    def __init__(self, folder, *, too_soon=False):
        self._folder = folder
        self._how = ["too-soon"] if too_soon else []
        with Journal.open(folder / "image", clock=at) as journal:
            journal.enrol(enrolment(), "http://127.0.0.1:9")
            for number in range(QUEUED):
                journal.append([sale(number, WANG, 1)])
            self._before = [link.hash.hex() for link in journal.links()]

    def one(self, nth=None):
        """Upgrade a copy, dying at the nth write; return the strike and what was wrong."""
        folder = self._folder / "till"
        shutil.copytree(self._folder / "image", folder)
        strike = Strike(nth)
        words = ["tests.faults.upgrade_process", str(folder)]
        told = run_watched([*words, *self._how], strike, folder)
        again = subprocess.run(
            [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=True
        )
        after = json.loads(again.stdout.splitlines()[-1])
        shutil.rmtree(folder)
        recorded = len(after["hashes"]) - 1  # the second run's own
        kept = after["hashes"][:QUEUED] == self._before and after["depth"] == len(after["hashes"])
        promised = max((int(words[1]) for words in told if words[0] == "told"), default=QUEUED)
        return strike, Counter(
            {
                "lost": max(promised - recorded, 0) + (not kept),
                "doubled": max(recorded - QUEUED - 1, 0),
                "unsound": len(after["problems"]) + (after["copied"] not in (None, QUEUED)),
            }
        )


def run_watched(words, strike, *folders):
    """Run a module until it ends or dies; return the words of the lines that it said."""
    watched = AtWrite(
        [sys.executable, "-m", *words],
        *folders,
        sockets=True,
        cwd=ROOT,
        env={**os.environ, "TILL_READ_S": READ_S},
        stdout=subprocess.PIPE,
        text=True,
    )
    watched.arm(strike)
    with closing(watched.begin().stdout) as out:
        said = [line.split() for line in out]
    watched.join()
    assert strike.struck or watched.process.returncode == 0
    return said

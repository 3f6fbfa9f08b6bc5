"""Runs of a till's process, one after the other, in one machine or in a copy of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from sqlalchemy import func, select

from central import schema
from central.database import reading
from central.ledger.judging.rows import VoucherState

ROOT = Path(__file__).parents[2]
CARDS = ("586562381399", "723435042676")
BOUND_S = 90
#: Nothing is lost on the way here: whoever waits gets an answer.
READ_S = "30"


class Till:
    """A machine with a till's disk. What its runs said adds up."""

    def __init__(self, folder, memory, code, card, name):
        self.folder = folder
        self.memory = memory
        self.code = code
        self.card = card
        self.name = name
        self.said = []

    @classmethod
    def in_mall(cls, mall, number, folder, memory):
        """Have a mall expect a till, as one of its shop."""
        name = f"copies-{number}"
        words = ("--name", name, "--role", "till", "--shop", "helu")
        code = mall.json("fleet", "enrol", *words)["code"]
        (memory / name).mkdir()
        return cls(folder / name, memory / name, code, CARDS[number], name)

    def goes_on(self, url, sales, numbered="", ends="done"):
        """Run until it has sold so often, earlier runs included, and central has all of it."""
        done = subprocess.run(
            [sys.executable, "-m", *self.words(url, sales, numbered)],
            cwd=ROOT,
            env={**os.environ, "TILL_READ_S": READ_S},
            capture_output=True,
            text=True,
            timeout=BOUND_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        self.said += [line.split() for line in done.stdout.splitlines()]
        assert self.said[-1][0] == ends

    def words(self, url, sales, numbered=""):
        """Return the module of its process, and what that is told."""
        paths = (str(self.folder), str(self.memory), url)
        who = (self.code, self.card, self.name, str(sales), numbered)
        return ["tests.faults.till_process", *paths, *who]

    def told(self, what):
        return [words[2] for words in self.said if words[0] == what]

    def reboots(self):
        """Forget what was in memory."""
        shutil.rmtree(self.memory)
        self.memory.mkdir()

    def copied(self, folder, memory):
        """Return another machine with a copy of this one's disk."""
        shutil.copytree(self.folder, folder)
        (memory / "copy").mkdir()
        return Till(folder, memory / "copy", self.code, self.card, self.name)


def all_counts_once(mall, machines):
    """Hold central to what the machines said: each sale and each voucher, once, nothing left."""
    said = mall.json("central", "ledger", "verify")
    assert said["ok"], said
    with mall.parts() as parts, reading(parts.engine) as connection:
        numbers = connection.execute(select(schema.sale.c.number)).scalars().all()
        vouchers = connection.execute(select(schema.voucher.c.code, schema.voucher.c.state)).all()
        a, le = schema.account.c, schema.lease.c
        held = connection.execute(select(func.sum(a.held))).scalar_one()
        spent = connection.execute(select(func.count()).where(le.spent > 0)).scalar_one()
    told = [number for machine in machines for number in machine.told("sale")]
    assert sorted(numbers) == sorted(told)
    redeemed = {code for machine in machines for code in machine.told("redeemed")}
    assert {code for code, state in vouchers if state == VoucherState.REDEEMED} == redeemed
    assert (held, spent) == (0, len(redeemed))

"""Central dies outright, again and again, while tills push; both databases come through it."""

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

import pytest
import requests
from sqlalchemy import select

from central import schema
from central.database import reading
from tests.central.programme import Device, card
from tests.central.serving.process import COMMAND, Http

TILLS = 3
SALES = 20
KILLS = 3
BOUND_S = 60


class Central:
    """A server that is killed with all its processes, and started again elsewhere."""

    def __init__(self, mall):
        self.mall = mall
        self.url = ""
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [*COMMAND, "central", "serve", "--config", str(self.mall.config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            process_group=0,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        first = self.process.stdout.readline()
        self.url = re.search(r"http://127\.0\.0\.1:\d+", first).group()

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


class Till(threading.Thread):
    """Sells to cards of its own, and repeats each push until central has answered it."""

    def __init__(self, central, code, name, book):
        super().__init__()
        self.central = central
        self.link = Http(central.url)
        self.device = Device(self.link, code)
        self.name = name
        self.book = book
        self.done = 0
        self.fen = 0

    def run(self):
        chance = random.Random(self.name)
        for number in range(SALES):
            fen = chance.randrange(1, 500) * 100
            holder = card(f"{self.name}-{number % 3}")
            self.device.write(self.device.sale(holder, fen, book=self.book))
            if chance.random() < 0.7:  # else it goes with the next one
                self._send()
            self.fen += fen
            self.done += 1
        self._send()

    def _send(self):
        until_s = time.monotonic() + BOUND_S
        while time.monotonic() < until_s:
            self.link.url = self.central.url
            try:
                self.device.send()
            except requests.RequestException:
                time.sleep(0.02)
                continue
            if self.device.acked == len(self.device.frames):
                return
        raise AssertionError("central did not come back")


@pytest.fixture
def tills(any_mall):
    central = Central(any_mall)
    with any_mall.parts() as parts, reading(parts.engine) as connection:
        book = connection.execute(select(schema.rule_book.c.version)).scalar_one()
    tills = []
    for number in range(TILLS):
        words = ("--name", f"helu-{number + 1}", "--role", "till", "--shop", "helu")
        code = any_mall.json("fleet", "enrol", *words)["code"]
        tills.append(Till(central, code, f"helu-{number + 1}", book))
    yield tills
    central.kill()


def test_tills_converge_and_the_ledger_holds_whenever_central_dies(any_mall, tills):
    central = tills[0].central
    for till in tills:
        till.start()
    for strike in range(1, KILLS + 1):
        # Struck by how far the tills are, which is in the middle of pushes at each run.
        until_s = time.monotonic() + BOUND_S
        goal = strike * TILLS * SALES // (KILLS + 1)
        while sum(till.done for till in tills) < goal and time.monotonic() < until_s:
            time.sleep(0.001)
        central.kill()
        central.start()
    for till in tills:
        till.join(BOUND_S)
        assert not till.is_alive()
    said = any_mall.json("central", "ledger", "verify")
    assert said["ok"], said
    assert said["totals"]["events"] == TILLS * SALES
    with any_mall.parts() as parts, reading(parts.engine) as connection:
        sales = connection.execute(select(schema.sale.c.owed_fen)).scalars().all()
        heads = connection.execute(select(schema.stream.c.head_seq)).scalars().all()
    assert sum(sales) == sum(till.fen for till in tills)
    assert sorted(head for head in heads if head) == [SALES] * TILLS

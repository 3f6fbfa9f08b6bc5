"""Real tills, killed now and then, reach the real central over a network that spoils requests.

Nothing that a till said is lost, nothing counts twice, and no point stays set aside. `make chaos`
does the same for many seeds (CHAOS_SEEDS).
"""

import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import func, select

from central import schema
from central.database import reading
from tests.central.mall import DEMO
from tests.central.serving.process import serving
from tests.faults.chaos import FAULTS, Chaos

ROOT = Path(__file__).parents[2]
SEEDS = range(int(os.environ.get("CHAOS_SEEDS", "1")))
TILLS = 2
SALES = 9
CARDS = ("586562381399", "723435042676")
BOUND_S = 120


class Till(threading.Thread):
    """Runs one till's process, kills it at the lines its dice say, and keeps what it said."""

    def __init__(self, name, words, deaths):
        super().__init__(name=name)
        self.words = words
        self.deaths = deaths
        self.said = []
        self.failure = None

    def run(self):
        for lines in [*self.deaths, None]:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.till_process", *self.words],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            ender = threading.Timer(BOUND_S, process.kill)
            ender.start()
            for count, line in enumerate(process.stdout, 1):
                self.said.append(line.split())
                if count == lines:
                    os.kill(process.pid, signal.SIGKILL)
            _, error = process.communicate()
            ender.cancel()
            if process.returncode == 0:
                return
            if lines is None or process.returncode != -signal.SIGKILL:
                self.failure = (process.returncode, error[-2000:])
                return

    def told(self, what):
        return [words[2] for words in self.said if words[0] == what]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_till_said_counts_once_whatever_the_network_does(any_mall, tmp_path, memory, seed):
    any_mall.run("central", "import", "members", str(DEMO / "members.csv"))
    chance = random.Random(seed)
    with ExitStack() as stack:
        _, url = stack.enter_context(serving(any_mall))
        central_port = int(re.search(r":(\d+)$", url)[1])
        networks, tills = [], []
        for number in range(TILLS):
            name = f"chaos-{number}"
            role, card = ("kiosk", "till")[number], CARDS[number]
            words = ("--name", name, "--role", role, "--shop", "helu")
            code = any_mall.json("fleet", "enrol", *words)["code"]
            network = stack.enter_context(Chaos(f"{seed} {number}", central_port))
            (memory / name).mkdir()
            deaths = [chance.randrange(2, SALES)]
            paths = (str(tmp_path / name), str(memory / name))
            words = (*paths, network.url, code, card, name, str(SALES))
            networks.append(network)
            tills.append(Till(name, words, deaths))
        for till in tills:
            till.start()
        for till in tills:
            till.join(3 * BOUND_S)
        met = sum((network.met for network in networks), Counter())
        assert [till.failure for till in tills] == [None] * TILLS
    assert sum(met.values()) > 10 * TILLS
    assert set(met) <= set(FAULTS)
    all_counts_once(any_mall, tills)


def all_counts_once(mall, tills):
    said = mall.json("central", "ledger", "verify")
    assert said["ok"], said
    with mall.parts() as parts, reading(parts.engine) as connection:
        s, v, le, a = schema.sale.c, schema.voucher.c, schema.lease.c, schema.account.c
        numbers = connection.execute(select(s.number)).scalars().all()
        spent = connection.execute(select(func.count()).where(le.spent > 0)).scalar_one()
        vouchers = set(connection.execute(select(v.code)).scalars())
        held = connection.execute(select(func.sum(a.held))).scalar_one()
        d, st = schema.device.c, schema.stream.c
        query = select(d.name, st.head_seq).where(d.device_id == st.device_id, st.head_seq > 0)
        heads = {tuple(row) for row in connection.execute(query)}
    wanted = [f"{till.name[-1]}{number:04}" for till in tills for number in range(SALES)]
    assert sorted(numbers) == sorted(wanted)
    for till in tills:
        assert set(till.told("sale")) <= set(numbers)
        assert set(till.told("redeemed")) <= vouchers
    assert spent >= sum(len(till.told("redeemed")) for till in tills)
    assert held == 0
    last = {(till.name, int(w[1])) for till in tills for w in till.said if w[0] == "done"}
    assert heads >= last
    assert len(last) == TILLS

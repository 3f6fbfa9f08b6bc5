"""A short day of one till at central, over HTTP, each call repeated until central answers it.

What was answered is kept as told, and held to what central has when the day is over: whoever kills
something under it learns what was lost, what counted twice, and which forks were missed.
"""

import csv
import time
from collections import Counter
from contextlib import suppress

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central import schema
from central.database import reading
from central.ledger.queries import balance_of
from loyalty.codes import make_member_number
from loyalty.events import Holder
from tests.central.programme import Device
from tests.central.serving.process import Http

BOUND_S = 120
DAYS_MAX = 1_500
WRONG = ("lost", "doubled", "answers changed", "other balances", "false forks", "missed forks")
#: Sales of 300, 200 and 77 yuan and a claimed one of 120, one reward of 100 points, 77 taken back.
POINTS = 300 + 200 + 77 + 120 - 100 - 77
REWARD = "parking-hour"
_AGAIN_S = 0.05


class NotYet(Exception):
    """Central could not do it now; ask again."""


class Central(Http):
    """Calls central wherever it is just now. `revive` is called when it has not answered."""

    def __init__(self):
        super().__init__("")
        self.revive = lambda: None

    def post(self, path, message, headers=None):
        status, data = super().post(path, message, headers)
        if status >= 500:
            raise NotYet(status)
        return status, data


class Day:
    """One day of a till of its own, for a member of its own."""

    def __init__(self, central, code, member, book):
        self.central, self.code, self.book = central, code, book
        self.holder = Holder("member", member)
        self.key = Ed25519PrivateKey.generate()
        self.wrong = Counter(dict.fromkeys(WRONG, 0))
        self.told = {}  # seq -> what central made of it

    def run(self):
        """Enrol, sell, pull, redeem twice, hand one back, take back; then a copy of it shows up."""
        self.till = till = self._until_answered(lambda: Device(self.central, self.code, self.key))
        sales = [self._sale(fen) for fen in (30_000, 20_050, 7_700)]
        unclaimed = till.sale(None, 12_000, number=self.code, code=self.code, book=self.book)
        self._push(*sales, unclaimed)
        self._until_answered(till.pull)
        spent, unspent = self._lease("one"), self._lease("two")
        self._push(
            till.redeem(self.holder, spent, reward=REWARD), till.claim(self.code, self.holder)
        )
        self._until_answered(lambda: till.use_online(spent.voucher_code))
        self._push(till.close_lease(unspent, 0), till.refund(sales[2], number=f"R-{self.code}"))
        for request_id, lease in (("one", spent), ("two", unspent)):
            self.wrong["answers changed"] += self._lease(request_id) != lease
        self._a_copy_shows_up()

    def _sale(self, fen):
        number = f"{self.code}-{next(self.till.numbers)}"
        return self.till.sale(self.holder, fen, number=number, book=self.book)

    def _push(self, *bodies):
        self.till.write(*bodies)
        answer = self._until_answered(self.till.send)
        self.wrong["false forks"] += answer.status in ("fork", "stale")
        self.wrong["lost"] += answer.status == "gap"
        self.told |= {one.seq: (one.verdict, one.reason, one.adjusted) for one in answer.judged}

    def _lease(self, request_id):
        asked = {"reward": REWARD, "request_id": request_id}
        lease = self._until_answered(lambda: self.till.lease(self.holder, **asked))
        assert lease.refusal is None, lease.refusal
        return lease

    def _a_copy_shows_up(self):
        """Let a copy of the till's disk push another event in the place of the last one."""
        till = self.till
        twin = object.__new__(Device)
        twin.__dict__.update(vars(till), frames=till.frames[:-1], hashes=till.hashes[:-1])
        twin.acked -= 1
        twin.write(self._sale(100))
        answer = self._until_answered(twin.send)
        self.wrong["missed forks"] += answer.status != "fork"

    def _until_answered(self, ask):
        until_s = time.monotonic() + BOUND_S
        while True:
            with suppress(requests.RequestException, NotYet):
                return ask()
            if time.monotonic() > until_s:
                raise TimeoutError(f"central has not answered for {BOUND_S} s")
            self.central.revive()
            time.sleep(_AGAIN_S)

    def held_to(self, engine, shard_key):
        """Return what is wrong, by name, as central's database has the day."""
        with reading(engine) as connection:
            i, s = schema.inbox.c, schema.sale.c
            mine = (i.shard_key == shard_key, i.device_id == self.till.id)
            rows = connection.execute(select(schema.inbox).where(*mine)).all()
            sold = select(s.number).where(s.shard_key == shard_key, s.device_id == self.till.id)
            sales = Counter(connection.execute(sold).scalars())
            points = balance_of(connection, shard_key, self.holder).balance
        there = {row.seq: row.hash for row in rows}
        wanted = dict(enumerate(self.till.hashes[1:], 1))
        judged = {row.seq: (row.verdict, row.reason, row.adjusted) for row in rows}
        self.wrong["lost"] += sum(there.get(seq) != hash_ for seq, hash_ in wanted.items())
        self.wrong["doubled"] += len(there.keys() - wanted) + sales.total() - len(sales)
        self.wrong["answers changed"] += sum(judged[seq] != told for seq, told in self.told.items())
        self.wrong["other balances"] += points != POINTS
        return self.wrong


class Days:
    """A mall, and for each point a day of a new till with a new member."""

    def __init__(self, mall, count=DAYS_MAX):
        self._mall = mall
        self._tills = zip(codes(mall, count), members(mall, count), strict=True)
        with mall.parts() as parts, reading(parts.engine) as connection:
            self._book = connection.execute(select(schema.rule_book.c.version)).scalar_one()
            self._shard_key = connection.execute(select(schema.shard.c.shard_key)).scalar_one()
        self.central = Central()

    def one(self, victim, nth=None):
        """Let a day pass while `victim` dies at its nth write; return the strike and the wrong."""
        code, member = next(self._tills)
        day = Day(self.central, code, member, self._book)
        self.central.revive = victim.revive
        strike = victim.arm(nth)
        day.run()
        victim.revive()
        with self._mall.parts() as parts:
            return strike, day.held_to(parts.engine, self._shard_key)


def members(mall, count):
    """Bring in members that nobody else uses; return their pseudonyms."""
    numbers = [make_member_number(f"{10**10 + number:011}") for number in range(count)]
    lines = [f"{number},王小明,,ordinary," for number in numbers]
    mall.bring_in("members", "\n".join(["number,name,phone,tier,aliases", *lines]))
    with mall.parts() as parts, reading(parts.engine) as connection:
        m = schema.member.c
        known = {row.number: row.member for row in connection.execute(select(m.number, m.member))}
    return [known[number] for number in numbers]


def codes(mall, count):
    """Have the mall expect tills; return the code of each."""
    names = [f"day-{number}" for number in range(count)]
    file = mall.folder / "codes.csv"
    lines = ["name,role,shop", *(f"{name},till,helu" for name in names)]
    mall.bring_in("tills", "\n".join(lines), "--codes", str(file))
    with file.open(encoding="utf-8-sig", newline="") as rows:
        found = {row["name"]: row["code"] for row in csv.DictReader(rows)}
    return [found[name] for name in names]

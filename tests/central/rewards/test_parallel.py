"""Fifty redemptions at once, from tills, kiosks and the desk: exactly what is there is given.

The calls are real and so are the servers: two of them on one PostgreSQL, as a mall runs them; on
SQLite one, which is all that may write there.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from flask import Flask
from msgspec import structs

from central import schema
from central.desk import redeeming
from central.desk.redeeming import Asked, Redeemed
from central.ledger.judging.rows import VoucherState
from central.ledger.settlement import dues, payments
from central.sync.api import blueprint
from central.sync.service import Service
from loyalty import wire
from loyalty.events import Bill, TenderChecked
from loyalty.rules.tender import TENDER_REWARD, Paying
from tests.central.programme import BOOK, member
from tests.central.rewards.redeem_cases import bring_in

PLACES = ("till", "kiosk", "desk")
ATTEMPTS = 50


class Server:
    """One more server of a programme, as `Device` calls it."""

    def __init__(self, programme):
        self.programme = programme
        self.chance = programme.chance
        self.service = Service(
            programme.engine,
            programme.central_key,
            tenant_key=bytes([8]) * 32,
            now_ms=lambda: programme.now_ms,
            draw=programme.chance.randrange,
            member_files=programme.member_files,
            shard_key=programme.shard_key,
        )
        self.app = Flask("central")
        self.app.register_blueprint(blueprint(self.service))

    @property
    def now_ms(self):
        return self.programme.now_ms

    def post(self, path, message, headers=None):
        answer = self.app.test_client().post(path, data=wire.pack(message), headers=headers or {})
        return answer.status_code, answer.data


@pytest.fixture
def mall(programme, monkeypatch):
    """A member with 2,000 points who may have anything, and three servers' worth of devices."""
    monkeypatch.setattr(programme.service.proof, "missing", lambda *_, **__: None)
    programme.add_member("a")
    programme.till.push(programme.till.sale(member(), fen=200_000))
    tea = {"reward_id": "tea", "name_zh": "茶", "points": "100", "kind": "goods"}
    cup = {"reward_id": "cup", "name_zh": "杯", "points": "10", "kind": "goods", "stock": "7"}
    gift = {"reward_id": "gift", "name_zh": "礼", "points": "10", "kind": "goods", "limit": "3"}
    bring_in(programme, [tea, cup, gift])
    return programme


@contextmanager
def devices(mall):
    """Give a device for every attempt that needs one, each at one of the servers."""
    several = mall.engine.dialect.name == "postgresql"
    servers = [Server(mall) for _ in range(2 if several else 0)]
    made = {}
    for number in range(ATTEMPTS):
        role = PLACES[number % 3]
        if role != "desk":
            made[number] = mall.add_device(f"{role}-{number}", role, "S1")
            if servers:
                made[number].programme = servers[number % 2]
    try:
        yield made
    finally:
        for server in servers:
            server.service.close()


def at_once(work):
    """Let every attempt begin at the same moment; return what came of each."""
    begin = threading.Barrier(ATTEMPTS)

    def one(number):
        begin.wait(60)
        return work(number)

    with ThreadPoolExecutor(ATTEMPTS) as pool:
        return list(pool.map(one, range(ATTEMPTS)))


def redeem(mall, made, reward):
    """Return a work that redeems: the points and voucher it got, or the code of its refusal."""

    def work(number):
        device = made.get(number)
        if device is None:
            asked = Asked(f"d{number}", "a", reward, 1, 0, "1")
            got = redeeming.redeem(mall.service, asked)
            return (got.points, got.code) if isinstance(got, Redeemed) else got.code
        lease = device.lease(member(), reward, request_id=f"r{number}")
        if lease.refusal is not None:
            return lease.refusal.code
        ((verdict, _, _),) = device.push(device.redeem(member(), lease, reward=reward))
        assert verdict is wire.Verdict.APPLIED
        return lease.points, lease.voucher_code

    return work


@pytest.mark.parametrize(
    ("reward", "given", "refused", "left"),
    [("tea", 20, ("balance_too_low", "balance_held"), 0), ("cup", 7, ("reward_gone",), 1930),
     ("gift", 3, ("reward_limit",), 1970)],
)  # fmt: skip
def test_of_fifty_at_once_exactly_the_right_number_succeed(mall, reward, given, refused, left):
    with devices(mall) as made:
        came = at_once(redeem(mall, made, reward))
    won = [one for one in came if isinstance(one, tuple)]
    assert len(won) == len({code for _, code in won}) == given
    assert {one for one in came if isinstance(one, str)} <= set(refused)
    assert len(came) - len(won) == ATTEMPTS - given
    assert (mall.balance(member()), mall.held(member())) == (left, 0)
    mall.check()


def pay(mall, device, number):
    """Pay a part of a bill with points at a till: what they were, or the code of the refusal."""
    bill = Bill(30_000, 100)
    ask = wire.LeaseRequest(
        f"p{number}", member(), TENDER_REWARD, device.stream.epoch, points=100, bill=bill
    )
    lease = device.ask(wire.LEASE_PATH, ask, wire.LeaseAnswer)
    if lease.refusal is not None:
        return lease.refusal.code
    spend = structs.replace(device.redeem(member(), lease, reward=TENDER_REWARD), bill=bill)
    found = TenderChecked(device.moment(), lease.voucher_code, "matched", bill, f"{number:064x}")
    judged = device.push(spend, found)
    assert [verdict for verdict, _, _ in judged] == [wire.Verdict.APPLIED] * 2
    return lease.points, lease.voucher_code


def test_of_fifty_who_pay_or_redeem_at_once_each_point_is_spent_once_and_settled(mall):
    paying = Paying(100, from_fen=20_000)
    mall.add_book(structs.replace(BOOK, tender=paying, grammar=4), effective_ms=1)
    with devices(mall) as made:
        take = redeem(mall, made, "tea")
        tills = {number for number in made if PLACES[number % 3] == "till"}
        came = at_once(lambda n: pay(mall, made[n], n) if n in tills else take(n))
    won = [one for one in came if isinstance(one, tuple)]
    assert len(won) == len({code for _, code in won}) == 20
    assert {one for one in came if isinstance(one, str)} <= {"balance_too_low", "balance_held"}
    assert (mall.balance(member()), mall.held(member())) == (0, 0)
    paid = sum(isinstance(came[number], tuple) for number in tills)
    owed = mall.read(lambda c, key: dues(payments(c, key, 0, mall.now_ms + 1)))
    told = [(due.payments, due.points, due.open) for due in owed]
    assert told == ([(paid, 100 * paid, 0)] if paid else [])
    mall.check()


def test_of_fifty_who_use_or_cancel_one_voucher_exactly_one_wins(mall):
    lease = mall.till.lease(member())
    mall.till.push(mall.till.redeem(member(), lease))

    def work(number):
        if number % 3 == 0:
            request = wire.CancelRequest(f"c{number}", lease.voucher_code)
            answer = mall.till.ask(wire.CANCEL_PATH, request, wire.CancelAnswer)
        elif number % 3 == 1:
            answer = mall.other.use_online(lease.voucher_code, f"u{number}")
        else:
            used = redeeming.hand_over(mall.service, lease.voucher_code, f"h{number}")
            return used[0].state if isinstance(used, tuple) else used.code
        return answer.refusal.code if answer.refusal is not None else "won"

    came = at_once(work)
    won = [one for one in came if one in ("won", VoucherState.USED)]
    assert len(won) == 1
    assert set(came) - set(won) <= {"voucher_used", "voucher_cancelled"}
    (state,) = {row.state for row in mall.rows(schema.voucher)}
    back = 2000 if state == VoucherState.CANCELLED else 1900
    assert mall.balance(member()) == back
    mall.check()

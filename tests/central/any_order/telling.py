"""Central hears of what was done, in whatever order of the tills, and what it came to is read.

Every order starts from the same database, inside a transaction that is rolled back. Of the leases
that a backup lacks, central makes those again that spends wait for, once all is told.
"""

from collections import Counter
from contextlib import contextmanager

from sqlalchemy import select

from central import schema
from central.config import Database
from central.database import connect, writing
from central.jobs.expiry import Expire
from central.ledger.closing import accept_case, close_case
from central.ledger.commands import SetMember
from central.ledger.duplicates import duplicates
from central.ledger.judging.numbers import SAME_NUMBER
from central.ledger.judging.rows import VoucherState, read_body
from central.ledger.queries import account_name
from central.ledger.verify import verify
from central.ledger.writing.items import Push
from central.ledger.writing.turns import run_turn
from central.sync.lost_leases import LostLeases
from loyalty.events import Holder
from loyalty.receipt import fingerprint
from loyalty.wire import Verdict
from tests.central.any_order.shopping import CARD

#: So often central looks at the leases that spends wait for.
AT_ONCE = 3


@contextmanager
def undone(file):
    """Give a connection to a ledger that is as before at the end."""
    engine = connect(Database(f"sqlite:///{file}"))
    with writing(engine) as connection:
        at = connection.begin_nested()
        yield connection
        at.rollback()
    engine.dispose()


def orders(order, chance, count):
    """Yield the true order, then others that keep each chain's: one event, some, or all at once.

    Nothing is heard before it happened, so never before central heard whose the card had become.
    """
    yield order
    for _ in range(count):
        left, handed = {}, 0
        for device, seq in order:
            left.setdefault(device, []).append((seq, handed))
            handed += device == CARD
        told, handed = [], 0
        while left:
            device = chance.choice([one for one in left if left[one][0][1] <= handed])
            for _ in range(chance.choice((1, 1, 2, len(left[device])))):
                if left[device][0][1] > handed:
                    break
                told.append((device, left[device].pop(0)[0]))
                handed += device == CARD
                if not left[device]:
                    del left[device]
                    break
        yield told


def tell(connection, shopping, order, *, restored):
    """Let central hear of it in this order; return what it came to."""
    service = _Within(connection, shopping.now_ms)
    if restored:
        row = {"shard_key": 1, "restored_ms": shopping.now_ms}
        connection.execute(schema.restored.insert(), row)
    for device, seq in order:
        if device == CARD:
            moment_ms, set_member = shopping.hands[seq - 1]
            _Within(connection, moment_ms).run(set_member)
        elif device == "look":
            _look(connection, shopping)
        else:
            service.run(_push(device, seq, shopping.now_ms) if seq else _BY_CENTRAL[device])
    leases = LostLeases(service)
    for _ in range(AT_ONCE):
        leases.settle()
    _look(connection, shopping)
    for last in _BY_CENTRAL if ("night", 0) in order else ("link",):
        service.run(_BY_CENTRAL[last])
    return _came_to(connection)


#: What central does by itself: the card gets an owner at last, and c's older points end.
_BY_CENTRAL = {
    "link": SetMember("b", "base", ("c1",)),
    "night": Expire("2027-05-30", (Holder("member", "c"),)),
}
#: Nobody hears of a voucher that was never issued, nor of one that was never good.
_NOTHING = (VoucherState.ISSUED, VoucherState.VOID)


def _look(connection, shopping):
    """A person says of receipts that look the same which are two, and which only copies."""
    while waiting := duplicates(connection, 1, 1):
        two = fingerprint(waiting[0].receipt, "").hex() in shopping.alike
        settle = accept_case if two else close_case
        settle(connection, 1, waiting[0].identity, "li", "seen", shopping.now_ms)


class _Within:
    """A service that works in one transaction."""

    shard_key = 1

    def __init__(self, connection, now_ms):
        self._connection = connection
        self._now_ms = now_ms

    def now_ms(self):
        return self._now_ms

    def read(self, query):
        return query(self._connection)

    def run(self, item):
        (answer,) = run_turn(self._connection, 1, [item], self._now_ms)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _push(device, seq, now_ms):
    frame, hashes = device.frames[seq - 1], device.hashes
    told = ((frame,), (read_body(frame),), (hashes[seq],))
    epoch = device.stream.epoch
    return Push(device.id, epoch, "s", seq, hashes[seq - 1], *told, device.moment(), now_ms)


def _came_to(connection):
    """Return what everybody has, what became of each voucher, and what waits for a person.

    Whoever is `asked` which sale came back says what is right then.
    """
    assert verify(connection, 1) == []
    a, v, i = schema.account.c, schema.voucher.c, schema.inbox.c
    posted = connection.execute(select(a.account_id, a.posted).where(a.posted != 0))
    bought = connection.execute(select(a.account_id, a.bought_on).where(a.purchases > 0))
    vouchers = connection.execute(select(v.code, v.state).where(v.state.not_in(_NOTHING)))
    waiting = connection.execute(select(i.verdict, i.reason).where(schema.is_open))
    same_number = schema.is_raised & (i.reason == SAME_NUMBER)
    asked = connection.execute(select(i.seq).where(same_number)).first()
    open_ = Counter(f"{Verdict(verdict).name} {reason}" for verdict, reason in waiting)
    return {
        "points": {account_name(account_id): points for account_id, points in posted},
        "bought": {account_name(account_id): days for account_id, days in bought},
        "vouchers": {code: VoucherState(state).name for code, state in vouchers},
        "cases": dict(sorted(open_.items())),
        "asked": asked is not None,
    }

"""Properties of the fold alone: no database, any events in any order."""

import hashlib
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from central.ledger.judging.accounts import AccountKind, holder_of, kind_of
from central.ledger.judging.fold import fold
from central.ledger.judging.rows import CENTRAL_DEVICE, Event, Head, Identity, read_body
from central.ledger.judging.state import State
from loyalty.events import (
    Claim,
    Correction,
    EpochSealed,
    Holder,
    LeaseClose,
    LeaseGrant,
    MemberSet,
    Moment,
    Redeem,
    Refund,
    Rejudge,
    Sale,
    VoucherCancelled,
    VoucherUse,
    frame_of,
)
from loyalty.receipt import Kind, Receipt, fingerprint
from loyalty.wire import Verdict
from tests.central.programme import BOOK, START_MS, VERSION

AT = Moment(START_MS, "b", 0)
DEVICE = b"d" * 16
HOLDERS = [Holder("member", "a"), Holder("member", "b"), Holder("card", "c1"), Holder("card", "c2")]
CODES = [hashlib.sha256(bytes([number])).hexdigest() for number in range(3)]

holders = st.sampled_from(HOLDERS)
fens = st.integers(0, 30_000)
points = st.integers(0, 400)
numbers = st.sampled_from(["1", "2", "3", "4"])
prices = st.sampled_from([50, 200])  # few, so that spends are of all their lease has


def receipt(number, fen, kind=Kind.SALE, original=None):
    return Receipt("S1", kind, number, "2026-05-28T12:00:00", "CNY", fen, original_number=original)


def sale(number, fen, holder, promised, code):
    waits = code if holder is None else None
    return Sale(AT, receipt(number, fen), "", fen, "food", VERSION, holder, "", promised, waits)


def refund(number, own_number, fen, by_number, sale_fen):
    paper = receipt("R" + own_number, -fen, Kind.REFUND, number)
    original = None if by_number else fingerprint(receipt(number, sale_fen)).hex()
    return Refund(AT, paper, "", -fen, original)


def grant(holder, lease_id, amount):
    return LeaseGrant(
        AT,
        lease_id,
        holder,
        DEVICE.hex(),
        1,
        lease_id,
        amount,
        "r",
        "v" + lease_id,
        None,
        "2030",
        9,
    )


fixed_fen = st.sampled_from([5_000, 12_345])  # few amounts, so that refunds find their sales
bodies = st.one_of(
    st.builds(sale, numbers, fixed_fen, st.none() | holders, points, st.sampled_from(CODES)),
    st.builds(Claim, st.just(AT), st.sampled_from(CODES), holders, points=st.none() | points),
    st.builds(refund, numbers, numbers, fens, st.booleans(), fixed_fen),
    st.builds(
        lambda number, fen, holder, promised: Correction(
            AT, fingerprint(receipt(number, fen)).hex(), holder, points=promised
        ),
        numbers,
        fixed_fen,
        st.none() | holders,
        points,
    ),
    st.builds(grant, holders, numbers, prices),
    st.builds(
        lambda holder, lease, spent: Redeem(AT, holder, lease, spent, "r", "v" + lease),
        holders,
        numbers,
        prices,
    ),
    st.builds(LeaseClose, st.just(AT), numbers, prices | st.just(0)),
    st.builds(
        lambda lease, by: VoucherUse(AT, "v" + lease, by),
        numbers,
        st.sampled_from([DEVICE.hex(), "x"]),
    ),
    st.builds(lambda lease, again: VoucherCancelled(AT, "v" + lease, again, 50), numbers, numbers),
    st.builds(
        lambda name, tier, tags: MemberSet(AT, name, tier, tuple(tags)),
        st.sampled_from("ab"),
        st.sampled_from(["", "base", "gold"]),
        st.sets(st.sampled_from(["c1", "c2"])),
    ),
)


class Ledger:
    """A state and what was done to it; central's own events stand on central's chain."""

    def __init__(self):
        self.state = State(ZoneInfo("Asia/Shanghai"), complete=True)
        self.state.books.load({VERSION: BOOK})
        self.log, self.transfers, self.seqs = [], [], {}

    def judge(self, body):
        central = isinstance(body, LeaseGrant | MemberSet | Rejudge | EpochSealed)
        return self.take(CENTRAL_DEVICE if central else DEVICE, frame_of(body))

    def take(self, device, frame):
        seq = self.seqs[device] = self.seqs.get(device, 0) + 1
        event = Event(
            Identity(device, 1, seq), frame, read_body(frame), START_MS, START_MS, 1, len(self.log)
        )
        folded = self.append(event)
        for reference in folded.wakes:
            for origin in self.state.waiting.get(reference) or ():
                pending = self.state.pending.get(origin)
                if pending is not None:
                    self.judge(Rejudge(AT, origin.device_id.hex(), 1, origin.seq, pending.verdict))
        return folded.judgement

    def append(self, event):
        self.log.append(event)
        folded = fold(self.state, event)
        self.state.heads.put((event.identity.device_id, 1), Head(event.identity.seq, b""))
        self.state.keep()
        self.transfers += folded.transfers
        return folded

    def check(self):
        accounts = self.state.accounts.rows()
        assert sum(account.posted for account in accounts.values()) == 0
        summed = dict.fromkeys(accounts, 0)
        for one in self.transfers:
            assert one.amount > 0
            assert one.debit_id != one.credit_id
            summed[one.credit_id] += one.amount
            summed[one.debit_id] -= one.amount
        assert summed == {key: account.posted for key, account in accounts.items()}
        held = dict.fromkeys(accounts, 0)
        for lease in self.state.leases.rows().values():
            assert 0 <= lease.spent <= lease.amount
            held[lease.account_id] += 0 if lease.state else lease.amount - lease.spent
        for key, account in accounts.items():
            assert account.held == held[key]
            if kind_of(key) is AccountKind.WALLET:
                assert account.available >= 0
                lots = self.state.lots.get(key) or ()
                assert sum(lot.left for lot in lots) == account.posted
                assert all(lot.left > 0 for lot in lots)
            if kind_of(key) is AccountKind.DEBT:
                assert account.posted <= 0
        for one in self.state.sales.rows().values():
            assert 0 <= one.taken_back <= one.points

    def balances(self):
        owned = {}
        for key, account in self.state.accounts.rows().items():
            holder = holder_of(key)
            if holder is not None:
                owned[holder] = owned.get(holder, 0) + account.posted
        return {holder: balance for holder, balance in owned.items() if balance}


@given(st.lists(bodies, max_size=40))
@settings(max_examples=300)
def test_whatever_comes_in_whatever_order_every_sum_is_right(events):
    ledger = Ledger()
    for body in events:
        ledger.judge(body)
        ledger.check()


@given(st.lists(bodies, max_size=30))
@settings(max_examples=100)
def test_the_same_log_gives_the_same_ledger(events):
    ledger, again = Ledger(), Ledger()
    for body in events:
        ledger.judge(body)
    for event in ledger.log:
        again.append(event)
    assert again.transfers == ledger.transfers
    for name, table in ledger.state.tables.items():
        assert again.state.tables[name].rows() == table.rows()


@given(st.lists(bodies, max_size=30), st.data())
@settings(max_examples=100)
def test_every_receipt_earns_once_however_often_it_is_told(events, data):
    ledger = Ledger()
    for body in events:
        ledger.judge(body)
    before = ledger.balances()
    told = [body for body in events if isinstance(body, Sale | Refund)]
    for body in data.draw(st.permutations(told)):
        taken = ledger.state.receipts.get(fingerprint(body.receipt)) is not None
        if taken:
            assert ledger.judge(body).verdict is Verdict.PENDING_REF
    assert ledger.balances() == before


@given(st.lists(st.tuples(fens, holders, points), min_size=1, max_size=8), st.data())
@settings(max_examples=150)
def test_refunding_everything_in_any_order_and_steps_leaves_nothing(sales, data):
    ledger = Ledger()
    events = []
    for number, (fen, holder, promised) in enumerate(sales):
        events.append(sale(f"N{number}", fen, holder, promised, None))
        steps = data.draw(st.lists(st.integers(1, max(fen, 1)), max_size=4))
        parts = [*steps, fen]  # more comes back than was paid: it is capped
        events += [
            refund(f"N{number}", f"{number}-{part}", back, data.draw(st.booleans()), fen)
            for part, back in enumerate(parts)
        ]
    for body in data.draw(st.permutations(events)):
        ledger.judge(body)
        ledger.check()
    assert not ledger.state.pending.rows()
    left = {
        one.fingerprint: one.points - one.taken_back
        for one in ledger.state.sales.rows().values()
        if one.eligible_fen
    }
    assert set(left.values()) <= {0}


@given(
    st.lists(st.tuples(fens, st.sampled_from(CODES)), max_size=3, unique_by=lambda one: one[1]),
    st.data(),
)
@settings(max_examples=150)
def test_the_order_of_sales_claims_and_refunds_changes_no_balance(sales, data):
    events = []
    for number, (fen, code) in enumerate(sales):
        events.append(sale(f"N{number}", fen, None, 0, code))
        events.append(Claim(AT, code, HOLDERS[number % 2]))
        half = refund(f"N{number}", str(number), fen // 2, data.draw(st.booleans()), fen)
        events.append(half)
    results = []
    for order in (events, data.draw(st.permutations(events))):
        ledger = Ledger()
        for body in order:
            ledger.judge(body)
        ledger.check()
        assert not ledger.state.pending.rows()
        results.append(ledger.balances())
    assert results[0] == results[1]


@given(st.lists(st.tuples(fens, holders), max_size=10), st.integers(0, 10), st.integers(0, 10))
@settings(max_examples=100)
def test_when_a_card_is_resolved_changes_no_sum(sales, early, late):
    """A card's points are its member's, whether central learns that before or after the sales."""
    set_member = MemberSet(AT, "a", "base", ("c1", "c2"))
    results = []
    for moment in (early, late):
        ledger = Ledger()
        for number, (fen, holder) in enumerate(sales):
            if number == moment:
                ledger.judge(set_member)
            ledger.judge(sale(f"N{number}", fen, holder, fen // 100, None))
        ledger.judge(set_member)
        ledger.check()
        results.append(ledger.balances())
    assert results[0] == results[1]

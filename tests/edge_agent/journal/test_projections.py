"""Random days at a till: what is kept live must be what the events add up to."""

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.journal import projections
from edge_agent.journal.errors import Refusal
from edge_agent.journal.file.database import FILE, reading
from edge_agent.journal.papers.records import SaleRecord
from loyalty.events import (
    ActivityDone,
    Believed,
    Claim,
    LeaseClose,
    Redeem,
    ReviewDecided,
    ReviewHeld,
    ReviewOpened,
    VoucherCancelled,
    VoucherUse,
)
from tests.edge_agent.journal.conftest import (
    CARD,
    LI,
    WANG,
    at,
    claim,
    correction,
    lend,
    open_till,
    redeem,
    refund_of,
    sale,
)

NUMBERS = st.integers(1, 4)
HOLDERS = st.sampled_from([WANG, LI, CARD])
POINTS = st.integers(0, 300)
CODES = st.sampled_from(["A", "B", "C"])


def review(number):
    name = f"{number:064}"
    return ReviewOpened(at(), name, "s1", ("no_total",), review_id=name)


def review_decided(number, decision):
    read = Believed("sale", str(number), None, "CNY", 100, "s1")
    return ReviewDecided(at(), f"{number:064}", decision, "1007", read)


BODIES = st.one_of(
    st.builds(sale, NUMBERS, HOLDERS, POINTS),
    st.builds(lambda n, code: sale(n, claim_code=code), NUMBERS, CODES),
    st.builds(claim, CODES, HOLDERS, POINTS | st.none()),
    st.builds(lambda n, h, p: correction(sale(n), h, p), NUMBERS, HOLDERS | st.none(), POINTS),
    st.builds(
        lambda n, r, p, fen: refund_of(sale(n), f"R{r}", p, fen),
        NUMBERS,
        NUMBERS,
        POINTS | st.none(),
        st.integers(1, 10_000),
    ),
    st.builds(redeem, CODES, HOLDERS, st.integers(1, 99)),
    st.builds(lambda code: LeaseClose(at(), f"lease-{code}", 0), CODES),
    st.builds(lambda code: VoucherUse(at(), code, "00" * 16), CODES),
    st.builds(lambda code: VoucherCancelled(at(), code, f"back-{code}", 99), CODES),
    st.builds(review, NUMBERS),
    st.builds(lambda n, h: ReviewHeld(at(), f"{n:064}", h), NUMBERS, HOLDERS),
    st.builds(lambda n, h: ActivityDone(at(), h, "in", "b1", n, "book", "day"), NUMBERS, HOLDERS),
    st.builds(review_decided, NUMBERS, st.sampled_from(["accepted", "rejected"])),
)


@given(st.lists(st.lists(BODIES, min_size=1, max_size=3), max_size=25))
def test_projections_made_again_from_the_journal_equal_the_live_ones(calls):
    with tempfile.TemporaryDirectory() as folder, open_till(Path(folder)) as till:
        recorded = 0
        for bodies in calls:
            for body in bodies:
                if isinstance(body, Redeem):
                    lend(till, body)
            with suppress(Refusal, KeyError):
                recorded += len(till.append(bodies))
        with reading(Path(folder) / FILE) as db:
            live = projections.dump(db)
        till._writer.transact(projections.rebuild)
        with reading(Path(folder) / FILE) as db:
            assert projections.dump(db) == live
        report = till.verify()
        assert report.problems == ()
        assert report.events == recorded == till.outbox().head_seq


@given(st.lists(BODIES, max_size=30))
def test_what_holders_are_promised_is_what_the_sales_here_hold(bodies):
    with tempfile.TemporaryDirectory() as folder, open_till(Path(folder)) as till:
        for body in bodies:
            # A claim may be of another till's sale, and a redemption spends.
            if not isinstance(body, Claim | Redeem):
                with suppress(Refusal, KeyError):
                    till.append([body])
        sales = [record for record in till.recent(99) if isinstance(record, SaleRecord)]
        for holder in (WANG, LI, CARD):
            held = (each.points - each.taken_back for each in sales if each.holder == holder)
            assert till.standing(holder).pending == sum(held)

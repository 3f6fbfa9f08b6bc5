import itertools
from datetime import date

import pytest
from sqlalchemy import delete, insert, update

from central import schema
from central.database import writing
from central.ledger import recorded, replay
from central.ledger import verify as verify_module
from central.ledger.verify import rebuild, verify
from central.ledger.writing import driver, saving, statements
from central.ledger.writing.lots import packed
from central.ledger.writing.projections import FORMS
from loyalty.chain import Frame
from loyalty.rules.lots import Lot
from tests.central.programme import card, member

PROJECTIONS = (
    schema.account,
    schema.transfer,
    schema.receipt_key,
    schema.sale,
    schema.lease,
    schema.voucher,
    schema.member_tier,
    schema.card,
    schema.waiting,
)


@pytest.fixture
def busy(programme):
    """A programme to which everything has happened."""
    till, kiosk = programme.till, programme.other
    programme.add_member("a", "gold", ["c1"])
    programme.add_reward(points=100)
    paid = till.sale(member(), fen=50_000)
    kiosk.push(kiosk.claim("C1", card("c9")), kiosk.claim("C2", member("b")))
    till.push(paid, till.sale(card("c1")), till.sale(code="C1"), till.refund(paid, fen=999))
    till.write_frame(Frame(99, 1, b"{}"))
    till.write_frame(Frame(1, 1, b"{"))
    till.send()
    lease = kiosk.lease(member())
    kiosk.push(kiosk.redeem(member(), lease), kiosk.close_lease(lease, 100))
    kiosk.lease(member(), request_id="r2")
    till.use_online(lease.voucher_code)
    till.push(till.correct(paid, member("b")), till.sale(card("c3")))
    programme.add_member("b", "", ["c3"])
    return programme


def findings(programme):
    return {finding.check for finding in programme.read(verify)}


def change(programme, statement):
    with writing(programme.engine) as connection:
        table = statement.table
        if not statement.is_insert:
            statement = statement.where(table.c.shard_key == programme.shard_key)
        assert connection.execute(statement).rowcount != 0


def test_a_sound_ledger_has_no_findings(busy):
    busy.check()


@pytest.mark.parametrize("together", [1, 3, 2_000])
def test_a_rebuild_gives_the_same_tables_byte_for_byte(busy, together, monkeypatch):
    """However few turns and rows are in memory at once."""
    monkeypatch.setattr(replay, "EVENTS_TOGETHER", together)
    for module in (driver, statements, recorded, verify_module):
        monkeypatch.setattr(module, "PAGE_ROWS", together)
    before = [busy.rows(table) for table in (*PROJECTIONS, schema.inbox)]
    assert all(before)
    with writing(busy.engine) as connection:
        assert rebuild(connection, busy.shard_key) == len(busy.rows(schema.inbox))
    assert [busy.rows(table) for table in (*PROJECTIONS, schema.inbox)] == before
    with writing(busy.engine) as connection:
        for table in PROJECTIONS:
            connection.execute(delete(table).where(table.c.shard_key == busy.shard_key))
        rebuild(connection, busy.shard_key)
    assert [busy.rows(table) for table in (*PROJECTIONS, schema.inbox)] == before
    busy.check()


def test_a_rebuild_that_is_given_up_changes_nothing(busy):
    change(busy, update(schema.sale).values(points=schema.sale.c.points + 1))
    damaged = [busy.rows(table) for table in PROJECTIONS]
    with busy.engine.connect() as connection:
        rebuild(connection, busy.shard_key)
        connection.rollback()
    assert [busy.rows(table) for table in PROJECTIONS] == damaged


def test_a_rebuild_gives_rows_back_what_each_has_of_the_other(busy):
    t = schema.lease.c
    first, second = busy.rows(schema.lease)
    for lease_id, request_id in (
        (first.lease_id, "neither"),
        (second.lease_id, first.request_id),
        (first.lease_id, second.request_id),
    ):
        mine = update(schema.lease).where(t.lease_id == lease_id)
        change(busy, mine.values(request_id=request_id))
    assert "replay" in findings(busy)
    with writing(busy.engine) as connection:
        rebuild(connection, busy.shard_key)
    assert busy.rows(schema.lease) == [first, second]


def test_a_ledger_three_times_as_long_takes_no_more_memory(sqlite_programme, monkeypatch):
    """A replay holds the rows that some turns touched, and those that people keep."""
    mall, held = sqlite_programme, []

    def seen(connection, shard_key, state, turn_of):
        held.append(sum(len(it.loaded) + len(it.changed()) for it in state.tables.values()))
        save(connection, shard_key, state, turn_of)

    def most_held():
        held.clear()
        mall.check()
        return len(held), max(held)

    save = saving.save
    monkeypatch.setattr(saving, "save", seen)
    monkeypatch.setattr(replay, "EVENTS_TOGETHER", 4)
    counts = []
    for _ in range(2):
        for name in range(12 + 12 * len(counts)):
            mall.till.push(mall.till.sale(member(f"{len(counts)} {name}")))
        counts.append(most_held())
    (some, rows), (three_times, rows_then) = counts
    assert (three_times, rows_then) == (3 * some, rows)


def test_no_turn_is_cut_and_few_are_in_memory_at_once(busy, monkeypatch):
    rows = sorted(busy.rows(schema.inbox), key=lambda row: (row.turn, row.place))
    monkeypatch.setattr(replay, "EVENTS_TOGETHER", 3)
    parts = list(replay._together(iter(rows)))
    assert [row for part in parts for row in part] == rows
    assert all(one[-1].turn < other[0].turn for one, other in itertools.pairwise(parts))
    assert all(len({row.turn for row in part[2:]}) <= 1 for part in parts)


#: The log, what people keep, and what devices and workers tell beside the events.
_NOT_FOLDED = """
    shard inbox stream epoch_grant feed feed_floor feed_turn durable restored awaited
    device enrolment contact fence member member_card member_access shop reward reward_stock
    reward_terms rule_book staff template taught review_paper pass_shown member_file
    job_run job_leader reminder trail witness
"""


def test_every_table_is_folded_again_out_of_the_log_or_is_no_part_of_the_ledger():
    folded = {form.table.name for form in FORMS.values()} - {"stream"}  # a check of its own
    assert {*folded, "transfer", "pending_lot", "waiting"} == set(replay.PROJECTIONS)
    assert {*replay.PROJECTIONS, *_NOT_FOLDED.split()} == set(schema.metadata.tables)


@pytest.mark.parametrize("table", PROJECTIONS, ids=lambda table: table.name)
def test_what_was_thrown_away_is_found_missing_and_comes_back(busy, table):
    before = busy.rows(table)
    change(busy, delete(table))
    assert "replay" in findings(busy)
    with writing(busy.engine) as connection:
        rebuild(connection, busy.shard_key)
    assert busy.rows(table) == before
    busy.check()


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        (update(schema.account).values(posted=schema.account.c.posted + 1), "sum"),
        (update(schema.account).values(posted=schema.account.c.posted + 1), "balance"),
        (update(schema.account).values(held=0), "held"),
        (
            update(schema.account).values(lots=packed([Lot(bytes(32), date(2027, 5, 29), 1)])),
            "lots",
        ),
        (update(schema.account).values(next_expiry="2027-01-01"), "replay"),
        (update(schema.transfer).values(amount=schema.transfer.c.amount + 1), "balance"),
        (update(schema.transfer).values(code=99), "replay"),
        (update(schema.sale).values(points=schema.sale.c.points + 1), "replay"),
        (update(schema.voucher).values(state=0), "replay"),
        (update(schema.inbox).values(verdict=1), "replay"),
        (update(schema.inbox).values(reason="x"), "replay"),
        (update(schema.inbox).values(hash=bytes(32)), "chain"),
        (update(schema.inbox).values(body=b"{}"), "chain"),
        (update(schema.inbox).values(kind=8), "chain"),
        (update(schema.inbox).values(kind_version=2), "chain"),
        (update(schema.inbox).values(seq=schema.inbox.c.seq + 100), "chain"),
        (update(schema.stream).values(head_seq=schema.stream.c.head_seq + 1), "head"),
        (update(schema.stream).values(head_hash=bytes(32)), "head"),
    ],
    ids=str,
)
def test_whatever_is_changed_by_hand_is_found(busy, statement, check):
    change(busy, statement)
    assert check in findings(busy)


def test_lots_that_cannot_be_read_any_more_are_found(busy):
    change(busy, update(schema.account).values(lots=b"\xc1"))
    assert "lots" in findings(busy)


def test_a_sum_that_was_changed_on_both_sides_is_found_too(busy):
    """A forged transfer with balances to match: only the chain knows that nobody wrote it."""
    one = busy.rows(schema.transfer)[0]
    forged = {**one._mapping, "number": len(busy.rows(schema.transfer)) + 1, "leg": 7}
    change(busy, insert(schema.transfer).values(forged))
    with writing(busy.engine) as connection:
        a = schema.account
        for account_id, sign in ((one.debit_id, -1), (one.credit_id, 1)):
            mine = update(a).where(a.c.shard_key == busy.shard_key, a.c.account_id == account_id)
            connection.execute(mine.values(posted=a.c.posted + sign * one.amount))
    assert "replay" in findings(busy)


def test_an_event_that_is_gone_is_found(busy):
    t = schema.inbox
    change(busy, delete(t).where(t.c.seq == 2, t.c.device_id == busy.till.id))
    assert "chain" in findings(busy)

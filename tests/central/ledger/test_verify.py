from datetime import date

import pytest
from sqlalchemy import delete, insert, update

from central import schema
from central.database import writing
from central.ledger import verify as verify_module
from central.ledger.replay import Replay
from central.ledger.verify import rebuild, verify
from central.ledger.writing.lots import packed
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


def test_a_rebuild_gives_the_same_tables_byte_for_byte(busy):
    before = [busy.rows(table) for table in (*PROJECTIONS, schema.inbox)]
    assert all(before)
    with writing(busy.engine) as connection:
        assert rebuild(connection, busy.shard_key) == len(busy.rows(schema.inbox))
    assert [busy.rows(table) for table in (*PROJECTIONS, schema.inbox)] == before


#: The log, what people keep, and what devices and workers tell beside the events.
_NOT_FOLDED = """
    shard inbox stream epoch_grant feed feed_floor feed_turn durable restored awaited
    device enrolment contact fence member member_card member_access shop reward reward_stock
    reward_terms rule_book staff template taught review_paper pass_shown member_file
    job_run job_leader reminder trail witness
"""


def test_every_table_is_folded_again_out_of_the_log_or_is_no_part_of_the_ledger(sqlite_programme):
    folded = sqlite_programme.read(Replay).projections()
    assert {*folded, *_NOT_FOLDED.split()} == set(schema.metadata.tables)
    assert set(folded) - set(verify_module._PROJECTIONS) == {"stream"}  # a check of its own


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

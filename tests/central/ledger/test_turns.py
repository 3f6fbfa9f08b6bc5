import itertools
import re
from collections import Counter

import pytest
from msgspec import structs
from sqlalchemy import event

from central import schema
from central.database import writing
from central.ledger.commands import Decision, SetMember
from central.ledger.directory import NoShard
from central.ledger.judging.rows import Head, Member
from central.ledger.writing import driver, turns, waiters, waking
from central.ledger.writing.overlaps import Meeting, Repeat, meet
from central.ledger.writing.turns import run_turn
from loyalty.events import BodyTooLarge, MemberSet
from loyalty.rules import rulebook
from tests.central.programme import BOOK, card, member


@pytest.fixture
def statements(engine, monkeypatch):
    """The text of every statement that is run, also of those that go past SQLAlchemy."""
    seen = []

    def note(_connection, _cursor, statement, _parameters, _context, _executemany):
        seen.append(statement)

    def noting(run):
        def noted(connection, text, values):
            seen.append(text)
            return run(connection, text, values)

        return noted

    for run in (driver.ask, driver.tell):
        monkeypatch.setattr(driver, run.__name__, noting(run))
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def day(till, count, holder):
    """A till's day: sales with and without holder, a claim, a refund."""
    bodies = []
    for number in range(count):
        paid = till.sale(holder(number))
        bodies += [paid, till.refund(paid, fen=100), till.refund(paid, fen=200, by_number=True)]
        bodies += [till.sale(code=f"{till.id.hex()} {number}")]
        bodies += [till.claim(f"{till.id.hex()} {number}", holder(number))]
    return bodies


def statements_of(programme, statements, *bodies):
    statements.clear()
    programme.till.push(*bodies)
    # SQLite is told many rows at once, then the few that are left over: one statement to us.
    texts = [re.sub(r"^(INSERT .* VALUES) \(\?[?, ()]*\)", r"\1 ..", one) for one in statements]
    apart = [one for one, _ in itertools.groupby(texts)]
    return [one for one in apart if not re.match(r"BEGIN|COMMIT|PRAGMA", one)]


def test_a_turn_is_the_same_few_statements_whatever_the_batch(programme, statements):
    till = programme.till
    programme.add_member("m1", tags=["c1"])
    of_ten = statements_of(
        programme, statements, *day(till, 2, lambda n: (member("m1"), card("c1"))[n % 2])
    )
    of_thousand = statements_of(
        programme,
        statements,
        *day(till, 199, lambda n: (member(f"m{n}"), card(f"c{n}"), member("m1"))[n % 3]),
    )
    names = [re.sub(r"\s+", " ", one)[:60] for one in of_thousand]
    # Five more: rows that are there already are written apart from new ones.
    assert len(of_thousand) <= len(of_ten) + 5, names
    assert len(of_thousand) <= 35, names
    programme.check()


#: Few rows are rightly read whole: as if each page of what has any held millions, and nobody had
#: counted the rest. The first page of an index holds none.
_AS_IF_LARGE = (
    "DELETE FROM pg_statistic",
    "UPDATE pg_class SET relpages = 0, reltuples = -1",
    """UPDATE pg_class SET relpages = 2, reltuples = 2e7
       WHERE pg_relation_size(oid) > CASE relkind WHEN 'i' THEN 8192 ELSE 0 END""",
)


def test_no_statement_of_a_turn_reads_a_shard_whole(programme, statements):
    """Databases take a shard for a few rows: they must be led to the index of the keys."""
    till = programme.till
    programme.add_member("a", tags=["c1"])
    programme.add_reward(points=10)
    till.push(till.refund(till.sale(member()), fen=100))  # waits
    statements.clear()
    till.push(*day(till, 3, lambda _: card("c1")))
    lease = till.lease(member())
    till.push(till.redeem(member(), lease), till.close_lease(lease, 10), till.use("V0"))
    till.use_online(lease.voucher_code)
    selects = {one for one in statements if one.startswith("SELECT") and " LIMIT " not in one}
    assert len(selects) > 20
    with programme.engine.connect() as connection:  # rolled back
        if programme.engine.dialect.name == "postgresql":
            for one in _AS_IF_LARGE:
                connection.exec_driver_sql(one)
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            of_arrays = [one for one in selects if "unnest" in one]
            assert len(of_arrays) > 10
            whole = {one: _whole_on_postgresql(connection, one) for one in of_arrays}
        else:
            whole = {one: _whole_on_sqlite(connection, one) for one in selects}
    assert not {one: steps for one, steps in whole.items() if steps}


def _whole_on_sqlite(connection, select):
    """Return the steps of a statement that read all of a shard's rows."""
    tables = schema.metadata.tables.values()
    several = {table.name for table in tables if len(table.primary_key) > 1}
    ask = f"EXPLAIN QUERY PLAN {select}"
    plan = [step for *_, step in connection.exec_driver_sql(ask, (None,) * select.count("?"))]
    whole = [one for one in plan if one.startswith("SCAN") or one.endswith("(shard_key=?)")]
    return [one for one in whole if one.split()[1] in several]


def _whole_on_postgresql(connection, select):
    """Return the steps of a statement that read all of a shard's rows."""
    told = re.sub(r"%b::(\w+)\[\]", r"ARRAY[]::\1[]", select).replace("%s", "1")
    plan = [step for (step,) in connection.exec_driver_sql(f"EXPLAIN {told}")]
    assert any("Index Cond" in one for one in plan), plan
    return [one for one in plan if "Seq Scan" in one or ("Index Cond" in one and "AND" not in one)]


def test_every_statement_of_the_hot_path_fixes_the_shard(programme, statements):
    till = programme.till
    programme.add_member("a", tags=["c1"])
    programme.add_reward(points=10)
    statements.clear()
    till.push(*day(till, 2, lambda _: card("c1")))
    lease = till.lease(member())
    till.push(till.redeem(member(), lease), till.close_lease(lease, 10), till.use("V0"))
    till.use_online(lease.voucher_code)
    till.send(till.request(1, 5))
    till.pull()
    programme.balance(member())
    for one in statements:
        if not re.match(r"BEGIN|COMMIT|ROLLBACK|PRAGMA|SET", one):
            assert "shard_key" in one, one
        if one.startswith(("SELECT", "UPDATE", "DELETE")):
            assert re.search(r"shard_key = [?%]", one), one


def test_one_turn_takes_pushes_and_commands_in_their_order(programme):
    with writing(programme.engine) as connection:
        commands = [SetMember("a", "gold", ("c1",)), SetMember("a", "base", ())]
        assert run_turn(connection, programme.shard_key, commands, programme.now_ms) == [None] * 2
    assert [row.tier_id for row in programme.rows(schema.member_tier)] == ["base"]
    assert programme.rows(schema.card) == []
    programme.check()


def test_a_command_that_fails_does_not_fail_its_neighbours(programme):
    class Broken:
        def wants(self):
            return ()

        def decide(self, state, at):
            state.members.put("x", Member("gold", ()))
            raise ZeroDivisionError

    with writing(programme.engine) as connection:
        items = [SetMember("a", "", ()), Broken(), SetMember("b", "", ())]
        answers = run_turn(connection, programme.shard_key, items, programme.now_ms)
    assert [type(answer) for answer in answers] == [type(None), ZeroDivisionError, type(None)]
    assert [row.member for row in programme.rows(schema.member_tier)] == ["a", "b"]
    programme.check()


def test_a_row_that_nobody_thought_to_load_is_loaded_when_it_is_needed(programme, monkeypatch):
    """Without any foresight the fold asks for row after row, and the ledger is the same."""
    till = programme.till
    programme.add_member("a", "gold", ["c1"])
    monkeypatch.setattr(turns.wants, "of_body", lambda *_, **__: [])
    monkeypatch.setattr(turns.wants, "of_rows", lambda *_: [])
    till.push(*day(till, 2, lambda _: card("c1")))
    assert programme.balance(member()) == 2 * (150 - 5 + 150)
    programme.check()


def test_turns_and_feed_positions_count_without_a_gap(programme):
    for number in range(5):
        programme.till.push(programme.till.sale(member(f"m{number}")))
    positions = [row.position for row in programme.rows(schema.feed)]
    assert positions == list(range(1, len(positions) + 1))
    log = sorted((row.turn, row.place) for row in programme.rows(schema.inbox))
    assert [turn for turn, _ in log] == [1, 2, 3, 4, 5]


def test_a_shard_that_was_never_set_up_has_no_turns(programme):
    with pytest.raises(NoShard), writing(programme.engine) as connection:
        run_turn(connection, 10**9, [], 0)


HASHES = [b"0", b"1", b"2", b"3", b"4", b"5"]
KNOWN = {seq: Repeat(HASHES[seq], 0, "", 0) for seq in range(1, 4)}


@pytest.mark.parametrize(
    ("first", "last", "sealed", "expected"),
    [
        (4, 5, False, Meeting("ok", 5, 0)),
        (2, 5, False, Meeting("ok", 5, 2)),
        (1, 2, False, Meeting("ok", 2, 3)),
        (4, 3, False, Meeting("ok", 3, 0)),
        (5, 5, False, Meeting("gap", 3)),
        (4, 5, True, Meeting("stale", 3)),
        (2, 3, True, Meeting("stale", 3)),
        (5, 5, True, Meeting("stale", 0)),
    ],
)
def test_where_a_push_meets_its_chain(first, last, sealed, expected):
    head = Head(3, HASHES[3], sealed)
    known = {seq: row for seq, row in KNOWN.items() if first - 1 <= seq <= last}
    assert meet(head, first, HASHES[first - 1], HASHES[first : last + 1], known) == expected


def test_any_other_hash_anywhere_is_a_fork():
    head = Head(3, HASHES[3])
    for first, place in itertools.product((2, 3), (2, 3)):
        if first <= place:
            sent = [b"x" if seq == place else HASHES[seq] for seq in range(first, 6)]
            met = meet(head, first, HASHES[first - 1], sent, KNOWN)
            assert met == Meeting("fork", place - 1, seen_seq=place, seen_hash=b"x")
    assert meet(head, 4, b"x", HASHES[4:], {}).status == "fork"
    assert meet(head, 3, b"x", [], KNOWN).status == "fork"


# --- what many events wait for


@pytest.fixture
def few(monkeypatch):
    """A turn that judges three events again."""
    monkeypatch.setattr(waiters, "FEW", 3)
    monkeypatch.setattr(waking, "FEW", 3)


def woken(programme):
    """How many events each turn judged again."""
    rows = [row for row in programme.rows(schema.inbox) if row.kind == 103]
    return list(Counter(row.turn for row in rows).values())


def test_what_many_events_wait_for_wakes_a_few_in_each_turn_and_all_in_their_order(programme, few):
    till, other = programme.till, programme.other
    other.push(other.claim("SLIP", card("c0")))
    for start in (1, 5):
        till.push(*[till.claim("SLIP", card(f"c{n}")) for n in range(start, start + 4)])
    till.push(till.sale(None, code="SLIP"))
    assert programme.balance(card("c0")) == 100
    for _ in range(2):
        other.send()
    assert programme.totals().waiting == {}
    assert woken(programme) == [3, 3, 3]
    programme.check()


def test_what_a_server_left_when_it_stopped_it_goes_on_with_when_it_starts(programme, few):
    till, kiosk = programme.till, programme.other
    programme.service._combiner.go_on = lambda _: None
    sales = [till.sale(card(f"c{n}")) for n in range(4)]
    till.push(*[till.refund(sale, 5_000) for sale in sales])
    till.push(*[till.use(f"V{n}") for n in range(2)], till.claim("SLIP", card("c9")))
    kiosk.push(*[kiosk.claim("CODE", card(f"d{n}")) for n in range(5)])
    kiosk.push(kiosk.sale(None, code="CODE"))
    till.push(*sales)
    assert programme.totals().waiting["claim_unknown"] > 1
    programme.service.start()
    assert programme.totals().waiting == {"claim_unknown": 1, "voucher_unknown": 2}
    assert [programme.balance(card(f"c{n}")) for n in range(4)] == [50] * 4
    assert max(woken(programme)) == 3
    programme.check()


def test_what_waits_for_the_same_again_is_judged_once_for_each_that_comes(programme, few):
    """Refunds name a number, and the sale under it was printed after them."""
    till, other = programme.till, programme.other
    sale = till.sale(card("c1"), number="N7")
    late = structs.replace(sale.receipt, printed_at="2026-06-01T12:00:00")
    till.push(*[till.refund(sale, 100 + n, by_number=True) for n in range(5)])
    till.push(structs.replace(sale, receipt=late))
    for _ in range(3):
        other.send()
    assert woken(programme) == [3, 2]
    assert programme.totals().waiting == {"original_unknown": 5}
    programme.check()


def test_sales_that_wait_for_one_rule_book_are_judged_once_when_it_comes(programme):
    new = structs.replace(BOOK, name="next")
    till = programme.till
    version = rulebook.version(new)
    till.push(*[till.sale(card(f"c{n}"), book=version) for n in range(3)])
    programme.add_book(new)
    programme.service.start()
    assert [programme.balance(card(f"c{n}")) for n in range(3)] == [100] * 3
    assert sum(woken(programme)) == 3
    programme.check()


class TooLarge:
    """A command whose second event fits no frame."""

    def wants(self):
        return ()

    def decide(self, _, at):
        bodies = [MemberSet(at, "a" * size, "base", ()) for size in (1, 5_000)]
        return Decision(tuple(bodies), lambda _: None)


def test_a_command_whose_event_is_too_large_fails_alone_and_writes_nothing(programme):
    with writing(programme.engine) as connection:
        items = [TooLarge(), SetMember("b", "base", ())]
        first, second = run_turn(connection, programme.shard_key, items, programme.now_ms)
    assert (type(first), second) == (BodyTooLarge, None)
    assert [row.member for row in programme.rows(schema.member_tier)] == ["b"]
    programme.check()

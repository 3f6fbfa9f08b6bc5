import pytest
from sqlalchemy import func, select

from central import schema
from central.config import Database
from central.database import connect, reading
from central.ledger.chains import chains
from central.ledger.verify import verify
from tillpoints.bench.ground import at_once, centre, counters, days, figures, growth, peers, serving
from tillpoints.bench.ground.days import SHARD, Till


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """The engine of a new database, with few members to make."""
    monkeypatch.setattr(days, "MEMBERS", 50)
    engine = connect(Database(f"sqlite:///{tmp_path}/central.db"))
    yield engine
    engine.dispose()


def found(engine, check):
    with reading(engine) as connection:
        return list(check(connection, SHARD))


def test_the_invented_days_leave_a_sound_ledger_and_nothing_waits(engine):
    tills = [Till(number, 50) for number in range(3)]
    ledger = centre.open_central(engine, tills)
    centre.push_all(ledger, tills, list(days.batches(tills, 2, 60)))
    ledger.close()
    assert found(engine, verify) == []
    t = schema.inbox
    with reading(engine) as connection:
        query = select(t.c.kind, t.c.verdict, func.count()).group_by(t.c.kind, t.c.verdict)
        kinds = {(kind, verdict): count for kind, verdict, count in connection.execute(query)}
    assert {kind for kind, _ in kinds} == {1, 2, 4, 102}
    assert {verdict for _, verdict in kinds} <= {0, 1}
    assert sum(count for (kind, _), count in kinds.items() if kind < 100) == 360


def test_the_chain_to_verify_is_whole_and_its_file_has_the_same_bytes(engine, tmp_path):
    till = Till(0, 50)
    centre.open_central(engine, [till]).close()
    centre.store_chain(engine, till, 300, tmp_path / "same")
    assert found(engine, chains) == []
    with reading(engine) as connection:
        t = schema.inbox
        size = func.sum(func.length(t.c.body)) + 32 * func.count()
        stored = connection.execute(select(size).where(t.c.device_id == till.device_id))
        assert stored.scalar_one() == (tmp_path / "same").stat().st_size


def test_a_peer_stores_what_a_push_holds_and_leaves_nothing_behind(tmp_path):
    till = Till(0, 50)
    stored = peers.stored(till.batch(20))
    assert [event[2] for event in stored] == list(range(1, 21))
    assert peers.executemany(tmp_path, [stored]) > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("before", [[], [160]], ids=["in its first part", "later"])
def test_a_large_ledger_that_was_cut_short_is_gone_on_with(tmp_path, monkeypatch, before):
    monkeypatch.setattr(growth, "_PART_EVENTS", 160)
    monkeypatch.setattr(growth, "BATCH", 10)
    monkeypatch.setattr(days, "MEMBERS", 50)
    whole, told = growth._push, []

    def cut_short(engine, first_till, batches, held):
        took_s = whole(engine, first_till, batches // 2, held)
        raise KeyboardInterrupt(took_s)

    for events in before:
        growth.grow(events, tmp_path, told.append)
    with monkeypatch.context() as patch:
        patch.setattr(growth, "_push", cut_short)
        with pytest.raises(KeyboardInterrupt):
            growth.grow(480, tmp_path, told.append)
    growth.grow(480, tmp_path, told.append)
    assert [line.split()[0] for line in told] == ["160", "320", "480"]
    engine = connect(Database(f"sqlite:///{tmp_path}/central.db"))
    assert growth._events(engine) == 480
    assert found(engine, verify) == []
    engine.dispose()


def test_a_journal_is_pushed_to_a_central_process_to_the_last_event(tmp_path, monkeypatch):
    monkeypatch.setattr(days, "MEMBERS", 50)
    till = Till(0, 50)
    journal = serving.open_journal(tmp_path / "journal", till)
    serving.fill(journal, till, 120)
    with serving.serving(tmp_path, [till]) as url:
        _, sent = serving.push_everything(journal, url)
    assert journal.outbox().depth == 0
    assert journal.outbox().acked_seq == 120
    assert sent > 120 * 20
    journal.close()


def from_journals(folder, tills):
    return at_once.from_journals(folder, at_once.record(folder / "filled", tills, 20), tills)


def from_backlogs(folder, tills):
    return at_once.backlogs(folder, tills, 20)


@pytest.mark.parametrize("way", [from_journals, from_backlogs])
def test_tills_that_come_at_once_are_taken_in_to_the_last_event(tmp_path, monkeypatch, way):
    monkeypatch.setattr(days, "MEMBERS", 50)
    tills = [Till(one, 50) for one in range(3)]
    assert way(tmp_path, tills) > 0
    engine = connect(Database(f"sqlite:///{tmp_path}/central.db"))
    assert found(engine, verify) == []
    t = schema.inbox.c
    query = select(t.device_id, func.count()).where(t.kind < 100).group_by(t.device_id)
    with reading(engine) as connection:
        assert set(connection.execute(query)) == {(till.device_id, 20) for till in tills}
    engine.dispose()


ROW = figures.Row("ours", "a peer", "s", at_most=2)


def test_a_row_holds_medians_their_ratio_and_whether_the_goal_is_met():
    row = figures.beside(ROW, [1.0, 9.0, 3.0], [2.0, 1.0, 100.0])
    assert (row.ours, row.theirs, row.ratio, row.met) == (3.0, 2.0, 1.5, True)
    assert figures.beside(ROW, [5.0], [2.0]).met is False


def test_a_row_without_its_peer_says_why_and_has_no_ratio():
    row = figures.not_run(ROW, "there is no node")
    assert row.met is None
    said = figures.describe(figures.result([row], rounds=5))
    assert "not run: there is no node" in said
    assert "ratio" not in said


def test_a_missed_goal_is_said_as_such():
    said = figures.describe(figures.result([figures.beside(ROW, [5.0], [2.0])], rounds=5))
    assert "ratio 2.5   goal at most 2: MISSED" in said


def test_counters_that_redeem_leave_a_sound_ledger_and_every_member_half_their_points(
    engine, tmp_path
):
    with counters.counters(engine, 2, 3, tmp_path) as made:
        assert counters.all_at_once(2, 3, lambda number, place: made[number].redeem(place)) > 0
    assert found(engine, verify) == []
    t = schema.account
    with reading(engine) as connection:
        left = connection.execute(select(t.c.posted).where(t.c.kind == 1)).scalars().all()
    assert left == [100] * 6

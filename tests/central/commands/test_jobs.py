"""What central does by itself: expiry and tiers by day, each run to be seen and done again."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from central import schema
from central.database import reading, writing
from central.jobs import board, expiry, runs
from central.jobs.runs import LEASE_MS, RunState
from central.jobs.worker import Worker
from central.ledger.verify import verify
from tests.central.commands.test_statement import NUMBER, go_shopping
from tests.central.mall import DEMO

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = datetime.now(tz=ZONE).date()
RULES = (DEMO / "rules.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shopped_once(sqlite_mall, tmp_path_factory):
    return go_shopping(sqlite_mall.copied(tmp_path_factory.mktemp("aged")))


@pytest.fixture
def shopped(shopped_once, tmp_path):
    """A mall whose member of NUMBER has 207 points that count for 12 months."""
    return shopped_once.copied(tmp_path)


def closing(mall):
    days = ("--from", "2020-01-01", "--to", (TODAY + timedelta(days=3)).isoformat())
    return mall.json("central", "statement", NUMBER, *days)["closing"]


def last_day(mall):
    a = schema.account
    with mall.parts() as parts, reading(parts.engine) as connection:
        return date.fromisoformat(
            connection.execute(select(a.c.next_expiry).where(a.c.lots.is_not(None))).scalar_one()
        )


def is_sound(mall):
    with mall.parts() as parts, reading(parts.engine) as connection:
        return verify(connection, parts.config.shard_key) == []


def test_a_day_that_has_not_come_is_asked_about_first(shopped):
    said = shopped.run("central", "jobs", "run", "expiry", "--day", "2099-01-01", code=1)
    assert "2099-01-01" in said
    assert "--ahead" in said
    assert closing(shopped) == 207


def test_points_count_to_the_end_of_their_last_day_and_expire_once(shopped):
    until = last_day(shopped)
    said = shopped.json("central", "jobs", "run", "expiry", "--ahead", "--day", until.isoformat())
    assert (said["state"], said["done"], closing(shopped)) == ("done", 0, 207)
    after = (until + timedelta(days=1)).isoformat()
    said = shopped.json("central", "jobs", "run", "expiry", "--ahead", "--day", after)
    assert (said["state"], said["done"], closing(shopped)) == ("done", 1, 0)
    again = shopped.json("central", "jobs", "run", "expiry", "--ahead", "--day", after)
    assert (again["done"], closing(shopped)) == (0, 0)
    assert is_sound(shopped)
    listed = shopped.json("central", "jobs", "list")
    assert [(one["job"], one["done"], one["state"]) for one in listed] == [
        ("expiry", 0, "done"),
        ("expiry", 1, "done"),
        ("expiry", 0, "done"),
    ]


def test_an_expiry_stands_on_the_statement(shopped):
    after = (last_day(shopped) + timedelta(days=1)).isoformat()
    shopped.run("central", "jobs", "run", "expiry", "--ahead", "--day", after)
    days = ("--from", TODAY.isoformat(), "--to", (TODAY + timedelta(days=1)).isoformat())
    lines = shopped.json("central", "statement", NUMBER, *days)["lines"]
    assert (lines[-1]["what_zh"], lines[-1]["points"]) == ("积分到期", -207)


def tier_of(mall):
    with mall.parts() as parts, reading(parts.engine) as connection:
        t, m = schema.member_tier, schema.member
        query = select(t.c.tier_id).join_from(t, m, t.c.member == m.c.member)
        return connection.execute(query.where(m.c.number == NUMBER)).scalar_one()


def test_a_review_takes_members_up_at_once_and_down_when_grace_is_over(shopped):
    assert tier_of(shopped) == "ordinary"
    text = RULES.replace("claim_days", "tier_grace_days = 30\nclaim_days", 1)
    shopped.bring_in("rules", text.replace("from_points = 1001", "from_points = 200"))
    first = shopped.json("central", "jobs", "run", "tiers", "--ahead", "--day", "2026-12-31")
    assert (first["state"], tier_of(shopped)) == ("done", "silver")
    shopped.bring_in("rules", text)  # 207 points are short of silver now
    for day, tier in (("01-01", "silver"), ("01-30", "silver"), ("01-31", "ordinary")):
        shopped.run("central", "jobs", "run", "tiers", "--ahead", "--day", f"2027-{day}")
        assert tier_of(shopped) == tier
    again = shopped.json("central", "jobs", "run", "tiers", "--ahead", "--day", "2027-01-31")
    assert again["done"] == 0
    assert is_sound(shopped)


def test_rolling_tiers_go_by_what_was_earned_lately_not_by_what_is_left(shopped):
    text = RULES.replace("claim_days", 'tier_basis = "rolling"\nclaim_days', 1)
    text = text.replace("from_points = 1001", "from_points = 700")  # earned: 814 less 107
    shopped.bring_in("rules", text)
    shopped.run("central", "jobs", "run", "tiers", "--ahead", "--day", TODAY.isoformat())
    assert tier_of(shopped) == "silver"
    later = TODAY.replace(year=TODAY.year + 2, day=1).isoformat()
    shopped.run("central", "jobs", "run", "tiers", "--ahead", "--day", later)
    assert tier_of(shopped) == "ordinary"


def test_a_review_of_a_day_before_the_last_one_changes_no_tier(shopped):
    text = RULES.replace("claim_days", 'tier_basis = "rolling"\nclaim_days', 1)
    shopped.bring_in("rules", text.replace("from_points = 1001", "from_points = 700"))
    shopped.json("central", "jobs", "run", "tiers", "--ahead", "--day", TODAY.isoformat())
    earlier = (TODAY - timedelta(days=3)).isoformat()  # nothing was earned by then
    said = shopped.json("central", "jobs", "run", "tiers", "--ahead", "--day", earlier)
    assert (said["done"], said["detail"], tier_of(shopped)) == (
        0,
        f"{TODAY} 已评过 / {TODAY} was reviewed",
        "silver",
    )


def test_a_day_that_is_over_is_judged_by_what_members_owned_when_it_ended(shopped):
    shopped.bring_in("rules", RULES.replace("from_points = 1001", "from_points = 200"))
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    said = shopped.json("central", "jobs", "run", "tiers", "--day", yesterday)
    assert said["detail"] == f"balance：{yesterday} 日终的积分 / as {yesterday} ended"
    assert tier_of(shopped) == "ordinary"
    t = schema.transfer
    for earlier, tier in ((1, "ordinary"), (0, "silver")):
        end_ms = int(datetime.combine(TODAY, time.min, ZONE).timestamp() * 1000)
        with shopped.parts() as parts, writing(parts.engine) as connection:
            connection.execute(update(t).values(booked_ms=end_ms - 1 + earlier))
        shopped.json("central", "jobs", "run", "tiers", "--day", yesterday)
        assert tier_of(shopped) == tier


def test_rolling_tiers_count_receipts_and_no_activities(shopped):
    survey = '\n[[activities]]\nid = "s"\nkind = "survey"\nname_zh = "卷"\nname_en = "S"\n'
    text = RULES.replace("claim_days", 'tier_basis = "rolling"\nclaim_days', 1)
    shopped.bring_in("rules", f"{text}{survey}points = 5000\n")
    shopped.run("central", "activity", "record", "s", NUMBER, "--staff", "li")
    assert closing(shopped) == 5207
    shopped.run("central", "jobs", "run", "tiers", "--day", TODAY.isoformat())
    assert tier_of(shopped) == "ordinary"


def test_campaigns_that_begin_or_end_are_named(mall):
    campaign = '\n[[campaigns]]\nid = "x"\nname_zh = "节"\nname_en = "Feast"\ntimes = "2"\n'
    mall.bring_in("rules", f"{RULES}{campaign}from_day = 2026-12-01\nuntil_day = 2026-12-03\n")
    for day, words in (
        ("2026-12-01", "开始 节"),
        ("2026-12-02", ""),
        ("2026-12-03", "最后一天 节"),
        ("2020-12-01", "没有规则"),  # a day's book is the one that was in force on it
    ):
        said = mall.json("central", "jobs", "run", "campaigns", "--ahead", "--day", day)
        assert said["detail"].partition(" / ")[0] == words


@pytest.mark.parametrize("name", list(board.JOBS))
def test_each_job_runs_for_a_day_again_changes_nothing_and_is_listed(shopped, name):
    day = (TODAY - timedelta(days=1)).isoformat()
    before = closing(shopped)
    runs_ = [
        shopped.json("central", "jobs", "run", name, "--ahead", "--day", day) for _ in range(2)
    ]
    assert [one["state"] for one in runs_] == ["done", "done"]
    listed = shopped.json("central", "jobs", "list")
    assert [(one["job"], one["day"]) for one in listed] == [(name, day)] * 2
    assert closing(shopped) == before
    assert is_sound(shopped)


def test_one_worker_leads_and_another_takes_over_when_it_is_silent(mall):
    with mall.parts() as parts, writing(parts.engine) as connection:
        shard = parts.config.shard_key
        assert runs.lead(connection, shard, "a", 1_000)
        assert not runs.lead(connection, shard, "b", 1_000)
        assert runs.lead(connection, shard, "a", 2_000)
        assert not runs.lead(connection, shard, "b", 1_999 + LEASE_MS)
        assert runs.lead(connection, shard, "b", 2_000 + LEASE_MS)
        assert not runs.lead(connection, shard, "a", 2_001 + LEASE_MS)
        runs.resign(connection, shard, "b")
        assert runs.lead(connection, shard, "a", 2_002 + LEASE_MS)


def test_a_failed_job_is_seen_and_tried_again(mall, monkeypatch):
    def fails(*_):
        raise RuntimeError("no disk")

    with mall.parts() as parts:
        monkeypatch.setitem(board.JOBS, "expiry", fails)
        ended = board.run(parts, "expiry", TODAY)
        assert (ended.state, ended.detail) == (RunState.FAILED, "RuntimeError: no disk")
        assert "expiry" in board.due(parts, TODAY)
        monkeypatch.setitem(board.JOBS, "expiry", expiry.run)
        assert board.run(parts, "expiry", TODAY).state is RunState.DONE
        assert "expiry" not in board.due(parts, TODAY)


def test_a_worker_runs_what_is_due_and_leaves_the_lead_when_it_stops(mall):
    with mall.parts() as parts:
        worker = Worker(parts)
        worker.start()
        assert worker.leads
        other = Worker(parts)
        other.start()
        assert not other.leads
        other.stop()
        worker.stop()
        third = Worker(parts)
        third.start()
        assert third.leads
        third.stop()

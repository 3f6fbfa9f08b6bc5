"""What members are to hear of: worked out by jobs, fetched by command and from the desk's page."""

import csv
import io
import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from central import schema
from central.database import reading
from tests.central.commands.test_statement import NUMBER, go_shopping
from tests.central.mall import DEMO

TODAY = datetime.now(tz=ZoneInfo("Asia/Shanghai")).date()
RULES = (DEMO / "rules.toml").read_text(encoding="utf-8")
SETTINGS = """
remind_expiry_days = [30, 7]
remind_tier_points = 900
remind_reward_points = 400
statement_day = 5
"""


@pytest.fixture(scope="module")
def shopped_once(sqlite_mall, tmp_path_factory):
    mall = go_shopping(sqlite_mall.copied(tmp_path_factory.mktemp("reminded")))
    head, table, rest = RULES.partition("[[")
    mall.bring_in("rules", f"{head}{SETTINGS}{table}{rest}")
    return mall


@pytest.fixture
def shopped(shopped_once, tmp_path):
    """A mall whose member of NUMBER has 207 points."""
    return shopped_once.copied(tmp_path)


def ran(mall, job, day):
    return mall.json("central", "jobs", "run", job, "--ahead", "--day", day.isoformat())


def told(mall, day):
    return mall.json("central", "reminders", "--day", day.isoformat())


def last_day(mall):
    with mall.parts() as parts, reading(parts.engine) as connection:
        found = connection.execute(select(schema.account.c.next_expiry)).scalars()
        return date.fromisoformat(next(day for day in found if day))


def test_who_is_near_a_tier_and_a_reward_hears_of_it_once(shopped):
    said = ran(shopped, "reminders", TODAY)
    assert (said["state"], said["detail"]) == ("done", "reward 1, tier 1")
    words = {one["subject"].partition("/")[0]: one for one in told(shopped, TODAY)}
    assert words["tier"]["zh"] == "再积 794 分升为银卡"
    assert words["tier"]["en"] == "794 more points to Silver"
    assert words["reward"]["number"] == NUMBER
    assert (ran(shopped, "reminders", TODAY)["done"], len(told(shopped, TODAY))) == (2, 2)
    tomorrow = TODAY + timedelta(days=1)
    assert ran(shopped, "reminders", tomorrow)["done"] == 0
    assert told(shopped, tomorrow) == []
    assert ran(shopped, "reminders", TODAY + timedelta(days=31))["done"] == 2


@pytest.mark.parametrize(("before", "count"), [(30, 1), (29, 0), (7, 1), (0, 0)])
def test_points_that_end_are_told_of_so_many_days_before(shopped, before, count):
    day = last_day(shopped) - timedelta(days=before)
    ran(shopped, "reminders", day)
    ends = [one for one in told(shopped, day) if one["subject"].startswith("expiry/")]
    assert len(ends) == count
    for one in ends:
        assert one["zh"] == f"207 分将于 {last_day(shopped)} 到期"


def test_statements_are_due_on_their_day_of_the_month(shopped):
    fourth, fifth = TODAY.replace(day=4), TODAY.replace(day=5)
    assert ran(shopped, "statements", fourth)["done"] == 0
    month = (TODAY.replace(day=1) - timedelta(days=1)).isoformat()[:7]
    for _ in range(2):
        assert (ran(shopped, "statements", fifth)["done"], len(told(shopped, fifth))) == (1, 1)
    (one,) = told(shopped, fifth)
    assert (one["subject"], one["zh"]) == (f"statement/{month}", f"{month} 的积分对账单已出")
    jobs = [one["job"] for one in shopped.json("central", "jobs", "list")]
    assert jobs.count("statements") == 3


def test_what_fell_due_while_no_worker_was_up_is_told_on_the_next_day_that_has_one(shopped):
    fourth, fifth, seventh = (TODAY.replace(day=day) for day in (4, 5, 7))
    ran(shopped, "statements", fourth)
    assert [ran(shopped, "statements", seventh)["done"] for _ in range(2)] == [1, 1]
    if seventh <= TODAY:
        assert ran(shopped, "statements", fifth)["done"] == 0  # it was told on the seventh
    until = last_day(shopped)
    missed, up = until - timedelta(days=30), until - timedelta(days=28)
    ran(shopped, "reminders", missed - timedelta(days=1))
    ran(shopped, "reminders", up)
    (one,) = (one for one in told(shopped, up) if one["subject"].startswith("expiry/"))
    assert one["subject"] == f"expiry/{until}/30"


def test_the_file_has_what_a_message_needs_and_the_job_s_line_nothing_of_it(shopped):
    said = ran(shopped, "reminders", TODAY)
    text = shopped.run("central", "reminders", "--day", TODAY.isoformat())
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["number"] for row in rows] == [NUMBER, NUMBER]
    assert NUMBER not in json.dumps(said)
    assert rows[0]["phone"]
    assert rows[0]["phone"] not in json.dumps(said)


def test_a_book_that_asks_for_none_has_none(sqlite_mall, tmp_path):
    mall = sqlite_mall.copied(tmp_path)
    assert ran(mall, "reminders", TODAY)["detail"].endswith("the rule book asks for none")


def test_reminders_of_a_day_that_is_over_go_by_what_members_own_now(shopped):
    yesterday = TODAY - timedelta(days=1)
    said = ran(shopped, "reminders", yesterday)
    assert said["detail"] == "reward 1, tier 1, 按会员现有积分 / by what members own now"
    assert {one["zh"] for one in told(shopped, yesterday)} >= {"再积 794 分升为银卡"}

"""`tillpoints rules`: mistakes with their lines, differences in words, a trial on real receipts."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from loyalty.chain import signed_by
from loyalty.rules.rulebook import signed_message
from loyalty.wire import RuleBookRow, Topic
from tests.central.commands.test_statement import NUMBER, go_shopping
from tests.central.mall import DEMO

RULES = (DEMO / "rules.toml").read_text(encoding="utf-8")
TODAY = datetime.now(tz=ZoneInfo("Asia/Shanghai")).date()
DAYS = (
    "--from",
    (TODAY - timedelta(days=3)).isoformat(),
    "--to",
    (TODAY + timedelta(days=3)).isoformat(),
)
DOUBLE = """
[[campaigns]]
id = "feast"
name_zh = "美食节"
name_en = "Food feast"
times = "2"
minimum_fen = 30000
"""


@pytest.fixture(scope="module")
def shopped(sqlite_mall, tmp_path_factory):
    return go_shopping(sqlite_mall.copied(tmp_path_factory.mktemp("tried")))


@pytest.fixture
def new_rules(tmp_path):
    path = tmp_path / "new.toml"
    path.write_text(RULES + DOUBLE, encoding="utf-8")
    return str(path)


def test_a_good_book_has_a_version_and_names_what_the_mall_lacks(mall, tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(RULES + DOUBLE + 'shops = ["helu", "gone"]\n', encoding="utf-8")
    said = mall.json("rules", "check", str(path))
    assert (said["grammar"], said["campaigns"]) == (2, 1)
    (unknown,) = said["unknown"]
    assert unknown.startswith("line 83: campaigns[1] “美食节”: 没有“gone”")


def test_every_mistake_is_said_with_its_line_and_rule(mall, tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(RULES + DOUBLE + 'hours = ["9-5"]\ntiers = ["vip"]\n', encoding="utf-8")
    said = mall.run("rules", "check", str(path), code=1)
    line = RULES.count("\n") + DOUBLE.count("\n") + 1
    assert f"rules.toml:{line}: campaigns[1] “美食节”: 时段“9-5”有误，应如 10:00-14:00" in said
    assert f"rules.toml:{line + 1}: campaigns[1] “美食节”: 没有“vip”" in said


def test_a_change_is_told_rule_by_rule(mall, tmp_path, new_rules):
    said = mall.run("rules", "diff", "now", new_rules, "--lang", "en")
    assert said.strip() == "campaign “Food feast” added"
    other = tmp_path / "other.toml"
    other.write_text(RULES.replace('multiplier = "2"', 'multiplier = "3"'), encoding="utf-8")
    assert mall.run("rules", "diff", "now", str(other)).strip() == "等级“钻石” multiplier: 2 → 3"
    assert mall.run("rules", "diff", "now", str(DEMO / "rules.toml")).strip() == "没有不同"
    top, table, rest = RULES.partition("[[")
    other.write_text(f"{top}remind_expiry_days = [30, 7]\n{table}{rest}", encoding="utf-8")
    assert mall.run("rules", "diff", "now", str(other)).strip() == "remind_expiry_days: - → 30, 7"


def test_a_trial_says_what_a_book_would_have_given_and_changes_nothing(shopped, new_rules):
    before = shopped.json("central", "statement", NUMBER, *DAYS)["closing"]
    said = shopped.json("rules", "try", new_rules, *DAYS)
    assert said["whole"] == {"receipts": 2, "given": 814, "points": 1414}
    assert said["more"] == {"receipts": 1, "given": 600, "points": 1200}
    assert (said["less"]["receipts"], said["members_more"], said["members_less"]) == (0, 1, 0)
    assert said["campaigns"] == [{"zh": "美食节", "en": "Food feast", "receipts": 1}]
    assert said["shops"] == {"helu": {"receipts": 2, "given": 814, "points": 1414}}
    text = shopped.run("rules", "try", new_rules, *DAYS)
    assert "600 → 1200  (其他 每1.00元积1分；满额双倍 ×2 (美食节))" in text
    text = shopped.run("rules", "try", new_rules, *DAYS, "--lang", "en")
    assert "campaign Food feast: receipts 1" in text
    assert shopped.json("central", "statement", NUMBER, *DAYS)["closing"] == before


def test_the_book_in_force_gives_what_was_given(shopped):
    said = shopped.json("rules", "try", str(DEMO / "rules.toml"), *DAYS)
    assert said["whole"] == {"receipts": 2, "given": 814, "points": 814}
    assert said["largest"] == []


def test_a_month_without_receipts_is_told_as_one(shopped, new_rules):
    said = shopped.json("rules", "try", new_rules)
    assert said["whole"]["receipts"] == 0


def closing(mall):
    return mall.json("central", "statement", NUMBER, *DAYS)["closing"]


def test_corrected_rules_are_tried_first_and_then_booked_once(shopped, tmp_path):
    mall = shopped.copied(tmp_path)
    mall.bring_in("rules", RULES + DOUBLE)
    before = closing(mall)
    dry = mall.json("rules", "recalculate", *DAYS)
    facts = {"receipts": 1, "more": 600, "less": 0, "applied": False}
    assert dry == {**facts, "devices_to_tell": 2}  # today is not over
    assert "2 台设备还没有报完这些天" in mall.run("rules", "recalculate", *DAYS)
    assert closing(mall) == before
    mall.run("rules", "recalculate", *DAYS, "--apply", code=2)
    said = ("--apply", "--staff", "li", "--why", "规则写错")
    assert mall.json("rules", "recalculate", *DAYS, *said)["more"] == 600
    assert closing(mall) == before + 600
    assert mall.json("rules", "recalculate", *DAYS, *said)["receipts"] == 0
    lines = mall.json("central", "statement", NUMBER, *DAYS)["lines"]
    assert lines[-1]["what_zh"] == "禾鹿小馆 规则更正补分"


def test_a_granted_tier_stays_through_a_review_to_its_last_day(shopped, tmp_path):
    mall = shopped.copied(tmp_path)
    until = TODAY + timedelta(days=10)
    words = ("--until", until.isoformat(), "--staff", "li", "--why", "开业嘉宾")
    mall.run("central", "member", "grant", NUMBER, "platinum", *words, code=1)
    mall.run("central", "member", "grant", NUMBER, "gold", *words)
    mall.run("central", "jobs", "run", "tiers", "--ahead", "--day", until.isoformat())
    assert tier(mall) == "金卡"
    after = (until + timedelta(days=1)).isoformat()
    mall.run("central", "jobs", "run", "tiers", "--ahead", "--day", after)
    assert tier(mall) == "普通"


def tier(mall):
    return mall.json("central", "statement", NUMBER, *DAYS)["tier_zh"]


def test_labels_that_a_person_gives_count_in_a_trial(shopped, tmp_path):
    mall = shopped.copied(tmp_path)
    path = tmp_path / "club.toml"
    path.write_text(RULES + DOUBLE + 'labels = ["drivers"]\n', encoding="utf-8")
    assert mall.json("rules", "try", str(path), *DAYS)["more"]["receipts"] == 0
    mall.run("central", "member", "facts", NUMBER, "--label", "drivers", "--birth-month", "11")
    mall.run("central", "member", "facts", "000000000000", "--label", "x", code=1)
    more = mall.json("rules", "try", str(path), *DAYS)["more"]
    assert (more["receipts"], more["points"] - more["given"]) == (1, 600)


def test_the_book_in_force_stays_in_force_when_it_is_imported_for_a_day_to_come(mall, tmp_path):
    day = (TODAY + timedelta(days=7)).isoformat()
    said = mall.run("central", "import", "rules", str(DEMO / "rules.toml"), "--from", day, code=1)
    assert "不能推迟" in said
    assert "change its name" in said
    assert "没有不同" in mall.run("rules", "diff", "now", str(DEMO / "rules.toml"))
    back = tmp_path / "back.toml"
    back.write_text(RULES.replace("积分规则", "积分规则之二", 1), encoding="utf-8")
    assert "新增 1" in mall.run("central", "import", "rules", str(back), "--from", day)


def test_neither_a_book_nor_a_granted_tier_is_of_the_past(mall, new_rules):
    day = (TODAY - timedelta(days=1)).isoformat()
    said = mall.run("central", "import", "rules", new_rules, "--from", day, code=1)
    assert f"{day} is over" in said
    mall.run("central", "import", "members", str(DEMO / "members.csv"))
    person = ("--staff", "li", "--why", "guest")
    grant = ("central", "member", "grant", NUMBER, "gold", *person, "--until")
    assert f"{day} is over" in mall.run(*grant, day, code=1)
    assert "已授予 gold" in mall.run(*grant, TODAY.isoformat())
    assert "新增 1" in mall.run(
        "central", "import", "rules", new_rules, "--from", TODAY.isoformat()
    )


def test_a_book_for_a_day_to_come_is_announced_now_and_counts_then(mall, tmp_path):
    path = tmp_path / "next.toml"
    path.write_text(RULES + DOUBLE, encoding="utf-8")
    day = (TODAY + timedelta(days=7)).isoformat()
    mall.run("central", "import", "rules", str(path), "--from", day)
    assert "新增" in mall.run("rules", "diff", "now", str(path))  # the old one is in force
    code = mall.json("fleet", "enrol", "--name", "t9", "--role", "till", "--shop", "helu")["code"]
    with mall.parts() as parts, mall.server() as server:
        books = server.device(code).feed(Topic.RULE_BOOK, RuleBookRow).values()
        central = parts.keys.central_key.public_key().public_bytes_raw()
        assert len(books) == 2
        for one in books:
            message = signed_message(one.version, one.effective_ms)
            assert signed_by(central, one.signature, message)
    until = datetime.combine(TODAY + timedelta(days=7), time(), ZoneInfo("Asia/Shanghai"))
    assert max(one.effective_ms for one in books) == until.timestamp() * 1000

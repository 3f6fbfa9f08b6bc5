import csv
import json
import os
import stat

import msgspec
import pytest
from sqlalchemy import select

from central import schema
from central.database import reading
from central.ledger.verify import verify
from loyalty import codes
from loyalty.events import Holder
from loyalty.rules import rulebook
from loyalty.wire import MemberRow, RewardRow, RuleBookRow, ShopRow, Topic
from tests.central.mall import DEMO

NUMBER, OTHER = codes.make_member_number("58656238139"), codes.make_member_number("72343504267")
HEADER = "number,name,phone,tier,aliases"


def rows(mall, table):
    with mall.parts() as parts, reading(parts.engine) as connection:
        return connection.execute(select(table)).all()


def tag(mall, code):
    with mall.parts() as parts:
        return codes.card_tag(parts.keys.tenant_key, code)


def feed(mall, topic, row_type):
    """What a till that pulls everything would hold of a topic."""
    view = {}
    for row in sorted(rows(mall, schema.feed), key=lambda row: row.position):
        if row.topic == topic:
            view[row.item] = row.payload and msgspec.msgpack.decode(row.payload, type=row_type)
    return {item: row for item, row in view.items() if row is not None}


def sound(mall):
    with mall.parts() as parts, reading(parts.engine) as connection:
        return verify(connection, 1) == []


def everything(mall):
    with mall.parts() as parts, reading(parts.engine) as connection:
        return {
            name: [tuple(row) for row in connection.execute(select(table))]
            for name, table in schema.metadata.tables.items()
        }


def test_the_demo_mall_comes_in_whole_and_reaches_the_tills(any_mall):
    said = any_mall.run("central", "import", "members", str(DEMO / "members.csv"))
    assert said == "会员：新增 40，更新 0，未变 0\n"
    with (DEMO / "members.csv").open(encoding="utf-8") as file:
        given = list(csv.DictReader(file))
    kept = {row.number: row for row in rows(any_mall, schema.member)}
    assert {line["number"]: line["name"] for line in given} == {
        number: row.name for number, row in kept.items()
    }
    pulled = feed(any_mall, Topic.MEMBER, MemberRow)
    for line in given:
        row = pulled[kept[line["number"]].member]
        cards = [line["number"], *filter(None, line["aliases"].split(";"))]
        assert row.tags == tuple(sorted(tag(any_mall, card) for card in cards))
        assert (row.tier_id, row.balance) == (line["tier"], 0)
        assert row.masked_name == codes.mask_name(line["name"])
    assert len(feed(any_mall, Topic.SHOP, ShopRow)) == 9
    assert len(feed(any_mall, Topic.REWARD, RewardRow)) == 12
    assert len(feed(any_mall, Topic.RULE_BOOK, RuleBookRow)) == 1
    assert sound(any_mall)


def test_nothing_personal_leaves_the_members_tables(mall):
    mall.run("central", "import", "members", str(DEMO / "members.csv"))
    people = rows(mall, schema.member)
    secrets = [text.encode() for row in people for text in (row.number, row.name, row.phone)]
    for table in (schema.feed, schema.inbox, schema.card, schema.member_tier):
        for row in rows(mall, table):
            told = b"\0".join(
                part if isinstance(part, bytes) else str(part).encode() for part in row
            )
            assert not [secret for secret in secrets if secret in told]


@pytest.mark.parametrize("kind", ["rules", "shops", "rewards", "tills", "members"])
def test_importing_the_same_file_again_changes_nothing(any_mall, kind):
    (file,) = DEMO.glob(f"{kind}.*")
    any_mall.run("central", "import", kind, str(file))
    before = everything(any_mall)
    said = any_mall.json("central", "import", kind, str(file))
    assert (said["added"], said["changed"]) == (0, 0)
    assert said["unchanged"] > 0
    assert everything(any_mall) == before


@pytest.mark.parametrize("kind", ["rules", "shops", "rewards", "tills", "members"])
def test_a_dry_run_says_what_would_be_and_keeps_nothing(new_mall, kind):
    mall = new_mall
    mall.run("central", "init")
    first = {"rewards": ["rules", "shops"], "tills": ["shops"], "members": ["rules"]}
    for earlier in first.get(kind, []):
        mall.run("central", "import", earlier, str(next(DEMO.glob(f"{earlier}.*"))))
    before = everything(mall)
    (file,) = DEMO.glob(f"{kind}.*")
    said = mall.json("central", "import", kind, str(file), "--dry-run")
    assert said["added"] > 0
    assert said["dry_run"] is True
    assert everything(mall) == before


def test_one_bad_line_keeps_the_whole_file_out(any_mall):
    before = everything(any_mall)
    said = any_mall.bring_in(
        "members", f"{HEADER}\n{NUMBER},王婉清,12475219908,,\n586,李,,,\n", code=1
    )
    assert "members.csv:3: number: 应为 12 位数字" in said
    assert everything(any_mall) == before


def test_what_the_database_knows_can_make_a_line_bad_too(any_mall):
    any_mall.bring_in("members", f"{HEADER}\n{NUMBER},王婉清,12475219908,,NFC-1\n")
    before = everything(any_mall)
    said = any_mall.bring_in("members", f"{HEADER}\n{OTHER},李思远,12116482896,,NFC-1\n", code=1)
    assert "members.csv:2: aliases: 此卡已属于另一位会员 / another member has this card" in said
    assert everything(any_mall) == before


def test_two_members_of_one_file_cannot_share_a_card(mall):
    said = mall.bring_in(
        "members", f"{HEADER}\n{NUMBER},王,1234567,,NFC-1\n{OTHER},李,1234568,,NFC-1\n", code=1
    )
    assert "members.csv:3: aliases: " in said


def test_a_card_can_change_hands_within_one_file(mall):
    mall.bring_in("members", f"{HEADER}\n{NUMBER},王,1234567,,NFC-1\n{OTHER},李,1234568,,\n")
    mall.bring_in("members", f"{HEADER}\n{NUMBER},王,1234567,,-\n{OTHER},李,1234568,,NFC-1\n")
    people = {row.number: row.member for row in rows(mall, schema.member)}
    owners = {row.tag: row.member for row in rows(mall, schema.card)}
    assert owners[tag(mall, "NFC-1")] == people[OTHER]
    assert sound(mall)


def test_an_import_brings_changes_in_and_leaves_what_the_file_leaves_open(any_mall):
    any_mall.bring_in("members", f"{HEADER}\n{NUMBER},王婉清,12475219908,gold,NFC-1\n")
    (before,) = rows(any_mall, schema.member)
    said = any_mall.bring_in("members", f"{HEADER}\n{NUMBER},王晚清,,,\n", "--lang", "en")
    assert said == "members: 0 new, 1 changed, 0 as before\n"
    (after,) = rows(any_mall, schema.member)
    assert after._asdict() == {**before._asdict(), "name": "王晚清"}
    (pulled,) = feed(any_mall, Topic.MEMBER, MemberRow).values()
    assert (pulled.tier_id, len(pulled.tags)) == ("gold", 2)
    any_mall.bring_in("members", f"{HEADER}\n{NUMBER},王晚清,,diamond,-\n")
    (pulled,) = feed(any_mall, Topic.MEMBER, MemberRow).values()
    assert (pulled.tier_id, pulled.tags) == ("diamond", (tag(any_mall, NUMBER),))
    assert sound(any_mall)


def test_a_member_without_a_number_gets_one_and_keeps_it(mall):
    for _ in range(2):
        mall.bring_in("members", f"{HEADER}\n,王婉清,12475219908,,\n")
    (person,) = rows(mall, schema.member)
    assert codes.is_member_number(person.number)
    assert rows(mall, schema.member_tier)[0].tier_id == "ordinary"


def test_a_phone_that_two_members_share_needs_the_number(mall):
    mall.bring_in("members", f"{HEADER}\n{NUMBER},王,12475219908,,\n{OTHER},李,12475219908,,\n")
    said = mall.bring_in("members", f"{HEADER}\n,王,12475219908,,\n", code=1)
    assert "members.csv:2: phone: " in said


def test_one_member_by_number_and_by_phone_is_told(mall):
    mall.bring_in("members", f"{HEADER}\n{NUMBER},王,12475219908,,\n")
    said = mall.bring_in("members", f"{HEADER}\n{NUMBER},王,,,\n,王,12475219908,,\n", code=1)
    assert "members.csv:3: 与第 2 行是同一会员" in said


def test_members_need_a_rule_book_for_their_tiers(new_mall):
    new_mall.run("central", "init")
    assert "先导入积分规则" in new_mall.bring_in("members", f"{HEADER}\n{NUMBER},王,,,\n", code=1)


def test_thousands_of_members_come_in_in_one_go(any_mall):
    lines = [f",会员{n},{13_000_000_000 + n},silver,NFC-{n}" for n in range(3000)]
    said = any_mall.bring_in("members", "\n".join((HEADER, *lines)))
    assert said.startswith("会员：新增 3000，")
    assert len(feed(any_mall, Topic.MEMBER, MemberRow)) == 3000
    assert len(rows(any_mall, schema.card)) == 6000


def test_a_reward_that_is_no_longer_offered_leaves_the_tills(mall):
    mall.bring_in("rewards", "reward_id,name_zh,points,kind,offered\nthermos,保温杯,500,goods,no\n")
    assert "thermos" not in feed(mall, Topic.REWARD, RewardRow)
    assert {row.reward_id: row.offered for row in rows(mall, schema.reward)}["thermos"] == 0


def test_categories_that_the_rules_do_not_name_are_mentioned(mall):
    said = mall.bring_in("shops", "shop_id,name_zh,category\nhelu,禾鹿小馆,dinning\n")
    assert "规则未列出的类别，按 * 计分" in said
    assert "not named: beauty, dinning, home, service" in said
    text = (DEMO / "rules.toml").read_text(encoding="utf-8")
    assert "dinning" not in mall.bring_in("rules", text.replace('"dining"', '"dinning"'))


def test_a_shop_that_moves_to_another_category_is_told_to_the_tills(mall):
    mall.bring_in("shops", "shop_id,name_zh,category\nhelu,禾鹿小馆,cinema\n")
    assert feed(mall, Topic.SHOP, ShopRow)["helu"].category == "cinema"


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("shops", "shop_id,name_zh,category\nA B,x,y\n", "shops.csv:2: shop_id: "),
        ("shops", "shop_id,name_zh,category\na,,y\n", "shops.csv:2: name_zh: 不能为空"),
        ("shops", f"shop_id,name_zh,category\na,{'x' * 61},y\n", "shops.csv:2: name_zh: "),
        ("rewards", "reward_id,name_zh,points,kind\na,x,0,goods\n", "rewards.csv:2: points: "),
        ("rewards", "reward_id,name_zh,points,kind\na,x,5,good\n", "rewards.csv:2: kind: "),
        (
            "rewards",
            "reward_id,name_zh,points,kind,home_shop\na,x,5,goods,nobody\n",
            "rewards.csv:2: home_shop: 没有门店“nobody”",
        ),
        ("tills", "name,role,shop\ntill-9,till,nobody\n", "tills.csv:2: shop: "),
        ("tills", "name,role,shop\ntill-9,pos,helu\n", "tills.csv:2: role: "),
        ("rules", "name = 1", "rules.csv:1: 填写有误 / "),
    ],
)
def test_what_is_wrong_is_said_with_file_line_and_column(mall, kind, text, says):
    assert says in mall.bring_in(kind, text, code=1)


def test_a_new_rule_book_is_in_force_at_once_and_the_old_one_stays_known(mall):
    text = (DEMO / "rules.toml").read_text(encoding="utf-8")
    mall.bring_in("rules", text.replace("claim_days = 30", "claim_days = 20"))
    assert len(rows(mall, schema.rule_book)) == 2
    assert len(feed(mall, Topic.RULE_BOOK, RuleBookRow)) == 2


def test_sales_that_came_before_their_rule_book_are_posted_when_it_comes(mall):
    text = (DEMO / "rules.toml").read_text(encoding="utf-8")
    later = text.replace("claim_days = 30", "claim_days = 20")
    version = rulebook.version(rulebook.from_toml(later))
    code = mall.json("fleet", "enrol", "--name", "till-1", "--role", "till", "--shop", "helu")
    with mall.server() as server:
        till = server.device(code["code"])
        answer = till.push(
            till.sale(Holder("card", "ab" * 8), fen=21_400, points=214, book=version)
        )
        assert [reason for _, reason, _ in answer] == ["rule_book_unknown"]
    assert rows(mall, schema.transfer) == []
    mall.bring_in("rules", later)
    assert [row.amount for row in rows(mall, schema.transfer)] == [214]
    assert sound(mall)


def test_codes_for_new_tills_go_to_a_file_of_their_own(mall):
    out = mall.folder / "codes.csv"
    mall.run("central", "import", "tills", str(DEMO / "tills.csv"), "--codes", str(out))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with out.open(encoding="utf-8-sig") as file:
        issued = {row["name"]: row["code"] for row in csv.DictReader(file)}
    assert set(issued) == {"till-1", "till-2", "till-3", "till-4", "till-5", "kiosk-1"}
    with mall.server() as server:
        enrolled = [server.device(code).enrolled for code in issued.values()]
    assert [each.name for each in enrolled] == list(issued)
    again = mall.folder / "again.csv"
    mall.run("central", "import", "tills", str(DEMO / "tills.csv"), "--codes", str(again))
    assert again.read_text(encoding="utf-8-sig").count("\n") == 1  # nobody is left to enrol


def test_codes_are_never_written_over_a_file(mall):
    out = mall.folder / "codes.csv"
    out.write_text("mine")
    before = everything(mall)
    mall.run("central", "import", "tills", str(DEMO / "tills.csv"), "--codes", str(out), code=1)
    assert out.read_text() == "mine"
    assert everything(mall) == before


def test_a_till_list_that_is_refused_leaves_no_codes_behind(mall):
    out = mall.folder / "codes.csv"
    mall.bring_in("tills", "name,role,shop\nx,till,nobody\n", "--codes", str(out), code=1)
    assert not os.path.lexists(out)


def test_an_enrolled_till_stays_in_its_shop(mall):
    code = mall.json("fleet", "enrol", "--name", "till-1", "--role", "till", "--shop", "helu")
    with mall.server() as server:
        server.device(code["code"])
    said = mall.bring_in("tills", "name,role,shop\ntill-1,till,zhiye\n", code=1)
    assert "“till-1”已注册" in said


def test_the_answer_in_json_is_one_object(mall):
    said = json.loads(
        mall.run("central", "import", "shops", str(DEMO / "shops.csv"), "--json").strip()
    )
    assert {key: said[key] for key in ("kind", "added", "changed", "unchanged", "dry_run")} == {
        "kind": "shops",
        "added": 0,
        "changed": 0,
        "unchanged": 9,
        "dry_run": False,
    }


def profiles(mall):
    return [json.loads(row.content) for row in rows(mall, schema.member_profile)]


def test_labels_and_the_month_of_birth_come_with_the_file_and_stay_where_it_says_nothing(mall):
    header = "number,name,phone,labels,birth_month"
    mall.bring_in("members", f"{header}\n{NUMBER},王婉清,12475219908,司机;vip,11\n")
    (one,) = profiles(mall)
    assert (one["labels"], one["birth_month"]) == (["vip", "司机"], 11)
    said = mall.bring_in("members", f"{header}\n{NUMBER},王婉清,12475219908,,\n")
    assert "1" in said
    assert profiles(mall) == [one]
    mall.bring_in("members", f"{header}\n{NUMBER},王婉清,12475219908,-,\n")
    (one,) = profiles(mall)
    assert (one["labels"], one["birth_month"]) == ([], 11)
    facts = [row for row in rows(mall, schema.inbox) if row.kind == 108]
    assert len(facts) == 2
    for wrong in ("13", "x"):
        bad = f"{header}\n{NUMBER},王婉清,12475219908,,{wrong}\n"
        assert "birth_month" in mall.bring_in("members", bad, code=1)
    assert "labels" in mall.bring_in(
        "members", f"{header}\n{NUMBER},王婉清,12475219908,a b,\n", code=1
    )

import re

import pytest
from sqlalchemy import select, update

from central import schema
from central.database import reading, writing
from loyalty import wire
from loyalty.chain import Frame
from loyalty.events import Holder
from loyalty.seals import WITNESS_PATH, Contradiction, Noted, Seal, seal
from loyalty.trails import TRAIL_PATH, Gaps, GapsTold
from loyalty.wire import MemberRow, RewardRow, RuleBookRow, Topic
from tests.central.mall import DEMO

TILL = ("--name", "till-9", "--role", "till", "--shop", "zhiye")


def enrol(mall, *options):
    return mall.json("fleet", "enrol", *TILL, *options)


def listed(mall, name="till-9", command="list"):
    return {each["name"]: each for each in mall.json("fleet", command)["devices"]}.get(name)


def test_a_code_makes_one_machine_that_device(any_mall):
    issued = enrol(any_mall)
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", issued["code"])
    assert listed(any_mall)["state"] == "expected"
    with any_mall.server() as server:
        till = server.device(issued["code"].lower().replace("-", " "))
    told = till.enrolled
    assert (told.name, told.role, told.shop_id) == ("till-9", "till", "zhiye")
    assert (told.programme, told.zone) == ("澄湖天地会员积分", "Asia/Shanghai")
    with any_mall.parts() as parts:
        assert told.tenant_key == parts.keys.tenant_key
        assert told.central_key == parts.keys.central_public
    assert listed(any_mall)["state"] == "enrolled"


def test_a_code_works_once(mall):
    code = enrol(mall)["code"]
    with mall.server() as server:
        server.device(code)
        with pytest.raises(AssertionError, match="code_used"):
            server.device(code)


def test_a_new_code_replaces_the_one_before(mall):
    first, second = enrol(mall)["code"], enrol(mall)["code"]
    with mall.server() as server:
        with pytest.raises(AssertionError, match="code_unknown"):
            server.device(first)
        server.device(second)


def test_a_code_is_too_old_after_a_day(mall):
    code = enrol(mall)["code"]
    with mall.parts() as parts, writing(parts.engine) as connection:
        until = connection.execute(select(schema.enrolment.c.expires_ms)).scalar_one()
        day_ms = 24 * 60 * 60 * 1000
        connection.execute(update(schema.enrolment).values(expires_ms=until - day_ms - 1))
    with mall.server() as server, pytest.raises(AssertionError, match="code_expired"):
        server.device(code)


def test_the_database_keeps_no_code(mall):
    code = enrol(mall)["code"].replace("-", "")
    with mall.parts() as parts, reading(parts.engine) as connection:
        kept = str(
            [connection.execute(select(table)).all() for table in schema.metadata.sorted_tables]
        )
    assert code not in kept


def test_an_enrolled_device_gets_a_new_code_only_when_asked_to_again(mall):
    with mall.server() as server:
        server.device(enrol(mall)["code"])
        assert "已有机器注册" in mall.run("fleet", "enrol", *TILL, code=1)
        again = server.device(enrol(mall, "--again")["code"])
    assert again.enrolled.epoch == 2


@pytest.mark.parametrize(
    ("changed", "code", "says"),
    [
        ({"--shop": "nobody"}, 1, "没有门店“nobody”"),
        ({"--name": "Till 9"}, 1, "name: "),
        ({"--role": "pos"}, 2, "--role"),
    ],
)
def test_what_cannot_be_a_device_is_refused(mall, changed, code, says):
    options = dict(zip(TILL[::2], TILL[1::2], strict=True)) | changed
    words = [word for pair in options.items() for word in pair]
    assert says in mall.run("fleet", "enrol", *words, code=code)
    assert listed(mall) is None


def test_the_code_is_said_in_both_languages_with_its_end(mall):
    assert "注册码：" in mall.run("fleet", "enrol", *TILL)
    english = mall.run("fleet", "enrol", *TILL, "--lang", "en")
    assert re.search(r"good once within 24 hours, until \d{4}-\d\d-\d\d \d\d:\d\d", english)


def test_status_tells_of_contact_clock_and_events(any_mall):
    code = enrol(any_mall)["code"]
    assert listed(any_mall, command="status") is None
    with any_mall.server() as server:
        till = server.device(code)
        assert "尚未联系" in any_mall.run("fleet", "status")
        till.push(till.sale(fen=5000, book=any_book(any_mall), code="C1"))
    status = listed(any_mall, command="status")
    assert (status["events"], status["open_cases"]) == (1, 0)
    assert abs(status["clock_error_ms"]) < 60_000
    assert "事件 1，待处理 0" in any_mall.run("fleet", "status")
    assert "1 events, 0 open" in any_mall.run("fleet", "status", "--lang", "en")
    assert "till-9" in any_mall.run("fleet", "list", "--lang", "en")


def any_book(mall):
    with mall.parts() as parts, reading(parts.engine) as connection:
        return connection.execute(select(schema.rule_book.c.version)).scalar_one()


@pytest.fixture
def leased(mall):
    """A till that holds a lease of a member's points, and the member's card."""
    mall.set_up()
    mall.run("central", "import", "members", str(DEMO / "members.csv"))
    asked = ("fleet", "enrol", "--name", "till-1", "--role", "till", "--shop", "helu")
    with mall.server() as server:
        till = server.device(mall.json(*asked)["code"])
        holder = Holder("member", next(iter(till.feed(Topic.MEMBER, MemberRow))))
        book = next(iter(till.feed(Topic.RULE_BOOK, RuleBookRow)))
        till.push(till.sale(holder, fen=5_000_000, points=0, book=book))
        reward = min(till.feed(Topic.REWARD, RewardRow).values(), key=lambda row: row.points)
        lease = till.lease(holder, reward.reward_id)
        assert lease.refusal is None
        yield mall, server, till, lease


def status_of_till(mall):
    return mall.json("fleet", "status")["devices"][0]


def test_a_lease_is_exposure_until_a_person_releases_it(leased):
    mall, _, _, lease = leased
    found = status_of_till(mall)
    assert (found["exposed_points"], len(found["open_leases"])) == (lease.points, 1)
    assert "seven days" in mall.run("fleet", "release-lease", lease.lease_id, code=1)
    said = mall.run("fleet", "release-lease", lease.lease_id, "--destroyed", "--lang", "en")
    assert said == f"{lease.points} points back to their member\n"
    assert status_of_till(mall)["exposed_points"] == 0
    mall.run("central", "ledger", "verify")


def test_a_revoked_device_is_refused_at_its_next_call_until_it_enrols_anew(leased):
    mall, server, till, _ = leased
    assert "till-1" in mall.run("fleet", "revoke", "till-1")
    assert till.call(wire.PULL_PATH, wire.PullRequest(b"", 0, 1))[0] == 403
    listed = {one["name"]: one for one in mall.json("fleet", "list")["devices"]}
    assert listed["till-1"]["state"] == "revoked"
    assert listed["till-1"]["open_leases"][0]["in_doubt"] is True
    asked = ("fleet", "enrol", "--name", "till-1", "--role", "till", "--shop", "helu", "--again")
    new = server.device(mall.json(*asked)["code"])
    assert new.send().status == "ok"
    assert till.call(wire.PULL_PATH, wire.PullRequest(b"", 0, 1))[0] == 401
    assert "no-such" in mall.run("fleet", "revoke", "no-such", code=1)


def test_cases_name_what_a_person_must_look_at(leased):
    mall, _, till, _ = leased
    assert mall.json("fleet", "cases") == {"cases": []}
    till.write_frame(Frame(1, 1, b"{"))
    till.write(till.claim("nobody", Holder("card", "c")))
    till.send()
    (case,) = mall.json("fleet", "cases")["cases"]
    assert (case["device"], case["verdict"], case["seq"]) == ("till-1", "quarantined", 2)
    assert "till-1 1/2" in mall.run("fleet", "cases", "--lang", "en")


def test_a_person_closes_a_case_and_says_why(leased):
    mall, _, till, _ = leased
    till.write_frame(Frame(1, 1, b"{"))
    till.send()
    word = ("--by", "王芳", "--why", "演示小票")
    assert "EPOCH/SEQ" in mall.run("fleet", "close-case", "till-1", "2", *word, code=2)
    assert "no such device" in mall.run("fleet", "close-case", "till-x", "1/2", *word, code=1)
    assert "another receipt" in mall.run("fleet", "accept-case", "till-1", "1/1", *word, code=1)
    assert "no such event" in mall.run("fleet", "close-case", "till-1", "1/9", *word, code=1)
    assert "已结案" in mall.run("fleet", "close-case", "till-1", "1/2", *word)
    assert mall.json("fleet", "cases") == {"cases": []}
    (case,) = mall.json("fleet", "cases", "--closed")["cases"]
    assert (case["device"], case["seq"], case["staff"]) == ("till-1", 2, "王芳")
    assert "王芳：演示小票" in mall.run("fleet", "cases", "--closed")
    assert "in quarantine" in mall.run("fleet", "cases", "--closed", "--lang", "en")
    assert mall.json("central", "ledger", "verify")["ok"]


def test_a_person_judges_a_quarantined_event_again_and_says_why(leased):
    mall, _, till, _ = leased
    till.push(till.claim("nobody", Holder("card", "c"), 0))
    till.write_frame(Frame(1, 1, b"{"))
    till.send()
    word = ("--by", "王芳", "--why", "软件已修正")
    assert "未被隔离" in mall.run("fleet", "judge-again", "till-1", "1/2", *word, code=1)
    said = mall.run("fleet", "judge-again", "till-1", "1/3", *word, "--lang", "en", code=1)
    assert "till-1 1/3: in quarantine" in said
    assert "重新判定" in mall.run("fleet", "cases", "--closed")
    (case,) = mall.json("fleet", "cases")["cases"]
    assert (case["seq"], case["verdict"]) == (3, "quarantined")
    assert mall.json("central", "ledger", "verify")["ok"]


def test_status_rings_when_a_till_contradicts_the_ledger(leased):
    mall, _, till, _ = leased
    held = seal(1, 10, [], None)
    till.ask(WITNESS_PATH, Contradiction(held, Seal(20, b"x" * 32, 10, b"y" * 32)), Noted)
    assert "警报：till-1" in mall.run("fleet", "status")
    assert "ALARM: till-1" in mall.run("fleet", "status", "--lang", "en")
    (one,) = mall.json("fleet", "status")["devices"]
    assert one["seal_contradicted"] == 20


def test_status_shows_what_a_till_s_papers_leave_out(leased):
    mall, _, till, _ = leased
    till.ask(TRAIL_PATH, Gaps(skipped=3, drawers=1, lost=2, at_ms=1), GapsTold)
    assert "小票缺号 3，无小票开钱箱 1 次，未留副本的打印 2" in mall.run("fleet", "status")
    assert "3 receipt numbers skipped, 1 drawers" in mall.run("fleet", "status", "--lang", "en")
    (one,) = mall.json("fleet", "status")["devices"]
    assert one["gaps"]["drawers"] == 1

import re

import pytest
from sqlalchemy import select, update

from central import schema
from central.database import reading, writing

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

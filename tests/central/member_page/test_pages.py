"""The member's page: who gets in, what they see, and what their script may ask for."""

import base64
import re

import pytest

from central.access.pins import TRIES
from central.access.turnstile import Crowded
from central.member_page.codes import SLOTS_MAX
from loyalty.passes import read_pass, slot_at
from tests.central.member_page.conftest import NUMBER, PIN, SOMEBODY, Browser
from tests.central.rewards.redeem_cases import bring_in
from tests.loyalty.phone import Phone


def encoded(data):
    return base64.b64encode(data).decode()


def alert(answer):
    return re.search(r'role="alert">([^<]+)<', answer.text)[1]


def sent_with(token):
    return {"Tillpoints-Token": token}


@pytest.mark.parametrize("path", ["/m/"])
def test_nobody_sees_a_page_without_signing_in(visitor, path):
    answer = visitor.client.get(path)
    assert (answer.status_code, answer.location) == (303, "/m/login")


def test_an_opening_code_opens_the_page_and_the_pin_opens_it_again(visitor):
    assert visitor.open().location == "/m/"
    assert "王小明" in visitor.client.get("/m/").text
    visitor.client.post("/m/logout", data={"token": visitor.token("/m/")})
    assert visitor.client.get("/m/").status_code == 303
    for number in (NUMBER, f"TPM{NUMBER}", "138 0000 1234"):
        assert visitor.send("/m/login", number=number, pin=PIN).location == "/m/"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"pin": "123456", "again": "123456"}, "太容易猜到"),
        ({"pin": "12345", "again": "12345"}, "6 位数字"),
        ({"again": "582911"}, "不一样"),
        ({"code": "WRONGONE"}, "不对"),
        ({"number": "999999999999"}, "不对"),
    ],
)
def test_what_is_wrong_with_a_first_sign_in_is_said(visitor, fields, said):
    answer = visitor.open(**fields)
    assert answer.status_code == 403
    assert said in answer.text
    assert visitor.client.get("/m/").status_code == 303


def test_who_has_no_pin_yet_is_told_no_more_than_who_is_nobody(visitor):
    answers = [
        visitor.send("/m/login", number=number, pin=PIN) for number in (NUMBER, "999999999999")
    ]
    told = [alert(answer) for answer in answers]
    assert told[0] == told[1]
    assert answers[0].status_code == answers[1].status_code == 403


def test_a_new_pin_ends_what_was_opened_with_the_one_before(visitor, mall, app):
    visitor.open()
    finder = Browser(mall, app)  # somebody has the phone, or learned the PIN
    finder.send("/m/login", number=NUMBER, pin=PIN)
    token = finder.token("/m/")
    assert visitor.open(pin="738164", again="738164").location == "/m/"
    assert finder.client.get("/m/").status_code == 303
    told = finder.client.post("/m/credential", json={"key": ""}, headers=sent_with(token))
    assert told.status_code == 401
    assert visitor.client.get("/m/").status_code == 200


def test_a_member_who_knows_the_pin_changes_it_on_the_page(visitor, mall, app):
    visitor.open()
    other = Browser(mall, app)
    other.send("/m/login", number=NUMBER, pin=PIN)
    new = {"old": PIN, "pin": "738164", "again": "738164"}
    for fields, said in (
        ({"old": "000000"}, "不对"),
        ({"again": "738165"}, "不一样"),
        ({"pin": "123456", "again": "123456"}, "太容易猜到"),
    ):
        answer = visitor.change({**new, **fields})
        assert (answer.status_code, said in answer.text) == (403, True)
    told = visitor.change(new)
    assert (told.status_code, "密码已更改" in told.text) == (200, True)
    assert visitor.client.get("/m/pin?lang=en").location == "/m/"
    assert "Points to spend" in visitor.client.get("/m/?").text
    assert visitor.client.get("/m/").status_code == 200
    assert other.client.get("/m/").status_code == 303
    assert other.send("/m/login", number=NUMBER, pin=PIN).status_code == 403
    assert other.send("/m/login", number=NUMBER, pin="738164").location == "/m/"


def test_nobody_changes_a_pin_without_signing_in(visitor):
    form = {"token": visitor.token(), "old": PIN, "pin": "738164", "again": "738164"}
    assert visitor.client.post("/m/pin", data=form).status_code == 401


def test_too_many_wrong_pins_make_even_the_right_one_wait(visitor):
    visitor.open()
    for _ in range(TRIES):
        assert visitor.send("/m/login", number=NUMBER, pin="000000").status_code == 403
    answer = visitor.send("/m/login", number=NUMBER, pin=PIN)
    assert "15 分钟" in answer.text
    # Who tries numbers to learn which are members' hears the same of all.
    nobody = visitor.send("/m/login", number="999999999999", pin=PIN)
    assert alert(nobody) == alert(answer)
    code = visitor.open(code="WRONGONE")
    assert (alert(code), code.status_code) == (alert(nobody), nobody.status_code)


def test_where_too_many_sign_in_at_once_they_are_told_to_try_again(visitor, monkeypatch):
    def full(_place):
        raise Crowded

    visitor.open()
    monkeypatch.setattr(visitor.mall.service.turnstile, "passing", full)
    answer = visitor.send("/m/login", number=NUMBER, pin=PIN)
    assert (answer.status_code, "此刻登录的人太多" in answer.text) == (503, True)
    answer = visitor.send("/m/open?lang=en", number=NUMBER, code="X", pin=PIN, again=PIN)
    assert (answer.status_code, "Too many people" in answer.text) == (503, True)
    monkeypatch.undo()


def test_the_page_shows_points_history_and_rewards_in_both_languages(visitor):
    visitor.open()
    page = visitor.client.get("/m/").text
    assert "1,234" in page
    assert "消费" in page
    assert "可以兑换" in page
    assert page.count('class="far"') == 1
    english = visitor.client.get("/m/?lang=en").text
    assert "Points to spend" in english
    assert "purchase" in english.lower()
    assert NUMBER not in page.replace(NUMBER[-4:], "", 1)


def test_a_reward_is_told_with_what_it_is_and_by_what_it_is_counted(visitor, mall):
    words = {"name_zh": "停车", "name_en": "Parking", "unit_zh": "小时", "unit_en": "hours"}
    about = {"about_zh": "仅限 B2 层", "about_en": "Level B2 only"}
    facts = {"reward_id": "park", "points": "20", "kind": "parking", "pieces_max": "10"}
    bring_in(mall, [{**facts, **words, **about}])
    visitor.open()
    page, english = (visitor.client.get(f"/m/?lang={lang}").text for lang in ("zh", "en"))
    assert all(one in page for one in ("仅限 B2 层", "每小时"))
    assert all(one in english for one in ("Level B2 only", "counted in hours"))


def test_a_form_or_call_without_the_sessions_token_changes_nothing(visitor):
    visitor.open()
    form = {"number": NUMBER, "pin": PIN, "token": "x"}
    assert visitor.client.post("/m/login", data=form).status_code == 400
    assert visitor.client.post("/m/credential", json={"key": ""}).status_code == 400


def ask(visitor, path, wanted):
    return visitor.client.post(path, json=wanted, headers=sent_with(visitor.token("/m/")))


def with_phone(visitor):
    phone = Phone()
    given = ask(visitor, "/m/credential", {"key": encoded(phone.public_key)}).json
    phone.credential = base64.b64decode(given["credential"])
    return phone, slot_at(given["server_ms"])


def test_the_pages_passes_are_its_members(visitor):
    visitor.open()
    phone, slot = with_phone(visitor)
    signed = [{"slot": slot, "signature": encoded(phone.signature(slot))}]
    wanted = {"credential": encoded(phone.credential), "signed": signed}
    (drawn,) = ask(visitor, "/m/passes", wanted).json
    assert drawn["slot"] == slot
    assert drawn["svg"].startswith("<svg")
    central = visitor.mall.central_key.public_key().public_bytes_raw()
    shown = read_pass(phone.shows(visitor.mall.now_ms), central, visitor.mall.shard_key)
    assert shown.member == SOMEBODY
    assert shown.is_fresh(visitor.mall.now_ms)


def test_only_passes_that_the_pages_own_key_signed_are_drawn(visitor):
    visitor.open()
    phone, slot = with_phone(visitor)
    stranger = Phone(9).signed_for(visitor.mall.central_key, "0b" * 8, visitor.mall.shard_key)
    good = {"slot": slot, "signature": encoded(phone.signature(slot))}
    own = encoded(phone.credential)
    other = {"slot": slot, "signature": encoded(stranger.signature(slot))}
    for wanted in (
        {"credential": own, "signed": [{**good, "slot": slot + 1}]},
        {"credential": own, "signed": [{**good, "signature": "x"}]},
        {"credential": own, "signed": [{**good, "slot": -1}]},
        {"credential": encoded(stranger.credential), "signed": [other]},
        {"credential": own, "signed": [good] * (SLOTS_MAX + 1)},
        {"credential": own},
    ):
        assert ask(visitor, "/m/passes", wanted).status_code == 400


@pytest.mark.parametrize("key", ["", "AAAA", "?", encoded(b"\x04" + bytes(64))])
def test_what_is_no_key_gets_no_credential(visitor, key):
    visitor.open()
    assert ask(visitor, "/m/credential", {"key": key}).status_code == 400


def test_a_page_may_run_its_own_script_and_nothing_else(visitor):
    policy = visitor.client.get("/m/login").headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy

"""A programme with a member who has points, rewards and a page."""

import re
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from central import schema
from central.access import pins as kept_pins
from central.database import writing
from central.member_page import pages
from central.staff import pages as staff
from loyalty.codes import card_tag, make_member_number
from tests.central.programme import member

SOMEBODY = "0a" * 8
NUMBER = make_member_number("12345678901")
PIN = "582910"


@pytest.fixture
def mall(sqlite_programme, monkeypatch):
    """The slow hash is not what these tests are about."""
    monkeypatch.setattr(kept_pins, "hashed", lambda pin: f"kept {pin}")
    monkeypatch.setattr(kept_pins, "matches", lambda pin, kept: kept == f"kept {pin}")
    programme = sqlite_programme
    programme.add_member(SOMEBODY)
    programme.add_reward("tea", points=100)
    programme.add_reward("kettle", points=90_000)
    with writing(programme.engine) as connection:
        programme.insert(
            connection,
            schema.member,
            member=SOMEBODY,
            number=NUMBER,
            name="王小明",
            masked_name="王**",
            phone="13800001234",
            joined_on="2026-01-02",
        )
        tag = card_tag(programme.service.tenant_key, NUMBER)
        programme.insert(connection, schema.member_card, tag=tag, member=SOMEBODY, alias=NUMBER)
    programme.till.push(programme.till.sale(member(SOMEBODY), fen=123_400))
    return programme


@pytest.fixture
def app(mall):
    app = Flask("central")
    app.secret_key = b"s" * 32
    app.testing = True  # an error of ours is an error of the test
    staff.set_up(app)
    app.register_blueprint(pages.blueprint(mall.service, ZoneInfo("Asia/Shanghai"), "澄湖天地"))
    return app


class Browser:
    """A member's browser without scripts."""

    def __init__(self, mall, app):
        self.mall = mall
        self.client = app.test_client()

    def token(self, path="/m/login"):
        page = self.client.get(path).text
        return re.search(r'name="token" (?:value|content)="([^"]+)"', page)[1]

    def send(self, path, **fields):
        return self.client.post(path, data={"token": self.token(), **fields})

    def change(self, fields):
        return self.client.post("/m/pin", data={"token": self.token("/m/"), **fields})

    def open(self, code=None, pin=PIN, again=PIN, number=NUMBER):
        code = code or self.mall.service.pins.give_opening_code(SOMEBODY)
        return self.send("/m/open", number=number, code=code, pin=pin, again=again)


@pytest.fixture
def visitor(mall, app):
    return Browser(mall, app)

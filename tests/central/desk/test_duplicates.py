"""The desk says whether two receipts that print the same are two."""

import pytest
from msgspec import structs

from central import schema
from central.database import writing
from central.ledger.closing import settled_cases
from tests.central.desk.test_pages import desk, kept_password, printer, token_of  # noqa: F401
from tests.central.member_page.conftest import mall  # noqa: F401
from tests.central.programme import member


@pytest.fixture
def twice(mall):  # noqa: F811
    """A mall where two tills wrote a sale with the same facts, for two members."""
    sale = mall.till.sale(member("a"), fen=12_300, number="N77")
    mall.till.push(sale)
    mall.other.push(structs.replace(sale, holder=member("b")))
    return mall


def places(page):
    return [part.split('"')[0] for part in page.split('name="place" value="')[1:]]


def settle(desk, does, why="两笔交易", place=None):  # noqa: F811
    page = desk.get("/desk/duplicates").text
    fields = {"place": place or places(page)[0], "does": does, "why": why}
    return desk.post("/desk/duplicates", data={"token": token_of(page), **fields}).text


def test_the_desk_lets_a_receipt_count_that_is_another_one(desk, twice):  # noqa: F811
    page = desk.get("/desk/duplicates?lang=en").text
    assert all(one in page for one in ("N77", "123.00", "CNY", "Two receipts"))
    assert "Accepted as another receipt" in settle(desk, "accept")
    assert twice.balance(member("b")) == twice.balance(member("a")) == 123
    (told,) = twice.read(settled_cases)
    assert (told.accepted, told.why) == (True, "两笔交易")
    assert places(desk.get("/desk/duplicates").text) == []
    twice.check()


def test_a_receipt_is_told_with_its_shops_name_and_whether_it_gave_back(desk, mall):  # noqa: F811
    with writing(mall.engine) as connection:
        names = {"shop_id": "S1", "name_zh": "禾鹿小馆", "name_en": "Helu", "category": "dining"}
        mall.insert(connection, schema.shop, **names)
    sale = mall.till.sale(member("a"), fen=12_300, number="N77")
    back = mall.till.refund(sale)
    mall.till.push(sale, back)
    mall.other.push(back)
    page = desk.get("/desk/duplicates").text
    assert "禾鹿小馆" in page
    assert "退款" in page
    assert "refund" in desk.get("/desk/duplicates?lang=en").text


def test_the_desk_closes_a_copy(desk, twice):  # noqa: F811
    assert "已结案" in settle(desk, "close", "同一张小票")
    assert not twice.balance(member("b"))
    (told,) = twice.read(settled_cases)
    assert (told.accepted, told.why) == (False, "同一张小票")
    assert places(desk.get("/desk/duplicates").text) == []
    twice.check()


def test_what_cannot_be_settled_is_said_and_does_nothing(desk, twice):  # noqa: F811
    (place,) = places(desk.get("/desk/duplicates").text)
    assert "请说明原因" in settle(desk, "accept", " ")
    assert "请说明原因" in settle(desk, "accept", "x" * 201)
    assert "刚刚已有结论" in settle(desk, "accept", place="00/1/1")
    settle(desk, "close")
    assert "刚刚已有结论" in settle(desk, "accept", place=place)
    assert len(twice.read(settled_cases)) == 1
    assert desk.post("/desk/duplicates", data={"place": place, "why": "x"}).status_code == 400


def test_a_stranger_sees_no_receipts(twice, desk):  # noqa: F811
    stranger = desk.application.test_client()
    assert stranger.get("/desk/duplicates").status_code in (302, 303)


def test_it_says_when_more_may_wait_than_it_shows(desk, twice, monkeypatch):  # noqa: F811
    assert "oldest" not in desk.get("/desk/duplicates?lang=en").text
    monkeypatch.setattr("central.desk.duplicate_pages._SHOWN", 1)
    assert "the oldest 1;" in desk.get("/desk/duplicates?lang=en").text

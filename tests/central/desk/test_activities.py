"""The desk notes what members did, and shows what came of each activity."""

import pytest
from msgspec import structs

from loyalty.rules.activities import Activity
from loyalty.rules.rulebook import canonical, from_canonical
from tests.central.desk.test_pages import desk, kept_password, printer, token_of  # noqa: F401
from tests.central.member_page.conftest import NUMBER, SOMEBODY, mall  # noqa: F401
from tests.central.programme import BOOK, member

FUN = (
    Activity(id="ask", kind="survey", name_zh="问卷", name_en="Survey", points=20, budget=500),
    Activity(id="run", kind="contest", name_zh="赛跑", name_en="Race", ranks=(1000,)),
    Activity(id="cups", kind="punch_card", name_zh="集章", name_en="Stamps", points=9, stamps=3),
)


@pytest.fixture
def fair(desk, mall):  # noqa: F811
    """The desk of a mall with a survey, a race and a punch card."""
    book = from_canonical(canonical(structs.replace(BOOK, grammar=2, activities=FUN)))
    mall.add_book(book, effective_ms=1)
    return mall


def note(desk, **fields):  # noqa: F811
    page = desk.get("/desk/activities").text
    return desk.post("/desk/activities", data={"token": token_of(page), **fields}).text


def test_the_desk_notes_a_survey_once(desk, fair):  # noqa: F811
    before = fair.balance(member(SOMEBODY))
    assert "已登记" in note(desk, activity="ask", member=NUMBER)
    assert fair.balance(member(SOMEBODY)) == before + 20
    assert "您已参加过问卷" in note(desk, activity="ask", member=NUMBER)
    page = desk.get("/desk/activities?lang=en").text
    assert "Survey" in page
    assert "20 / 500" in page
    fair.check()


def test_a_contest_shows_who_leads_without_a_name_or_number(desk, fair):  # noqa: F811
    page = note(desk, activity="run", member=NUMBER, result="1234")
    assert "1,234" in page
    assert "王**" in page
    assert NUMBER not in page
    assert "王小明" not in page


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"activity": "ask", "member": "999"}, "未找到该会员"),
        ({"activity": "ask", "member": NUMBER, "brought_by": "999"}, "未找到该会员"),
        ({"activity": "run", "member": NUMBER, "result": "fast"}, "成绩须为整数"),
        ({"activity": "run", "member": NUMBER, "result": "²"}, "成绩须为整数"),
        ({"activity": "cups", "member": NUMBER}, "没有这个活动"),
        ({"activity": "gone", "member": NUMBER}, "没有这个活动"),
    ],
)
def test_what_cannot_be_noted_is_said(desk, fair, fields, told):  # noqa: F811
    assert told in note(desk, **fields)


def test_a_form_of_another_page_notes_nothing(desk, fair):  # noqa: F811
    answer = desk.post("/desk/activities", data={"activity": "ask", "member": NUMBER})
    assert answer.status_code == 400


def test_a_mall_without_activities_says_so(desk, mall):  # noqa: F811
    assert "规则中没有活动" in desk.get("/desk/activities").text

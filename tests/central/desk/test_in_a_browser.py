"""The desk's pages in a real browser: redeeming down to the hand-over, at a desk and on a phone."""

# ruff: noqa: F401, F811  (fixtures of other modules)

import pytest
from msgspec import structs

from edge_agent.web.server import WebServer
from tests.browser.conftest import MEASURE, VIOLATIONS, browser
from tests.central.desk.test_pages import PHRASE, desk, kept_password, printer
from tests.central.desk.test_rewards import REWARDS, shop
from tests.central.member_page.conftest import NUMBER, PIN, SOMEBODY, mall
from tests.central.programme import member

pytestmark = pytest.mark.browser

RULES = {"targetPx": 44, "typePx": 13, "scrolls": True}


@pytest.fixture
def site(desk):
    server = WebServer(desk.application, "127.0.0.1", 0, threads=8)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.close()


@pytest.fixture
def staff(browser, site):
    """A page of the desk's browser, signed in, in English, on a desk's screen."""
    context = browser.new_context(viewport={"width": 1024, "height": 768})
    context.set_default_timeout(20_000)
    page = context.new_page()
    errors = []
    page.add_init_script(VIOLATIONS)
    page.on("console", lambda line: line.type == "error" and errors.append(line.text))
    page.goto(f"{site}/desk/login?lang=en")
    page.fill("input[name=login]", "desk1")
    page.fill("input[name=password]", PHRASE)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url)
    yield page
    context.close()
    assert errors == []


def test_staff_redeem_look_the_voucher_up_and_hand_it_over(staff, site, shop):
    staff.goto(f"{site}{REWARDS}")
    staff.check("input[value=flask]")
    staff.fill("input[name=proof]", PIN)
    staff.click("button.strong")
    code = staff.locator("p.code").inner_text()
    staff.goto(f"{site}/desk/vouchers")
    staff.fill("input[name=voucher]", code.lower())
    staff.click("button.strong")
    assert staff.locator("dd strong").inner_text() == "Good"
    staff.click("button[value=hand_over]")
    assert "hand over: Flask" in staff.locator("p.told").inner_text()
    assert staff.locator("dd strong").inner_text() == "Used"


def test_the_desks_pages_fit_a_desk_and_a_phone_in_both_languages(staff, site, shop):
    sale = shop.till.sale(member("a"), fen=1_112_300, number="A-2026-0001-0000000077")
    shop.till.push(sale)
    shop.other.push(structs.replace(sale, holder=member("b")))
    faults = {}
    for size in ((1024, 768), (390, 844)):
        staff.set_viewport_size({"width": size[0], "height": size[1]})
        for path in ("duplicates", f"members?q={NUMBER}", "rewards", "vouchers", REWARDS[6:]):
            for lang in ("zh", "en"):
                staff.goto(f"{site}/desk/{path}{'&' if '?' in path else '?'}lang={lang}")
                faults[size, path, lang] = staff.evaluate(MEASURE, RULES)
    assert {at: found for at, found in faults.items() if found} == {}

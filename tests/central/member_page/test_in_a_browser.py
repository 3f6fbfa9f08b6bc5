"""The member's page in a real browser: its pass is read off the screen, and a till believes it."""

import io

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from edge_agent.web.server import WebServer
from loyalty.codes import MemberPass, classify
from loyalty.passes import SLOT_MS, read_pass
from tests.browser.conftest import MEASURE, VIOLATIONS, browser  # noqa: F401
from tests.central.member_page.conftest import NUMBER, PIN, SOMEBODY

pytestmark = pytest.mark.browser

RULES = {"targetPx": 44, "typePx": 13, "scrolls": True}


@pytest.fixture
def site(app):
    server = WebServer(app, "127.0.0.1", 0, threads=8)
    server.start()
    yield f"http://127.0.0.1:{server.port}/m/"
    server.close()


@pytest.fixture
def phone(browser, site, mall):  # noqa: F811
    context = browser.new_context(
        viewport={"width": 360, "height": 780}, has_touch=True, device_scale_factor=2
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    errors = []
    page.add_init_script(VIOLATIONS)
    page.on("console", lambda line: line.type == "error" and errors.append(line.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{site}open")
    fields = {"number": NUMBER, "code": mall.service.pins.give_opening_code(SOMEBODY)}
    for name, text in {**fields, "pin": PIN, "again": PIN}.items():
        page.locator(f'input[name="{name}"]').fill(text)
    page.keyboard.press("Enter")
    page.wait_for_url(site)
    yield page
    context.close()
    # What a browser says of itself when it has no network.
    assert [error for error in errors if "ERR_INTERNET_DISCONNECTED" not in error] == []


def seen(page):
    """Return what a scanner reads on the screen where the pass stands."""
    page.locator("[data-picture] svg").wait_for()
    picture = page.locator("[data-pass]").screenshot()
    qr = zxingcpp.BarcodeFormat.QRCode  # its dots may happen to look like bars, too
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)), formats=qr)
    return code.text


def read(mall, text):
    assert classify(text) == MemberPass(text)
    return read_pass(text, mall.central_key.public_key().public_bytes_raw(), mall.shard_key)


def test_the_pass_on_the_screen_is_its_members_and_fresh(phone, mall):
    shown = read(mall, seen(phone))
    assert shown.member == SOMEBODY
    assert shown.is_fresh(mall.now_ms)


def test_a_phone_whose_clock_is_wrong_shows_the_pass_of_centrals_time(
    browser,  # noqa: F811
    site,
    mall,
):
    context = browser.new_context()
    context.clock.install(time="1999-01-01T00:00:00Z")
    page = context.new_page()
    page.goto(f"{site}open")
    fields = {"number": NUMBER, "code": mall.service.pins.give_opening_code(SOMEBODY)}
    for name, text in {**fields, "pin": PIN, "again": PIN}.items():
        page.locator(f'input[name="{name}"]').fill(text)
    page.keyboard.press("Enter")
    page.wait_for_url(site)
    assert read(mall, seen(page)).is_fresh(mall.now_ms)
    context.close()


def test_without_network_the_next_passes_are_still_fresh_and_then_it_is_said(phone, mall):
    first = seen(phone)
    phone.context.set_offline(True)
    phone.evaluate(
        "() => { const now = performance.now.bind(performance);"
        " window.ahead = 0; performance.now = () => now() + window.ahead; }"
    )
    phone.evaluate(f"() => {{ window.ahead = {2 * SLOT_MS}; }}")
    phone.wait_for_function(
        "before => document.querySelector('[data-picture]').innerHTML !== before",
        arg=phone.locator("[data-picture]").inner_html(),
    )
    later = read(mall, seen(phone))
    assert later.slot > read(mall, first).slot
    assert later.is_fresh(mall.now_ms + 2 * SLOT_MS)
    phone.evaluate(f"() => {{ window.ahead = {100 * SLOT_MS}; }}")
    expect(phone.locator('[data-state="stale"]')).to_be_visible()
    expect(phone.locator("[data-picture] svg")).to_have_count(0)


def test_a_phone_that_slept_shows_a_fresh_pass_when_it_wakes(phone, mall):
    """Browsers let performance.now() stand still while a phone sleeps; its wall clock goes on."""
    first = read(mall, seen(phone))
    mall.now_ms += 20 * SLOT_MS
    phone.evaluate(
        "(ahead) => { const now = Date.now.bind(Date); Date.now = () => now() + ahead; }",
        20 * SLOT_MS,
    )
    phone.wait_for_function(
        "before => document.querySelector('[data-picture]').innerHTML !== before",
        arg=phone.locator("[data-picture]").inner_html(),
    )
    later = read(mall, seen(phone))
    assert later.slot > first.slot
    assert later.is_fresh(mall.now_ms)


def test_a_phone_whose_clock_is_set_wrong_meanwhile_asks_central_for_the_time(phone, mall):
    read(mall, seen(phone))
    with phone.expect_response("**/m/credential"):
        phone.evaluate(
            "(ahead) => { const now = Date.now.bind(Date); Date.now = () => now() + ahead; }",
            3_600_000,
        )
    phone.locator("[data-picture] svg").wait_for()
    assert read(mall, seen(phone)).is_fresh(mall.now_ms)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_fits_a_small_phone(phone, site, lang):
    phone.goto(f"{site}?lang={lang}")
    phone.locator("[data-picture] svg").wait_for()
    phone.locator("details.pin summary").tap()
    assert phone.evaluate(MEASURE, RULES) == []

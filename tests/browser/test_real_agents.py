"""Both screens against real agents: real processes, a real POS stream, a cashier's and a visitor's
fingers in Chromium."""

from random import Random

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import VIOLATIONS
from tillpoints.demo.processes import wait_for
from tillpoints.demo.sheet import sheets
from tillpoints.demo.world import World

pytestmark = pytest.mark.browser

WAIT_MS = 30_000


@pytest.fixture(scope="module")
def world():
    with World() as running:
        yield running


@pytest.fixture(scope="module")
def people(world):
    return {person.name: person for person in world.people()}


@pytest.fixture(scope="module")
def pos(world):
    return world.bistro.pos(Random(3), world.clock)


@pytest.fixture
def errors():
    return []


@pytest.fixture
def visit(browser, errors):
    """Open a station's own page; afterwards nothing may have gone wrong in it."""
    opened = []

    def visiting(station, role, size):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, has_touch=True, reduced_motion="reduce"
        )
        opened.append(context)
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        page.add_init_script(VIOLATIONS)
        page.on("console", lambda line: line.type == "error" and errors.append(line.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{station.screens.url}/{role}")
        return page

    yield visiting
    for context in opened:
        context.close()
    assert errors == []


@pytest.fixture
def panel(visit, world):
    return visit(world.bistro, "till", (1024, 768))


@pytest.fixture
def kiosk(visit, world):
    page = visit(world.kiosk, "kiosk", (1080, 1920))
    page.wait_for_selector('[data-view="welcome"]')
    yield page
    page.locator('.foot [data-do="leave"]').tap()
    page.wait_for_selector('[data-view="welcome"]')


def seen(page, selector):
    return page.locator(f"{selector} >> visible=true").first


def type_code(page, code):
    for symbol in code:
        seen(page, f'dialog[open] [data-press="{symbol}"]').tap()
    seen(page, 'dialog[open] [type="submit"]').tap()


def claim_slip(station, number):
    ours = (sheet for sheet in sheets(station.printer.paper) if sheet.ours)
    return next((one for one in ours if one.says("积分认领凭条", number)), None)


def row(page, printed):
    return page.locator(".sale", has_text=f"#{printed.number[-6:]}").first


def test_a_receipt_is_claimed_by_typing_and_corrected_and_taken_back(panel, pos, people):
    sold = pos.sell()
    expect(seen(panel, ".card.unclaimed")).to_contain_text(sold.number, timeout=WAIT_MS)
    seen(panel, '[data-do="type"]').tap()
    type_code(panel, people["王婉清"].number)
    expect(row(panel, sold)).to_contain_text("王**", timeout=WAIT_MS)
    row(panel, sold).locator(".line").tap()
    expect(row(panel, sold).locator(".why")).to_contain_text("计分金额")
    row(panel, sold).locator('[data-do="reassign"]').tap()
    type_code(panel, people["刘嘉豪"].number)
    expect(row(panel, sold)).to_contain_text("刘**", timeout=WAIT_MS)
    row(panel, sold).locator('[data-do="reverse"]').tap()
    seen(panel, 'dialog[open] [type="submit"]').tap()
    expect(row(panel, sold)).to_contain_text("已撤销", timeout=WAIT_MS)


def test_a_reward_is_redeemed_on_the_panel_and_handed_over_at_once(panel, pos, world, people):
    card = f"TPM{people['杨景行'].number}"
    world.bistro.scanner.scan(card)
    expect(seen(panel, ".card.member")).to_contain_text("杨**", timeout=WAIT_MS)
    expect(row(panel, pos.sell())).to_contain_text("已积分", timeout=WAIT_MS)
    world.bistro.scanner.scan(card)
    seen(panel, '.card.member [data-do="rewards"]').tap()
    seen(panel, '[data-key="gift-wrap"] .reward:enabled').tap()
    seen(panel, '.redeeming [data-do="confirm"]').tap()
    expect(seen(panel, ".redeeming .slip")).to_contain_text("请取走兑换券", timeout=WAIT_MS)
    shown = seen(panel, ".redeeming .code").text_content().split()
    slips = [sheet for sheet in sheets(world.bistro.printer.paper) if sheet.says("兑换凭条")]
    assert any(slip.says(*shown) for slip in slips)
    seen(panel, '.redeeming [data-do="hand_over"]').tap()
    expect(seen(panel, ".card.voucher")).to_contain_text("礼品包装", timeout=WAIT_MS)
    seen(panel, '.card.voucher [data-do="dismiss"]').tap()
    seen(panel, '[data-do="forget"]').tap()


def test_a_payment_code_is_refused_on_the_panel(panel, world):
    world.bistro.scanner.scan("134805190672318846")
    expect(seen(panel, ".notice")).to_contain_text("付款码", timeout=WAIT_MS)
    seen(panel, '.notice [data-do="dismiss"]').tap()
    expect(panel.locator(".notice")).to_be_hidden(timeout=WAIT_MS)


def test_a_cut_cable_is_told_calmly_and_points_go_on(panel, pos, world, people):
    person = people["李思远"]
    world.bistro.relay.cut()
    try:
        world.bistro.scanner.scan(f"TPM{person.number}")
        expect(seen(panel, ".card.member")).to_contain_text(person.number[-4:], timeout=WAIT_MS)
        sold = pos.sell()
        expect(row(panel, sold)).to_contain_text("已积分", timeout=WAIT_MS)
        expect(seen(panel, ".strip")).to_contain_text("离线，积分照常，已存", timeout=WAIT_MS)
    finally:
        world.bistro.relay.plug()
    expect(panel.locator('.link[data-online="true"]')).to_be_visible(timeout=2 * WAIT_MS)


def test_a_killed_agent_comes_back_on_the_same_screen(panel, pos, world, errors):
    sold = pos.sell()
    expect(row(panel, sold)).to_be_visible(timeout=WAIT_MS)
    with panel.expect_event("load"):
        world.bistro.agent.kill()
        expect(panel.locator('html[data-stale="true"]')).to_be_attached(timeout=WAIT_MS)
    expect(row(panel, sold)).to_be_visible(timeout=WAIT_MS)
    # What the browser itself says of a line that broke; anything else would be ours.
    errors[:] = [text for text in errors if "net::ERR_" not in text]


def test_a_visitor_claims_a_receipt_and_redeems_it(kiosk, pos, world, people):
    sold = pos.sell()
    pos.kitchen_ticket()  # the next job ends the wait for a scan

    slip = wait_for("the claim slip", lambda: claim_slip(world.bistro, sold.number))
    code = slip.qr_codes[0].removeprefix("TPC")
    seen(kiosk, '[data-do="type_member"]').tap()
    type_code(kiosk, people["杨景行"].number)
    expect(seen(kiosk, '[data-view="home"] h1')).to_have_text("杨**，您好", timeout=WAIT_MS)
    seen(kiosk, '[data-do="type_claim"]').tap()
    type_code(kiosk, code)
    expect(seen(kiosk, '[data-view="claim"]')).to_contain_text("禾鹿小馆", timeout=WAIT_MS)
    seen(kiosk, '[data-view="claim"] [data-do="back"]').tap()
    seen(kiosk, '[data-key="gift-wrap"] .reward:enabled').tap()
    seen(kiosk, '[data-view="confirm"] [data-do="confirm"]').tap()
    expect(seen(kiosk, ".slip")).to_contain_text("请取走兑换券", timeout=WAIT_MS)
    shown = seen(kiosk, ".ticket .code").text_content().split()
    slips = [sheet for sheet in sheets(world.kiosk.printer.paper) if sheet.says("兑换凭条")]
    assert any(slip.says(*shown) for slip in slips)


def test_without_network_the_kiosk_says_what_it_cannot_do(kiosk, world, people):
    world.kiosk.relay.cut()
    try:
        seen(kiosk, '[data-do="type_member"]').tap()
        type_code(kiosk, people["杨景行"].number)
        expect(seen(kiosk, ".strip")).to_contain_text("离线：现在不能兑换", timeout=WAIT_MS)
        expect(kiosk.locator('[data-view="home"] .reward:enabled')).to_have_count(0)
    finally:
        world.kiosk.relay.plug()

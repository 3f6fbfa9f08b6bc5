"""What the kiosk sends when it is touched, what it forgets, and what it says without network."""

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from tests.browser.snapshots import KIOSK, kiosk, voucher

pytestmark = pytest.mark.browser

SIZE = (1080, 1920)
STAY = {"do": "stay"}


@pytest.fixture
def page_at(open_screen):
    return lambda state, lang=None: open_screen("kiosk", SIZE, KIOSK[state](), lang)


def asked(screen, count):
    """The commands sent, less the signs of life that go with touches."""
    with screen.double.changed:
        wanted = lambda: [it for it in screen.double.commands if it != STAY]  # noqa: E731
        assert screen.double.changed.wait_for(lambda: len(wanted()) >= count, 5)
    return wanted()


def test_a_member_number_is_typed_in_fours_and_sent_whole(page_at):
    screen = page_at("welcome")
    screen.touch('[data-do="type_member"]')
    for digit in "123456789012345":
        screen.touch(f'dialog[open] [data-press="{digit}"]')
    expect(screen.page.locator("dialog[open] input")).to_have_value("1234 5678 9012")
    screen.touch('dialog[open] [type="submit"]')
    assert asked(screen, 1) == [{"do": "scan", "text": "123456789012"}]


def test_a_claim_code_has_letters_and_can_be_taken_back(page_at):
    screen = page_at("welcome")
    screen.touch('[data-do="type_claim"]')
    for key in ["C", "7", "K", "9", "X", "Y", "back", "Z"]:
        screen.touch(f'dialog[open] [data-press="{key}"]')
    screen.touch('dialog[open] [type="submit"]')
    assert asked(screen, 1) == [{"do": "scan", "text": "C7K9XZ"}]


def test_a_pin_is_typed_under_cover_and_sent_once(page_at):
    screen = page_at("prove")
    screen.touch('main [data-do="type_pin"]')
    for digit in "5829107":
        screen.touch(f'dialog[open] [data-press="{digit}"]')
    field = screen.page.locator("dialog[open] input")
    expect(field).to_have_attribute("type", "password")
    expect(field).to_have_value("582910")
    screen.touch('dialog[open] [type="submit"]')
    assert asked(screen, 1) == [{"do": "prove", "pin": "582910"}]
    screen.show(KIOSK["working"]())
    expect(screen.page.locator("dialog[open]")).to_have_count(0)


def test_the_plate_of_a_right_to_park_is_typed_province_first(page_at):
    screen = page_at("confirm-several")
    screen.touch('main [data-do="type_plate"]')
    for key in ("粤", "B", "7", "K", "back", "1"):
        screen.touch(f'dialog[open] [data-press="{key}"]')
    expect(screen.page.locator("dialog[open] input")).to_have_value("粤B71")
    screen.touch('dialog[open] [type="submit"]')
    assert asked(screen, 1) == [{"do": "plate", "plate": "粤B71"}]
    screen.show(KIOSK["confirm-plate"]())
    expect(screen.page.locator('main [data-as="plate"]:visible')).to_contain_text("粤B·7K3Q9")
    screen.show(KIOSK["confirm"]())  # another reward asks for no car
    expect(screen.page.locator('main [data-do="type_plate"]:visible')).to_have_count(0)


def test_a_reward_is_chosen_confirmed_and_finished(page_at):
    screen = page_at("home")
    screen.touch('[data-key="R2"] .reward')
    asked(screen, 1)
    screen.show(KIOSK["confirm"]())
    screen.touch('[data-do="confirm"]')
    asked(screen, 2)
    screen.show(KIOSK["done"]())
    screen.touch('main [data-do="leave"]')
    expected = [{"do": "choose", "reward_id": "R2"}, {"do": "confirm"}, {"do": "leave"}]
    assert asked(screen, 3) == expected


def test_a_reward_out_of_reach_says_why_and_cannot_be_chosen(page_at):
    screen = page_at("home")
    reward = screen.page.locator('[data-key="R6"] .reward')
    expect(reward).to_be_disabled()
    expect(reward).to_contain_text("可用积分 12266，需要 88000")


def test_offline_says_once_what_cannot_be_done_and_why(page_at):
    screen = page_at("home-offline")
    expect(screen.page.locator(".strip >> visible=true")).to_contain_text("离线：现在不能兑换")
    expect(screen.page.locator(".reward:enabled")).to_have_count(0)


def test_offline_says_how_much_can_be_redeemed_and_offers_just_that(page_at):
    screen = page_at("home-offline-ready")
    strip = screen.page.locator(".strip >> visible=true")
    expect(strip).to_contain_text("离线：现在最多可兑 320 分")
    expect(screen.page.locator(".reward:enabled")).to_have_count(1)
    dear = screen.page.locator('[data-key="R1"] .reward')
    expect(dear).to_contain_text("离线：现在最多可兑 320 分，这份需要 500 分")


def test_a_refusal_says_why_and_what_to_do(page_at):
    screen = page_at("refused")
    expect(screen.page.locator(".step .why >> visible=true")).to_contain_text("现在不能兑换")
    expect(screen.page.locator(".advice >> visible=true")).to_contain_text("服务台")
    screen.touch('main [data-do="back"]')
    assert asked(screen, 1) == [{"do": "back"}]


def test_a_voucher_that_did_not_print_can_be_read_from_the_screen(page_at, tmp_path):
    screen = page_at("done-unprinted")
    picture = tmp_path / "kiosk.png"
    screen.page.wait_for_function("[...document.images].every((one) => one.complete)")
    screen.page.screenshot(path=picture, animations="disabled")
    found = zxingcpp.read_barcodes(Image.open(picture))
    assert [code.text for code in found] == [voucher("not_printed")["qr"]]


def test_a_printed_voucher_shows_no_code_to_photograph_over_a_shoulder(page_at):
    screen = page_at("done")
    expect(screen.page.locator("img >> visible=true")).to_have_count(0)
    expect(screen.page.locator(".slip")).to_contain_text("请取走")


def test_the_idle_warning_is_answered_with_one_touch(page_at):
    screen = page_at("idle")
    expect(screen.page.locator("dialog[open] .figure")).to_have_text("0:14")
    screen.touch('dialog[open] [data-do="stay"]')
    assert screen.sent(1)[0] == STAY
    screen.show(KIOSK["home"]())
    expect(screen.page.locator("dialog[open]")).to_have_count(0)


def test_typing_tells_the_agent_that_somebody_is_there(page_at):
    screen = page_at("home")
    screen.touch('[data-do="type_claim"]')
    assert screen.sent(1) == [STAY]


def test_staff_are_called_by_a_sign_that_stays_until_it_is_answered(page_at):
    screen = page_at("welcome")
    screen.touch('.foot [data-do="help"]')
    sign = screen.page.locator("dialog[open]")
    expect(sign).to_contain_text("需要帮助")
    screen.show(KIOSK["welcome"]())
    expect(sign).to_be_visible()
    screen.touch('dialog[open] [data-do="close"]')
    expect(sign).to_have_count(0)


def test_language_and_contrast_are_on_the_first_screen_and_end_with_the_visit(page_at):
    screen = page_at("welcome")
    page = screen.page.locator("html")
    screen.touch('[data-do="language"]')
    screen.touch('[data-do="contrast"]')
    screen.show(KIOSK["home"]())
    expect(page).to_have_attribute("lang", "en")
    expect(page).to_have_attribute("data-contrast", "high")
    screen.show(KIOSK["welcome"]())
    expect(page).to_have_attribute("lang", "zh-CN")
    expect(page).to_have_attribute("data-contrast", "normal")


def test_a_half_typed_number_is_gone_when_the_visit_ends(page_at):
    screen = page_at("home")
    screen.touch('[data-do="type_claim"]')
    screen.touch('dialog[open] [data-press="7"]')
    screen.show(KIOSK["welcome"]())
    expect(screen.page.locator("dialog[open]")).to_have_count(0)
    screen.touch('[data-do="type_claim"]')
    expect(screen.page.locator("dialog[open] input")).to_have_value("")


def test_nothing_of_the_member_is_left_in_the_page_after_the_visit(page_at):
    screen = page_at("home")
    screen.show(KIOSK["done"]())
    screen.show(kiosk("welcome"))
    left = screen.page.locator("body").evaluate("(it) => it.textContent")
    for trace in ["王**", "1234", "12,266", "VBQF"]:
        assert trace not in left, trace

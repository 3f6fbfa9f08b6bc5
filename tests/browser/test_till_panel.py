"""What the till panel sends when it is touched, and what it says without being touched."""

import pytest
from playwright.sync_api import expect

from tests.browser.snapshots import (
    TILL,
    member,
    now_ms,
    paying,
    phrase,
    pos_printer,
    recent,
    sale,
    till,
)

pytestmark = pytest.mark.browser

SIZE = (1024, 768)
PROBLEM = phrase("too_late", "超过五分钟，不能更正", "Too late to correct")


@pytest.fixture
def panel(open_screen):
    return open_screen("till", SIZE, TILL["idle"]())


def type_code(panel, code):
    for symbol in code:
        panel.touch(f'dialog[open] [data-press="{symbol}"]')


def test_a_code_typed_on_the_keys_is_sent_like_a_scan(panel):
    panel.touch('[data-do="type"]')
    type_code(panel, "C7K9")
    panel.touch('dialog[open] [type="submit"]')
    assert panel.sent(1) == [{"do": "scan", "text": "C7K9"}]
    expect(panel.page.locator("dialog[open]")).to_have_count(0)


def test_keys_take_back_and_clear_what_was_typed(panel):
    panel.touch('[data-do="type"]')
    type_code(panel, "123")
    panel.touch('dialog[open] [data-press="back"]')
    expect(panel.page.locator("dialog[open] input")).to_have_value("12")
    panel.touch('dialog[open] [data-press="clear"]')
    expect(panel.page.locator("dialog[open] input")).to_have_value("")


def test_nothing_is_sent_when_nothing_was_typed(panel):
    panel.touch('[data-do="type"]')
    panel.touch('dialog[open] [type="submit"]')
    panel.touch('dialog[open] [data-do="close"]')
    panel.touch('[data-do="lookup_next"]')
    assert panel.sent(1) == [{"do": "lookup_next"}]


def test_a_balance_can_be_looked_up_by_typing_and_by_the_next_scan(panel):
    panel.touch('[data-do="type"]')
    type_code(panel, "42")
    panel.touch('dialog[open] [data-do="type_lookup"]')
    panel.sent(1)
    panel.show(TILL["lookup-armed"]())
    panel.touch('[data-do="lookup_off"]')
    assert panel.sent(2) == [{"do": "lookup", "text": "42"}, {"do": "lookup_off"}]


def test_the_wrong_member_of_a_sale_is_corrected(panel):
    panel.touch(".sale .line")
    panel.touch('.sale [data-do="reassign"]')
    expect(panel.page.locator("dialog[open]")).to_contain_text("¥214.00（+428）现记在 王** 名下")
    type_code(panel, "9")
    panel.touch('dialog[open] [type="submit"]')
    expected = {"do": "reassign", "fingerprint": sale(1)["fingerprint"], "text": "9"}
    assert panel.sent(1) == [expected]


def test_an_award_is_taken_back_after_asking(panel):
    panel.touch(".sale .line")
    panel.touch('.sale [data-do="reverse"]')
    assert panel.double.commands == []
    panel.touch('dialog[open] [type="submit"]')
    assert panel.sent(1) == [{"do": "reverse", "fingerprint": sale(1)["fingerprint"]}]


def test_a_refused_command_says_why_in_its_dialog_and_keeps_what_was_typed(panel):
    panel.double.problem = PROBLEM
    panel.touch(".sale .line")
    panel.touch('.sale [data-do="reassign"]')
    type_code(panel, "9")
    panel.touch('dialog[open] [type="submit"]')
    expect(panel.page.locator("dialog[open] .problem")).to_have_text(PROBLEM["zh"])
    expect(panel.page.locator("dialog[open] input")).to_have_value("9")


def test_a_refused_touch_says_why_where_notices_are(panel):
    panel.double.problem = PROBLEM
    panel.touch('[data-do="lookup_next"]')
    expect(panel.page.locator(".notice")).to_have_text(PROBLEM["zh"])


def test_a_slip_is_printed_again(panel):
    panel.touch(".sale .line")
    panel.touch('.sale [data-do="reprint"]')
    assert panel.sent(1) == [{"do": "reprint", "slip_id": "slip-1"}]


def test_the_waiting_member_is_dropped(panel):
    panel.show(TILL["member"]())
    panel.touch('[data-do="forget"]')
    assert panel.sent(1) == [{"do": "forget"}]


@pytest.mark.parametrize("state", ["voucher-accepted", "voucher-refused", "lookup-found"])
def test_a_box_is_closed(panel, state):
    panel.show(TILL[state]())
    panel.touch('.hero [data-do="dismiss"]')
    assert panel.sent(1) == [{"do": "dismiss"}]


def test_an_explanation_stays_open_while_new_sales_arrive(panel):
    before = recent()
    panel.show(till(recent=before))
    panel.touch(".sale .line")
    panel.show(till(recent=[sale(99, amount="5.00"), *before]))
    opened = panel.page.locator('.sale [aria-expanded="true"]')
    expect(opened).to_have_count(1)
    expect(opened).to_contain_text("¥214.00")
    expect(panel.page.locator(".sale .why >> visible=true")).to_contain_text("金卡会员 ×2")


def test_papers_of_one_print_job_keep_a_row_each(panel):
    twins = [sale(1, amount="5.00", at_ms=1), sale(1, amount="6.00", at_ms=1)]
    for _ in range(3):
        panel.show(till(recent=twins))
    rows = panel.page.locator(".sale")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("¥6.00")


def test_a_paper_without_a_printed_time_says_how_long_ago_it_came(panel):
    reprint = sale(1, kind="ignored", points=None, holder=None, state="ignored", printed_at="")
    panel.show(till(recent=[reprint | {"at_ms": now_ms() - 3 * 60_000 - 5000}]))
    row = panel.page.locator(".sale .what")
    expect(row).to_contain_text("3 分钟前")
    expect(row).to_contain_text("#000001")
    expect(row).to_contain_text("¥214.00")


def test_a_sale_that_central_refused_says_so_and_why_in_place_of_a_member(panel):
    why = [{"code": "duplicate_receipt", "zh": "该小票已在别处积分", "en": "It earned elsewhere"}]
    panel.show(till(recent=[sale(1, state="refused", points=None, holder=None, why=why)]))
    row = panel.page.locator(".sale .line")
    expect(row).to_contain_text("未入账")
    expect(row).to_contain_text("该小票已在别处积分")


def test_after_a_reversal_the_sale_can_be_given_and_not_taken_back(panel):
    panel.show(till(recent=[sale(1, state="reversed", points=None, holder=None)]))
    panel.touch(".sale .line")
    expect(panel.page.locator('.sale [data-do="reassign"]')).to_be_visible()
    expect(panel.page.locator('.sale [data-do="reverse"]')).to_be_hidden()


def test_what_can_no_longer_be_corrected_is_not_offered(panel):
    late = sale(1, correctable_until_ms=now_ms() - 1000)
    panel.show(till(recent=[late]))
    panel.touch(".sale .line")
    expect(panel.page.locator('.sale [data-do="reprint"]')).to_be_visible()
    expect(panel.page.locator('.sale [data-do="reassign"]')).to_be_hidden()
    expect(panel.page.locator('.sale [data-do="reverse"]')).to_be_hidden()


def test_offline_is_told_calmly_with_what_is_stored(panel):
    panel.show(TILL["offline"]())
    expect(panel.page.locator(".strip >> visible=true")).to_have_text("离线，积分照常，已存 12 笔")


def test_offline_with_nothing_stored_does_not_count(panel):
    panel.show(till(online=False, queue=0))
    expect(panel.page.locator('[data-as="offline"]')).to_have_text("离线，积分照常")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"paper": "out"}, "打印机缺纸，请换纸"),
        ({"cover": "open"}, "打印机上盖没有合好"),
        ({"stalled": True}, "打印机停住了：请检查纸张和电源"),
    ],
)
def test_what_keeps_the_poss_printer_from_printing_is_said(panel, told, said):
    strip = panel.page.locator('[data-as="paper"]')
    panel.show(till(pos_printer=pos_printer(**told)))
    expect(strip).to_have_text(said)
    panel.show(till(pos_printer=pos_printer()))
    expect(strip).to_be_hidden()


def test_receipts_that_left_no_copy_are_counted(panel):
    panel.show(till(lost={"jobs": 3, "first_ms": now_ms() - 60_000, "last_ms": now_ms()}))
    expect(panel.page.locator('[data-as="copies"]')).to_contain_text("3 张小票")


def test_a_lost_agent_is_still_said_in_the_language_chosen_then(panel):
    panel.double.drop_streams()
    lost = panel.page.locator('[data-as="lost"]')
    expect(lost).to_be_visible()
    said = lost.text_content()
    panel.touch('[data-do="language"]')
    expect(lost).not_to_have_text(said)


def test_the_language_button_changes_every_word_and_is_kept_over_a_reload(panel):
    panel.touch('[data-do="language"]')
    expect(panel.page.locator(".idle h1")).to_have_text("Scan the member")
    expect(panel.page.locator("html")).to_have_attribute("lang", "en")
    panel.page.reload()
    expect(panel.page.locator(".idle h1")).to_have_text("Scan the member")


def test_a_scan_that_failed_flashes_and_an_old_one_does_not(panel):
    flash = panel.page.locator(".flash.on")
    panel.show(till(sound={"serial": 0, "kind": "error"}))
    expect(flash).to_have_count(0)
    panel.show(till(sound={"serial": 1, "kind": "error"}))
    expect(flash).to_have_attribute("data-kind", "error")


# As in a browser that wants a touch first; a driven one may count its driver's calls as touches.
SILENT = "AudioContext = class extends AudioContext { constructor() { super(); this.suspend(); } }"


def test_sound_is_open_after_the_first_touch(panel):
    panel.page.add_init_script(SILENT)
    panel.page.reload()
    expect(panel.page.locator(".mute")).to_be_visible()
    panel.touch(".sale .line")
    expect(panel.page.locator(".mute")).to_be_hidden()


def test_names_and_words_from_outside_are_text_and_never_markup(panel):
    evil = "<img src=x onerror=alert(1)>"
    panel.show(till(member=member(masked_name=evil, expires_ms=now_ms() + 9000)))
    expect(panel.page.locator(".hero .card.member h1")).to_have_text(evil)
    assert panel.errors == []


def test_a_lost_agent_is_said_and_its_return_too(panel):
    panel.double.drop_streams()
    expect(panel.page.locator(".strip >> visible=true")).to_contain_text("失去连接")
    panel.double.take_streams()
    expect(panel.page.locator(".strip >> visible=true")).to_have_count(0, timeout=15_000)


def test_an_agent_started_anew_is_met_with_a_fresh_page(panel):
    panel.show(TILL["member"]())
    panel.page.evaluate("window.old = true")
    with panel.page.expect_event("load"):
        panel.double.restart(TILL["idle"]())
    assert panel.page.evaluate("window.old") is None


def test_a_reward_is_chosen_confirmed_and_handed_over(panel):
    panel.show(TILL["member"]())
    panel.touch('[data-do="rewards"]')
    panel.show(TILL["rewards"]())
    panel.touch('[data-key="R1"] [data-do="choose"]')
    panel.show(TILL["redeem-confirm"]())
    panel.touch('[data-do="more"]')
    panel.touch('.redeeming [data-do="confirm"]')
    panel.show(TILL["redeem-done"]())
    panel.touch('[data-do="hand_over"]')
    wanted = ["rewards", "choose", "pieces", "confirm", "hand_over"]
    assert [one["do"] for one in panel.sent(5)] == wanted
    assert panel.double.commands[2]["pieces"] == 4


def test_the_plate_of_a_right_to_park_is_typed_and_may_be_left_out(panel):
    panel.show(TILL["redeem-confirm"]())
    panel.touch('[data-do="type_plate"]')
    for key in ("沪", "A", "3"):
        panel.touch(f'dialog[open] [data-press="{key}"]')
    panel.touch('dialog[open] [type="submit"]')
    panel.show(TILL["redeem-confirm-plate"]())
    expect(panel.page.locator(".redeeming")).to_contain_text("粤B·7K3Q9")
    panel.touch('[data-do="type_plate"]')
    panel.touch('dialog[open] [type="submit"]')
    plates = [{"do": "plate", "plate": "沪A3"}, {"do": "plate", "plate": ""}]
    assert panel.sent(2) == plates


def test_the_pin_of_who_redeems_is_covered_and_leaves_no_trace(panel):
    panel.show(TILL["redeem-prove"]())
    panel.touch('[data-do="type_pin"]')
    type_code(panel, "4711")
    expect(panel.page.locator("dialog[open] input")).to_have_attribute("type", "password")
    panel.touch('dialog[open] [type="submit"]')
    assert panel.sent(1) == [{"do": "prove", "pin": "4711"}]
    expect(panel.page.locator('[data-as="pay_input"]')).to_have_value("")


def test_a_redemption_is_cancelled_after_asking_and_a_lost_slip_shows_its_code(panel):
    panel.show(TILL["redeem-no-slip"]())
    expect(panel.page.locator(".redeeming .qr")).to_be_visible()
    panel.touch('[data-do="ask_cancel"]')
    panel.touch('dialog[open] [data-do="cancel"]')
    assert panel.sent(1) == [{"do": "cancel"}]


def test_cut_off_the_panel_says_how_much_can_be_redeemed(panel):
    panel.show(TILL["rewards-offline"]())
    expect(panel.page.locator(".redeeming aside")).to_contain_text("离线：现在最多可兑 320 分")
    expect(panel.page.locator(".redeeming .reward:enabled")).to_have_count(1)


def test_points_pay_step_by_step_and_the_pin_leaves_no_trace(panel):
    panel.show(TILL["member-may-pay"]())
    panel.touch('[data-do="pay"]')
    panel.show(till(paying=paying("amount")))
    expect(panel.page.locator('[data-as="pay_figure"]')).to_be_hidden()
    panel.touch('[data-do="pay_type"]')
    type_code(panel, "214.5")
    panel.touch('dialog[open] [type="submit"]')
    panel.show(TILL["paying-offer"]())
    panel.touch('[data-do="pay_confirm"]')
    panel.show(till(paying=paying("prove")))
    panel.touch('[data-do="pay_pin"]')
    type_code(panel, "4711")
    panel.touch('dialog[open] [type="submit"]')
    assert panel.sent(4) == [
        {"do": "pay"},
        {"do": "pay_bill", "amount": "214.5"},
        {"do": "pay_confirm"},
        {"do": "prove", "pin": "4711"},
    ]
    expect(panel.page.locator('[data-as="pay_input"]')).to_have_value("")


def test_a_payment_without_its_receipt_is_taken_back_with_a_reason(panel):
    panel.show(TILL["paying-raised"]())
    panel.touch('[data-do="pay_back_wrong"]')
    panel.touch('[data-do="pay_leave"]')
    back, left = panel.sent(2)
    assert (back["do"], left) == ("pay_take_back", {"do": "pay_leave"})
    assert back["why"]


def test_a_coupon_is_typed_kept_and_put_back_or_used_by_a_person(panel):
    panel.show(TILL["coupon-amount"]())
    expect(panel.page.locator('[data-as="coupon_figure"]')).to_be_hidden()
    panel.touch('[data-do="coupon_type"]')
    type_code(panel, "214")
    panel.touch('dialog[open] [type="submit"]')
    panel.show(TILL["coupon-awaited"]())
    expect(panel.page.locator('[data-as="coupon_figure"]')).to_have_text("−¥50.00")
    expect(panel.page.locator('[data-do="coupon_used"]')).to_be_hidden()
    panel.touch('[data-do="coupon_back_unused"]')
    panel.show(TILL["coupon-raised"]())
    expect(panel.page.locator('[data-do="coupon_type"]')).to_be_hidden()
    panel.touch('[data-do="coupon_used"]')
    panel.touch('[data-do="coupon_back_wrong"]')
    typed, unused, used, wrong = panel.sent(4)
    assert typed == {"do": "coupon_bill", "amount": "214"}
    assert (unused["do"], used, wrong["do"]) == (
        "coupon_back",
        {"do": "coupon_used"},
        "coupon_back",
    )
    assert unused["why"] != wrong["why"]

"""The desk redeems for members, hands vouchers over, takes them back, and keeps the stock."""

# ruff: noqa: F401, F811  (fixtures of other modules)

import re

import pytest
from msgspec import structs

from central import schema
from central.access.pins import TRIES
from central.access.turnstile import Crowded
from central.desk.voucher_slip import VoucherPaper, compose
from central.ledger import stocks
from loyalty import wire
from loyalty.facts import Bill
from loyalty.rules.tender import TENDER_REWARD, Paying
from loyalty.wire import StockRow, Topic
from paper.layout import as_text, lay_out
from tests.central.desk.test_pages import desk, kept_password, printer, token_of
from tests.central.member_page.conftest import NUMBER, PIN, SOMEBODY, mall
from tests.central.programme import member
from tests.central.rewards.redeem_cases import bring_in
from tests.loyalty.phone import Phone
from tillpoints.simulation.programme.book import BOOK

REWARDS = f"/desk/members/{SOMEBODY}/rewards"


@pytest.fixture
def shop(mall, desk):
    """The desk of a mall with a PIN for its member and two flasks of 50 points in stock."""
    code = mall.service.pins.give_opening_code(SOMEBODY)
    assert mall.service.pins.open_with_code(SOMEBODY, code, PIN) == "right"
    flask = {"reward_id": "flask", "name_zh": "保温杯", "name_en": "Flask", "points": "50"}
    bring_in(mall, [{**flask, "kind": "goods", "stock": "2"}])
    return mall


def send(desk, path, **fields):
    page = desk.get(path).text
    drawn = re.findall(r'name="request_id" value="([^"]+)"', page)
    given = {"token": token_of(page), "request_id": drawn[-1] if drawn else "r", **fields}
    return desk.post(path, data=given).text


def redeem(desk, **fields):
    return send(desk, REWARDS, **{"reward_id": "flask", "pieces": "1", "proof": PIN, **fields})


def code_of(page):
    return re.search(r'<p class="code">([^<]+)</p>', page)[1].replace(" ", "").replace("-", "")


def test_the_desk_redeems_for_a_member_with_a_pin_and_prints_the_voucher(desk, shop, printer):
    before = shop.balance(member(SOMEBODY))
    code = code_of(redeem(desk))
    assert shop.balance(member(SOMEBODY)) == before - 50
    paper = printer.paper.replace(b" ", b"")
    assert all(half.encode() in paper for half in (code[:8], code[8:]))
    shop.check()


@pytest.mark.parametrize("columns", [32, 48])
def test_the_code_on_the_desks_voucher_stands_in_two_lines_at_either_width(columns):
    paper = VoucherPaper("澄湖天地", "****9014", "杯", 50, "VBQFJ9E05STQHS18", "TPV", "", "", "")
    printed = as_text(lay_out(compose(paper, "zh"), columns), columns)
    lines = ["".join(line.split()) for line in printed.splitlines()]
    assert lines.index("VBQFJ9E0") + 1 == lines.index("5STQHS18")


def test_a_pass_that_is_fresh_is_a_proof_too(desk, shop):
    phone = Phone().signed_for(shop.central_key, SOMEBODY, shop.shard_key)
    assert code_of(redeem(desk, proof=phone.shows(shop.now_ms)))
    again = redeem(desk, proof=phone.shows(shop.now_ms))
    assert "这个会员码刚用过" in again


def test_a_pass_is_known_however_the_desks_scanner_types_it(desk, shop):
    phone = Phone().signed_for(shop.central_key, SOMEBODY, shop.shard_key)
    assert code_of(redeem(desk, proof="]Q1" + phone.shows(shop.now_ms).lower()))


def test_a_card_that_is_scanned_as_a_proof_is_no_wrong_pin(desk, shop):
    for _ in range(TRIES + 1):
        assert "请会员出示手机上的会员码" in redeem(desk, proof=f"TPM{NUMBER}")
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in PIN)
    assert code_of(redeem(desk, proof=wide))


@pytest.mark.parametrize(
    ("proof", "told"), [("000111", "密码不对"), ("", "请会员出示手机上的会员码，或输入密码")]
)
def test_without_a_proof_the_desk_redeems_nothing(desk, shop, proof, told):
    before = shop.balance(member(SOMEBODY))
    assert told in redeem(desk, proof=proof)
    assert shop.balance(member(SOMEBODY)) == before


def test_while_too_many_proofs_are_checked_the_desk_says_to_try_again(desk, shop, monkeypatch):
    def full(_):
        raise Crowded

    monkeypatch.setattr(shop.service.turnstile, "passing", full)
    assert "此刻核对密码的人太多，请稍后再试" in redeem(desk)


def test_a_coupon_is_not_used_up_at_the_desk_but_with_a_bill_at_a_till(desk, shop):
    off = {"reward_id": "off", "name_zh": "九折", "points": "20", "kind": "coupon", "off": "10%"}
    bring_in(shop, [off])
    code = code_of(redeem(desk, reward_id="off"))
    assert "优惠券请在收银台使用" in send(desk, "/desk/vouchers", voucher=code, do="hand_over")


def test_a_form_that_is_sent_twice_redeems_once(desk, shop):
    first, second = (redeem(desk, request_id="same") for _ in range(2))
    assert code_of(first) == code_of(second)
    assert len(shop.rows(schema.voucher)) == 1


def test_what_the_member_cannot_have_says_why(desk, shop):
    redeem(desk)
    redeem(desk)
    page = desk.get(REWARDS).text
    assert "已兑完" in page
    assert "None left" in desk.get(f"{REWARDS}?lang=en").text
    assert "None left" in redeem(desk)


def test_a_voucher_is_looked_at_with_what_the_first_form_of_the_page_has(desk, shop):
    code = code_of(redeem(desk))
    token = token_of(desk.get("/desk/vouchers").text)
    looked = desk.post("/desk/vouchers", data={"token": token, "voucher": code})
    assert (looked.status_code, "可以使用" in looked.text) == (200, True)
    unnumbered = {"token": token, "voucher": code, "do": "hand_over"}
    assert desk.post("/desk/vouchers", data=unnumbered).status_code == 400


def test_another_price_than_the_page_showed_is_told_and_nothing_is_redeemed(desk, shop):
    before = shop.balance(member(SOMEBODY))
    shown = desk.get(REWARDS).text
    assert 'name="agreed-flask" value="50"' in shown
    flask = {"reward_id": "flask", "name_zh": "保温杯", "name_en": "Flask", "points": "80"}
    bring_in(shop, [{**flask, "kind": "goods", "stock": "2", "pieces_max": "2"}])
    fields = {"pieces": "2", "agreed-flask": "50", "request_id": "two"}
    assert "价格已变" in redeem(desk, **fields)
    assert shop.balance(member(SOMEBODY)) == before
    assert code_of(redeem(desk, **{**fields, "agreed-flask": "80", "request_id": "again"}))
    assert shop.balance(member(SOMEBODY)) == before - 160


def test_a_voucher_is_handed_over_once_by_a_scan(desk, shop):
    code = code_of(redeem(desk))
    assert "可以使用" in send(desk, "/desk/vouchers", voucher=code)
    assert "请交付：保温杯" in send(desk, "/desk/vouchers", voucher=code, do="hand_over")
    again = {"voucher": code, "do": "hand_over", "request_id": "another"}
    assert "兑换券已使用" in send(desk, "/desk/vouchers", **again)
    assert shop.till.use_online(code).refusal.code == "voucher_used"


def test_the_desk_hands_out_of_the_place_where_its_staff_stand(desk, shop):
    mug = {"reward_id": "mug", "name_zh": "马克杯", "name_en": "Mug", "points": "20"}
    bring_in(shop, [{**mug, "kind": "goods", "stock": "S1:1 S2:1"}])
    code = code_of(redeem(desk, reward_id="mug", place="S2"))
    assert "请到指定门店使用此券" in send(desk, "/desk/vouchers", voucher=code, do="hand_over")
    other = {"voucher": code, "do": "hand_over", "place": "S1", "request_id": "q1"}
    assert "请到指定门店使用此券" in send(desk, "/desk/vouchers", **other)
    here = {"voucher": code, "do": "hand_over", "place": "S2", "request_id": "q2"}
    assert "请交付：马克杯" in send(desk, "/desk/vouchers", **here)
    assert shop.read(stocks.left, ["mug"]) == {"mug": {"S1": 1, "S2": 0}}
    shop.check()


def test_the_desk_takes_a_voucher_back_with_a_reason(desk, shop):
    before = shop.balance(member(SOMEBODY))
    code = code_of(redeem(desk))
    assert "请写明取消原因" in send(desk, "/desk/vouchers", voucher=code, do="take_back", why=" ")
    told = send(desk, "/desk/vouchers", voucher=code, do="take_back", why="选错了颜色")
    assert "退回 50 分" in told
    assert shop.balance(member(SOMEBODY)) == before
    assert shop.till.use_online(code).refusal.code == "voucher_cancelled"
    shop.check()


def test_a_payment_with_points_is_shown_as_one_and_given_back(desk, shop):
    paying = structs.replace(BOOK, tender=Paying(100), grammar=4, redeem_limit_points=5_000)
    shop.now_ms += 1
    shop.add_book(paying, effective_ms=shop.now_ms)
    before = shop.balance(member(SOMEBODY))
    bill = {"points": 500, "bill": Bill(20_000, 0), "epoch": shop.till.stream.epoch}
    asked = wire.LeaseRequest("pay", member(SOMEBODY), TENDER_REWARD, **bill)
    lease = shop.till.ask(wire.LEASE_PATH, asked, wire.LeaseAnswer)
    spend = shop.till.redeem(member(SOMEBODY), lease, reward=TENDER_REWARD)
    shop.till.push(structs.replace(spend, bill=Bill(20_000, 500)))
    shop.now_ms += 1
    shop.till.send(shop.till.request(last_written=len(shop.till.frames)))
    waiting = desk.get(f"/desk/members?q={NUMBER}").text
    assert all(one in waiting for one in ("还没有对上小票", "应收 200.00，抵现 5.00（500 分）"))
    assert f'name="voucher" value="{lease.voucher_code}"' in waiting
    page = send(desk, "/desk/vouchers", voucher=lease.voucher_code)
    assert "积分抵现" in page
    assert not any(one in page for one in ("@tender", "9999", 'value="hand_over"'))
    told = send(desk, "/desk/vouchers", voucher=lease.voucher_code, do="take_back", why="没打小票")
    assert "退回 500 分" in told
    assert "还没有对上小票" not in desk.get(f"/desk/members?q={NUMBER}").text
    assert shop.balance(member(SOMEBODY)) == before
    shop.check()


def test_what_is_no_voucher_of_ours_is_refused(desk, shop):
    for text, told in (("TPVAAAA", "不是本商场的兑换券"), ("VBQFJ9E05STQHS18", "兑换券不存在")):
        assert told in send(desk, "/desk/vouchers", voucher=text, do="hand_over")


def test_the_desk_says_how_many_are_left_and_takes_rewards_off(desk, shop):
    redeem(desk)
    send(desk, "/desk/rewards", reward_id="flask", place="", left="7")
    assert shop.till.feed(Topic.STOCK, StockRow)["flask"].left == 7
    send(desk, "/desk/rewards", reward_id="flask", offered="no")
    assert shop.till.feed(Topic.REWARD, wire.RewardRow)["flask"] is None
    assert shop.till.lease(member(SOMEBODY), "flask").refusal.code == "reward_unknown"
    assert desk.post("/desk/rewards", data={"reward_id": "flask"}).status_code == 400


def test_nobody_redeems_at_the_desk_without_signing_in(desk, shop):
    desk.post("/desk/logout", data={"token": token_of(desk.get("/desk/vouchers").text)})
    for path in (REWARDS, "/desk/vouchers", "/desk/rewards"):
        assert desk.get(path).status_code == 303


PARK = {"reward_id": "park", "name_zh": "停车", "name_en": "Parking", "points": "30"}
PARK |= {"kind": "parking", "pieces_max": "5", "unit_zh": "小时", "unit_en": "hours"}


def gbk(text):
    return text.encode("gb18030")


def test_a_right_to_park_is_printed_with_its_hours_and_the_car_it_is_for(desk, shop, printer):
    bring_in(shop, [PARK])
    assert 'name="plate"' in desk.get(REWARDS).text
    redeem(desk, reward_id="park", pieces="2", plate="粤b 7K3q9")
    assert all(gbk(one) in printer.paper for one in ("停车券", "2 小时", "粤B·7K3Q9"))
    redeem(desk, reward_id="park")
    assert gbk("不限车牌") in printer.paper
    kept = [row for table in schema.metadata.sorted_tables for row in shop.rows(table)]
    assert "7K3Q9" not in str(kept)  # whose car it is stands on the paper alone
    shop.check()


def test_what_is_no_plate_redeems_nothing_and_says_why(desk, shop):
    bring_in(shop, [PARK])
    before = shop.balance(member(SOMEBODY))
    page = redeem(desk, reward_id="park", plate="12345")
    assert "车牌号不对，请按“粤B12345”的样子输入；也可不填" in page
    assert 'value="12345"' in page
    assert shop.balance(member(SOMEBODY)) == before


def test_other_rewards_ask_for_no_plate_and_print_none(desk, shop, printer):
    assert 'name="plate"' not in desk.get(REWARDS).text
    redeem(desk, plate="粤B12345")
    assert gbk("粤B") not in printer.paper


def test_what_the_desk_takes_back_is_printed_for_the_member(desk, shop, printer):
    code = code_of(redeem(desk))
    page = send(desk, "/desk/vouchers", voucher=code, do="take_back", why="不要了")
    assert "已取消，退回 50 分" in page
    assert all(gbk(one) in printer.paper for one in ("取消兑换凭条", "保温杯", "+50"))
    assert f"****{code[-4:]}".encode() in printer.paper

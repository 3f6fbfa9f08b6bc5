"""Spends whose leases went with a lost database (SYNC 2.5)."""

import msgspec
import pytest
from flask import Flask
from msgspec import UNSET, structs
from sqlalchemy.exc import OperationalError

from central import schema
from central.database import writing
from central.ledger.closing import settled_cases
from central.ledger.commands import UseVoucher
from central.ledger.judging.rows import CENTRAL_DEVICE, LeaseState, VoucherState
from central.ledger.settlement import payments
from central.ledger.verify import rebuild
from central.ledger.waiting import PARKED_MS, cases, rejudge_ready
from central.sync.api import blueprint
from central.sync.reward_offers import LEASE_TTL_S
from loyalty.catalogue import Part
from loyalty.codes import make_short_code
from loyalty.coupons import Coupon
from loyalty.events import Bill, CouponChecked, LeaseRemade, TenderChecked, VoucherUse
from loyalty.receipt import Tender
from loyalty.rules.rulebook import version
from loyalty.rules.tender import TENDER_REWARD
from loyalty.wire import PUSH_PATH, LeaseAnswer, Verdict
from tests.central.programme import card, member, print_of
from tillpoints.simulation.programme.book import BOOK

WAITS = (Verdict.PENDING_REF, "lease_unknown")


@pytest.fixture
def mall(programme):
    """A programme out of a backup; a member has 300 points, and rewards cost 100."""
    programme.add_member("a")
    programme.add_reward("tea", points=100, pieces_max=2)
    programme.till.push(programme.till.sale(member(), fen=30_000))
    with writing(programme.engine) as connection:
        programme.insert(connection, schema.restored, restored_ms=programme.now_ms)
        for device in (programme.till, programme.other):
            programme.insert(connection, schema.awaited, device_id=device.id)
            device.incarnation = device.pull().incarnation
    app = Flask("restored")
    app.register_blueprint(blueprint(programme.service))
    programme.client = app.test_client()
    return programme


def lost(mall, points=100):
    """Return a lease as the lost database granted it."""
    code = make_short_code("V", mall.chance.randrange)
    return LeaseAnswer(mall.chance.randbytes(16).hex(), points, code)


def verdict(mall, till, seq):
    rows = {(r.device_id, r.seq): (r.verdict, r.reason) for r in mall.rows(schema.inbox)}
    return rows[till.id, seq]


def settle(mall):
    """Let the time of the lost leases pass: whatever can come by itself or by an import is here."""
    mall.now_ms += LEASE_TTL_S * 1000
    mall.till.pull()


def loss(mall):
    return mall.totals().posted.get("offline_loss", 0)


def sound(mall):
    mall.check()
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    mall.check()


def test_once_every_till_has_told_all_the_spend_takes_its_points(mall):
    till, lease = mall.till, lost(mall)
    till.push(till.redeem(member(), lease), till.close_lease(lease, 100))
    assert verdict(mall, till, 2) == WAITS
    assert mall.balance(member()) == 300
    mall.other.send()
    assert [verdict(mall, till, seq) for seq in (2, 3)] == [(Verdict.APPLIED, "")] * 2
    assert (mall.balance(member()), mall.held(member())) == (200, 0)
    assert till.use_online(lease.voucher_code).reward_id == "tea"
    sound(mall)


def test_where_the_database_refused_the_leases_are_made_at_the_next_call(mall, monkeypatch):
    def refuse(_command):
        raise OperationalError("", {}, OSError("disk full"))

    till, lease = mall.till, lost(mall)
    till.push(till.redeem(member(), lease))
    request = mall.other.request(1, 0)
    with monkeypatch.context() as spoiled:
        spoiled.setattr(mall.service, "run", refuse)
        assert mall.other.call(PUSH_PATH, request)[0] == 503
    assert verdict(mall, till, 2) == WAITS
    till.pull()
    assert verdict(mall, till, 2) == (Verdict.APPLIED, "")
    sound(mall)


def test_a_spend_that_comes_after_all_others_have_told_counts_at_once(mall):
    mall.till.send()
    mall.other.send()
    lease = lost(mall)
    mall.till.push(mall.till.redeem(member(), lease))
    assert verdict(mall, mall.till, 2) == (Verdict.APPLIED, "")
    sound(mall)


def test_points_that_are_gone_are_the_house_s_loss_and_never_an_overdraft(mall):
    leases = [lost(mall) for _ in range(4)]
    mall.till.push(*(mall.till.redeem(member(), lease) for lease in leases))
    mall.other.send()
    assert (verdict(mall, mall.till, 5), mall.balance(member())) == (WAITS, 0)
    settle(mall)
    found = [verdict(mall, mall.till, seq) for seq in range(2, 6)]
    assert found == [(Verdict.APPLIED, "")] * 3 + [(Verdict.APPLIED_ADJUSTED, "lease_released")]
    assert (mall.balance(member()), mall.held(member())) == (0, 0)
    sound(mall)


def test_no_lease_is_granted_over_points_that_were_spent_behind_the_backup(mall):
    """The till is silent; when no lease can be alive any more, what came is settled first."""
    lease = lost(mall, 250)
    mall.till.push(mall.till.redeem(member(), lease))
    mall.now_ms += LEASE_TTL_S * 1000
    assert mall.till.lease(member()).refusal.code == "balance_too_low"
    assert mall.balance(member()) == 50
    sound(mall)


def test_a_spend_waits_for_a_till_that_has_not_told_what_the_member_earned(mall):
    """The kiosk comes first, later than any lost lease lived: what is there is spent meanwhile."""
    till, other, covered, lease = mall.till, mall.other, lost(mall, 200), lost(mall, 200)
    till.write(till.sale(member(), fen=10_000))
    spends = [other.redeem(member(), one) for one in (covered, lease)]
    settle(mall)
    other.push(*spends)
    assert [verdict(mall, other, seq) for seq in (1, 2)] == [(Verdict.APPLIED, ""), WAITS]
    till.send()
    settle(mall)
    assert verdict(mall, other, 2) == (Verdict.APPLIED, "")
    assert (mall.balance(member()), loss(mall)) == (0, 0)
    sound(mall)


def test_a_spend_waits_for_its_member_to_be_imported_again(mall):
    till, lease = mall.till, lost(mall)
    till.push(till.sale(card("c9"), fen=20_000), till.redeem(member("z"), lease))
    mall.other.send()
    settle(mall)
    assert verdict(mall, till, 3) == WAITS
    mall.add_member("z", tags=("c9",))
    settle(mall)
    assert verdict(mall, till, 3) == (Verdict.APPLIED, "")
    assert (mall.balance(member("z")), loss(mall)) == (100, 0)
    sound(mall)


def test_a_spend_by_a_card_is_its_member_s_who_had_it_then(mall):
    till, lease = mall.till, lost(mall)
    mall.add_member("a", tags=("c9",))
    till.push(till.redeem(card("c9"), lease))
    mall.now_ms += 60_000
    mall.add_member("a")
    mall.add_member("b", tags=("c9",))
    mall.other.send()
    assert verdict(mall, till, 2) == (Verdict.APPLIED, "")
    assert (mall.balance(member()), mall.rows(schema.voucher)[0].holder_key) == (200, "a")
    sound(mall)


def test_a_card_that_is_imported_again_in_time_pays_for_what_its_member_redeemed(mall):
    till, lease = mall.till, lost(mall, 500)
    till.push(till.sale(card("c9"), fen=20_000), till.redeem(member(), lease))
    mall.other.send()
    assert verdict(mall, till, 3) == WAITS
    mall.add_member("a", tags=("c9",))
    settle(mall)
    assert (mall.balance(member()), loss(mall)) == (0, 0)
    sound(mall)


def test_a_spend_waits_for_a_sale_whose_rule_book_was_lost(mall):
    mall.add_reward("box", points=400)
    till, lease = mall.till, lost(mall, 400)
    book = structs.replace(BOOK, name="lost")
    till.push(
        till.sale(member(), fen=10_000, book=version(book)),
        till.redeem(member(), lease, reward="box"),
    )
    mall.other.send()
    settle(mall)
    assert verdict(mall, till, 3) == WAITS
    mall.add_book(book)
    with writing(mall.engine) as connection:
        rejudge_ready(connection, mall.shard_key, mall.now_ms)
    settle(mall)
    assert verdict(mall, till, 3) == (Verdict.APPLIED, "")
    assert (mall.balance(member()), loss(mall)) == (0, 0)
    sound(mall)


def test_a_rule_book_that_never_comes_holds_nothing_up_for_more_than_a_week(mall):
    mall.add_reward("box", points=400)
    till, lease = mall.till, lost(mall, 400)
    till.push(
        till.sale(member(), fen=10_000, book="f" * 64), till.redeem(member(), lease, reward="box")
    )
    mall.other.send()
    settle(mall)
    assert verdict(mall, till, 3) == WAITS
    mall.now_ms += PARKED_MS
    till.pull()
    assert verdict(mall, till, 3) == (Verdict.APPLIED_ADJUSTED, "lease_released")
    assert (mall.balance(member()), loss(mall)) == (300, -400)
    sound(mall)


def test_a_spend_whose_member_never_comes_is_a_case_after_a_week_and_costs_nobody_anything(mall):
    till = mall.till
    till.push(till.redeem(member("z"), lost(mall)), till.redeem(card("c9"), lost(mall)))
    mall.other.send()
    settle(mall)
    mall.now_ms += PARKED_MS
    till.pull()
    assert [verdict(mall, till, seq) for seq in (2, 3)] == [WAITS] * 2
    assert [one.seq for one in mall.read(cases, mall.now_ms)] == [2, 3]
    assert (mall.rows(schema.lease), loss(mall)) == ([], 0)
    sound(mall)


def test_what_is_left_is_looked_at_once_a_minute_and_not_at_each_call(mall, monkeypatch):
    mall.till.push(mall.till.redeem(member("z"), lost(mall)))
    mall.other.send()
    settle(mall)
    runs = []
    run = mall.service.run
    monkeypatch.setattr(mall.service, "run", lambda one: (runs.append(one), run(one))[1])
    for _ in range(3):
        mall.till.pull()
    assert runs == []
    mall.now_ms += 61_000
    for _ in range(3):
        mall.till.pull()
    assert len(runs) == 1


def test_spends_behind_many_that_cannot_be_settled_yet_are_settled(mall):
    waiting = [mall.till.redeem(member("z"), lost(mall)) for _ in range(201)]
    mall.till.push(*waiting, mall.till.redeem(member(), lost(mall)))
    mall.other.send()
    assert verdict(mall, mall.till, 203) == (Verdict.APPLIED, "")
    assert verdict(mall, mall.till, 202) == WAITS
    sound(mall)


def test_a_lost_lease_that_comes_back_unspent_needs_no_person(mall):
    lease = lost(mall)
    mall.till.push(mall.till.close_lease(lease, 0))
    mall.other.send()
    assert verdict(mall, mall.till, 2) == (Verdict.REFUSED_FINAL, "case_closed")
    assert [(one.seq, one.staff) for one in mall.read(settled_cases)] == [(2, "")]
    assert mall.rows(schema.lease) == []
    sound(mall)


def test_a_spend_later_than_any_lost_lease_lived_waits_for_a_person(mall):
    mall.other.send()
    mall.till.send()
    mall.now_ms += (LEASE_TTL_S + 60) * 1000
    mall.till.push(mall.till.redeem(member(), lost(mall)))
    mall.other.send()
    assert verdict(mall, mall.till, 2) == WAITS
    assert mall.rows(schema.lease) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"points": 0},
        {"points": 10**15},
        {"voucher_code": "V1"},
        {"holder": member("no key")},
        {"holder": card("")},
    ],
)
def test_a_spend_that_cannot_be_makes_no_lease_and_stops_nobody(mall, changes):
    lease = lost(mall)
    spend = mall.till.redeem(member(), lease)
    mall.till.push(structs.replace(spend, **changes))
    mall.other.send()
    assert verdict(mall, mall.till, 2) == WAITS
    assert mall.other.push(mall.other.sale(member()))[0][0] == Verdict.APPLIED
    assert mall.rows(schema.lease) == []


@pytest.mark.parametrize("name", ["lease_id", "reward_id"])
def test_a_spend_with_a_name_that_a_database_cannot_hold_stops_nobody(mall, name):
    mall.till.push(structs.replace(mall.till.redeem(member(), lost(mall)), **{name: "a\0"}))
    mall.other.send()
    assert verdict(mall, mall.till, 2)[0] == Verdict.QUARANTINED
    assert mall.other.push(mall.other.sale(member()))[0][0] == Verdict.APPLIED


def test_two_spends_under_one_lost_lease_make_it_once(mall):
    lease = lost(mall)
    mall.till.push(mall.till.redeem(member(), lease), mall.till.redeem(member(), lease))
    mall.other.send()
    assert verdict(mall, mall.till, 2) == (Verdict.APPLIED, "")
    assert verdict(mall, mall.till, 3)[0] == Verdict.QUARANTINED
    (row,) = mall.rows(schema.lease)
    assert (row.spent, row.state) == (100, LeaseState.OPEN)
    (voucher,) = mall.rows(schema.voucher)
    assert voucher.state == VoucherState.REDEEMED
    sound(mall)


@pytest.mark.parametrize("paper", ["ab" * 32, ""])  # tills once did not say which bill it was
def test_a_payment_whose_lease_was_lost_is_matched_and_settled_by_its_own_till(mall, paper):
    till, lease, bill = mall.till, lost(mall), Bill(30_000, 100)
    spend = structs.replace(till.redeem(member(), lease), reward_id=TENDER_REWARD, bill=bill)
    found = TenderChecked(till.moment(), lease.voucher_code, "matched", bill, paper)
    till.push(spend, found)
    mall.other.send()
    assert [verdict(mall, till, seq) for seq in (2, 3)] == [(Verdict.APPLIED, "")] * 2
    (voucher,) = mall.rows(schema.voucher)
    assert (voucher.state, voucher.valid_until) == (VoucherState.USED, "9999-12-31")
    (paid,) = mall.read(lambda c, key: payments(c, key, 0, mall.now_ms + 1))
    assert (paid.points, paid.paid_fen, paid.state) == (100, 100, "matched")
    sound(mall)


def refund(till, sale, fen, tenders=()):
    """A refund of `fen` of a sale, whose paper may name what of it points get back."""
    back = till.refund(sale, fen)
    return structs.replace(back, receipt=structs.replace(back.receipt, tenders=tenders))


@pytest.mark.parametrize(
    ("fen", "named", "back"),
    [((30_000,), 0, 100), ((10_000,), 0, 33), ((10_000,), 60, 60), ((3_000,) * 10, 0, 100)],
)
def test_what_a_refund_gave_back_of_a_payment_whose_lease_was_lost_comes_back(
    mall, fen, named, back
):
    till, lease, bill = mall.till, lost(mall), Bill(30_000, 100)
    spend = structs.replace(till.redeem(member(), lease), reward_id=TENDER_REWARD, bill=bill)
    sale = till.sale(fen=30_000)
    found = TenderChecked(till.moment(), lease.voucher_code, "matched", bill, print_of(sale))
    tenders = (Tender("mall_points", -named),) if named else ()
    refunds = [refund(till, sale, one, tenders) for one in fen]
    till.push(spend, found, sale, *refunds)
    mall.other.send()
    assert mall.balance(member()) == 200 + back
    assert mall.totals().posted["settlement"] == 100 - back
    sound(mall)


@pytest.mark.parametrize("due_fen", [20_000, 5_000])
def test_a_coupon_on_a_second_bill_after_the_first_came_back_counts_there_whatever_was_lost(
    mall, due_fen
):
    """Its redemption is told last. It may take a whole bill: nothing was owed, nothing returned."""
    mall.add_reward("off", points=100, home_shop="S1")
    till, lease = mall.till, lost(mall)
    owed_fen = due_fen - 5_000
    first, second = till.sale(fen=owed_fen), till.sale(fen=16_000)
    uses = [
        VoucherUse(till.moment(), lease.voucher_code, till.id.hex(), "", bill, print_of(sale))
        for sale, bill in ((first, Bill(due_fen, 5_000)), (second, Bill(21_000, 5_000)))
    ]
    told = till.push(uses[0], first, refund(till, first, owed_fen), uses[1], second)
    assert [one[0] for one in told] == [2, 0, 0, 2, 0]
    mall.other.push(mall.other.redeem(member(), lease, reward="off"))
    assert [verdict(mall, till, seq) for seq in (2, 5)] == [(Verdict.APPLIED, "")] * 2
    (voucher,) = mall.rows(schema.voucher)
    assert voucher.state == VoucherState.USED
    assert mall.totals().posted["settlement"] == 100
    assert "offline_loss" not in mall.totals().posted
    sound(mall)


def test_a_raised_bill_whose_coupon_came_back_before_its_lease_did_is_no_case_any_more(mall):
    mall.add_reward("off", points=100, home_shop="S1")
    till, lease, bill = mall.till, lost(mall), Bill(20_000, 5_000)
    sale, code = till.sale(fen=15_000), lease.voucher_code
    raised = CouponChecked(till.moment(), code, "no_line", bill, "", print_of(sale))
    use = VoucherUse(till.moment(), code, till.id.hex(), "", bill, print_of(sale))
    till.push(raised, sale, use, refund(till, sale, 15_000))
    mall.other.push(mall.other.redeem(member(), lease, reward="off"))
    assert [verdict(mall, till, seq) for seq in (2, 4)] == [(Verdict.APPLIED, "")] * 2
    (voucher,) = mall.rows(schema.voucher)
    assert voucher.state == VoucherState.REDEEMED
    sound(mall)


def test_a_server_that_was_never_restored_makes_no_lease(programme):
    programme.add_member("a")
    till = programme.till
    till.push(till.sale(member(), fen=30_000), till.redeem(member(), lost(programme)))
    programme.other.send()
    assert verdict(programme, till, 2) == WAITS


def spent_ahead(device, lease, pieces):
    """The spend of points that were lent for no reward yet: it alone says what for."""
    return structs.replace(device.redeem(member(), lease), pieces=pieces)


def test_points_that_were_lent_ahead_to_a_kiosk_still_buy_as_many_pieces(mall):
    kiosk = mall.add_device("kiosk-1", "kiosk", "S1")
    lease = lost(mall, 200)
    kiosk.push(spent_ahead(kiosk, lease, pieces=2))
    mall.other.send()
    mall.till.send()
    assert verdict(mall, kiosk, 1) == (Verdict.APPLIED, "")
    used = mall.other.use_online(lease.voucher_code)
    assert (used.reward_id, used.pieces) == ("tea", 2)
    sound(mall)


def test_what_was_lent_ahead_to_a_till_is_handed_over_at_that_till_alone(mall):
    lease = lost(mall)
    mall.till.push(spent_ahead(mall.till, lease, pieces=1))
    mall.other.send()
    assert verdict(mall, mall.till, 2) == (Verdict.APPLIED, "")
    assert mall.other.use_online(lease.voucher_code).refusal.code == "voucher_elsewhere"
    assert mall.till.use_online(lease.voucher_code, "u2").reward_id == "tea"
    sound(mall)


def test_what_a_till_took_under_a_lost_lease_is_judged_by_the_catalogue(mall):
    mall.till.send()
    mall.other.send()
    cheap, two = lost(mall, 1), lost(mall, 200)
    mall.till.push(mall.till.redeem(member(), cheap))
    assert verdict(mall, mall.till, 2) == (Verdict.APPLIED_ADJUSTED, "off_catalogue")
    mall.till.push(mall.till.redeem(member(), two))  # it does not say how many pieces
    assert verdict(mall, mall.till, 3) == (Verdict.APPLIED, "")
    assert mall.balance(member()) == 99
    sound(mall)


def test_a_coupon_whose_lease_was_lost_keeps_its_terms_and_its_last_day(mall):
    mall.add_reward("off", points=100, off_fen=5_000, from_fen=20_000)
    lease = lost(mall)
    mall.other.send()
    mall.till.push(mall.till.redeem(member(), lease, reward="off"))
    at_desk = UseVoucher(CENTRAL_DEVICE, "d1", lease.voucher_code, "2026-05-29")
    assert mall.service.run(at_desk).code == "coupon_at_till"
    used = mall.other.use_online(lease.voucher_code)
    assert (used.coupon, used.valid_until[:4]) == (Coupon(5_000, 0, 0, 20_000), "2026")
    sound(mall)


def test_a_coupon_whose_lease_was_lost_counts_as_it_was_taken_off_whatever_it_is_sold_for_now(mall):
    """It may have been bought under other terms, which went with the database."""
    mall.add_reward("off", points=100, home_shop="S1", off_fen=1_000, from_fen=2_000)
    till, lease, sale = mall.till, lost(mall), mall.till.sale(fen=16_000)
    mall.other.send()
    took = (Bill(21_000, 5_000), print_of(sale))
    use = VoucherUse(till.moment(), lease.voucher_code, till.id.hex(), "", *took)
    told = till.push(till.redeem(member(), lease, reward="off"), sale, use)
    assert [verdict(mall, till, seq) for seq in (2, 4)] == [(Verdict.APPLIED, "")] * 2, told
    sound(mall)


def test_as_many_pieces_as_a_lost_lease_paid_for_are_handed_out(mall):
    mall.other.send()
    lease = lost(mall, 200)
    mall.till.push(mall.till.redeem(member(), lease))
    assert mall.other.use_online(lease.voucher_code).pieces == 2
    sound(mall)


@pytest.mark.parametrize("points", [100, 1_000])  # of what is there, and at the house's cost
def test_what_a_lost_lease_paid_for_counts_towards_the_member_s_limit(mall, points):
    mall.add_reward("cup", points=1, limit=1)
    mall.add_reward("box", points=points, parts=(Part("cup", 1),))
    mall.till.write(mall.till.redeem(member(), lost(mall, points), reward="box"))
    mall.till.send()
    mall.other.send()
    mall.now_ms += LEASE_TTL_S * 1000
    assert mall.till.lease(member(), "cup").refusal.code == "reward_limit"
    sound(mall)


def test_a_lease_made_again_of_before_its_terms_were_told_replays_as_it_did():
    body = b'{"at":{"wall_ms":0,"boot_id":"","boottime_ms":0},"lease_id":"l","holder":'
    body += b'{"kind":"member","key":"a"},"device":"","epoch":1,"points":1,"reward_id":"tea",'
    body += b'"voucher_code":"V","home_device":null,"valid_until":""}'
    remade = msgspec.json.decode(body, type=LeaseRemade)
    assert (remade.pieces, remade.counted, remade.coupon) == (1, {}, UNSET)

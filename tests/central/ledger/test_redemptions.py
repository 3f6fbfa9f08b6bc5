import pytest
from msgspec import structs

from central import schema
from central.database import writing
from central.jobs.expiry import Expire
from central.ledger.closing import close_case
from central.ledger.commands import Decision
from central.ledger.judging.accounts import OFFLINE_LOSS
from central.ledger.judging.rows import Identity, VoucherState
from central.ledger.lease_commands import ReleaseLease
from central.ledger.waiting import cases
from loyalty.codes import voucher_hash
from loyalty.events import LeaseGrant
from loyalty.wire import Topic, Verdict, VoucherRow
from tests.central.programme import card, member

APPLIED = (Verdict.APPLIED, "", 0)
QUARANTINED = Verdict.QUARANTINED


@pytest.fixture
def mall(programme):
    """A member with 300 points and a reward of 100."""
    programme.add_member("a")
    programme.add_reward(points=100)
    programme.till.push(programme.till.sale(member(), fen=30_000))
    return programme


def purse(programme):
    return programme.balance(member()), programme.held(member())


def voucher_state(programme):
    (row,) = programme.rows(schema.voucher)
    return VoucherState(row.state)


def test_a_lease_holds_its_points_and_a_spend_moves_them(mall):
    till = mall.till
    lease = till.lease(member())
    assert purse(mall) == (300, 100)
    assert till.push(till.redeem(member(), lease)) == [APPLIED]
    assert purse(mall) == (200, 0)
    assert voucher_state(mall) is VoucherState.REDEEMED
    mall.check()


def test_closing_a_spent_lease_changes_nothing_more(mall):
    till = mall.till
    lease = till.lease(member())
    till.push(till.redeem(member(), lease), till.close_lease(lease, 100))
    assert purse(mall) == (200, 0)
    assert mall.rows(schema.lease)[0].state == 1
    mall.check()


def test_closing_a_lease_without_a_spend_gives_its_points_back_and_voids_the_voucher(mall):
    till = mall.till
    lease = till.lease(member())
    assert till.push(till.close_lease(lease, 0)) == [APPLIED]
    assert purse(mall) == (300, 0)
    assert till.use_online(lease.voucher_code).refusal.code == "voucher_unknown"
    mall.check()


@pytest.mark.parametrize("freed", ["close", "release"])
@pytest.mark.parametrize("refund_first", [True, False])
def test_points_that_come_back_pay_what_is_owed_whoever_is_heard_first(
    programme, freed, refund_first
):
    programme.add_member("a")
    programme.add_reward(points=100)
    sale = programme.till.sale(member())
    programme.till.push(sale)
    lease = programme.other.lease(member())

    def refund():
        assert programme.till.push(programme.till.refund(sale, points=100)) == [APPLIED]

    def come_back():
        if freed == "release":
            programme.service.run(ReleaseLease(lease.lease_id, "overdue"))
        else:
            programme.other.push(programme.other.close_lease(lease, 0))

    for told in (refund, come_back) if refund_first else (come_back, refund):
        told()
    programme.service.run(Expire("2027-06-30", (member(),)))
    posted = programme.totals().posted
    assert {name: points for name, points in posted.items() if points} == {}
    assert purse(programme) == (0, 0)
    assert programme.other.lease(member(), request_id="r2").refusal.code == "balance_too_low"
    programme.check()


def test_points_are_spent_out_of_the_lots_that_expire_first(mall):
    till = mall.till
    before = mall.lots()[0].lot_id
    mall.now_ms += 40 * 86_400_000
    till.push(till.sale(member(), fen=5_000))
    mall.add_reward("cake", points=320)
    till.push(till.redeem(member(), till.lease(member(), "cake")))
    (lot,) = mall.lots()
    assert (lot.left, lot.lot_id != before) == (30, True)
    mall.check()


@pytest.mark.parametrize("points", [101, 99, 1, 0, -1])
def test_a_spend_of_other_than_all_the_points_of_its_lease_goes_into_quarantine(mall, points):
    till = mall.till
    lease = till.lease(member())
    assert till.push(till.redeem(member(), lease, points))[0][0] is QUARANTINED
    assert purse(mall) == (300, 100)
    assert voucher_state(mall) is VoucherState.ISSUED
    mall.check()


def test_a_second_spend_of_a_whole_lease_goes_into_quarantine(mall):
    till = mall.till
    lease = till.lease(member())
    redeem = till.redeem(member(), lease)
    assert [verdict for verdict, *_ in till.push(redeem, redeem)] == [0, QUARANTINED]
    assert purse(mall) == (200, 0)
    mall.check()


def test_a_lease_can_be_spent_only_by_the_device_it_was_granted_to(mall):
    lease = mall.till.lease(member())
    other = mall.other
    assert other.push(other.redeem(member(), lease))[0][0] is QUARANTINED
    assert other.push(other.close_lease(lease, 0))[0][0] is QUARANTINED
    assert purse(mall) == (300, 100)
    mall.check()


def test_a_close_that_knows_of_another_spend_keeps_the_points_held(mall):
    till = mall.till
    lease = till.lease(member())
    assert till.push(till.close_lease(lease, 100))[0][0] is QUARANTINED
    assert purse(mall) == (300, 100)
    mall.check()


def test_a_closed_lease_cannot_be_spent_out_of_what_another_holds(mall):
    till = mall.till
    lease = till.lease(member())
    till.lease(member(), request_id="r2")
    till.push(till.close_lease(lease, 0))
    assert till.push(till.redeem(member(), lease))[0][0] is QUARANTINED
    assert till.push(till.close_lease(lease, 0))[0][0] is QUARANTINED
    assert purse(mall) == (300, 100)
    mall.check()


def test_a_spend_under_a_lease_that_central_does_not_know_waits(mall):
    till = mall.till
    lease = structs.replace(till.lease(member()), lease_id="ff" * 16)
    assert till.push(till.redeem(member(), lease)) == [(Verdict.PENDING_REF, "lease_unknown", 0)]
    mall.check()


def test_a_voucher_is_used_by_its_home_till_once(mall):
    till, other = mall.till, mall.other
    mall.add_reward("mug", points=100, home_shop="S1")
    lease = other.lease(member(), "mug")
    other.push(other.redeem(member(), lease))
    assert till.push(till.use(lease.voucher_code)) == [APPLIED]
    assert voucher_state(mall) is VoucherState.USED
    use = till.use(lease.voucher_code, "asked")
    assert till.push(use)[0][0] is Verdict.APPLIED_ADJUSTED
    mall.check()


def test_a_use_that_central_knows_by_its_request_is_the_same_use(mall):
    till = mall.till
    lease = till.lease(member())
    till.push(till.redeem(member(), lease))
    assert till.use_online(lease.voucher_code, "u1").reward_id == "tea"
    assert till.push(till.use(lease.voucher_code, "u1")) == [APPLIED]
    assert mall.read(cases, mall.now_ms) == []
    mall.check()


def test_a_second_use_at_its_home_till_is_paid_by_the_house_until_a_person_has_seen_it(mall):
    """A copy of the till's disk has the voucher too, and neither of them asked central."""
    mall.add_reward("mug", points=100, home_shop="S1")
    till, kiosk = mall.till, mall.other
    lease = kiosk.lease(member(), "mug")
    kiosk.push(kiosk.redeem(member(), lease))
    uses = till.push(till.use(lease.voucher_code), till.use(lease.voucher_code))
    assert uses == [APPLIED, (Verdict.APPLIED_ADJUSTED, "voucher_used", 100)]
    posted = {row.account_id: row.posted for row in mall.rows(schema.account)}
    assert posted[OFFLINE_LOSS] == -100
    (case,) = mall.read(cases, mall.now_ms)
    place = Identity(till.id, case.epoch, case.seq)
    assert (case.verdict, case.reason, case.seq) == ("applied_adjusted", "voucher_used", 3)
    with writing(mall.engine) as connection:
        close_case(connection, mall.shard_key, place, "王芳", "看过录像", mall.now_ms)
    assert mall.read(cases, mall.now_ms) == []
    assert purse(mall) == (200, 0)
    mall.check()


class Grant:
    """A lease whose voucher was used before central heard of it."""

    def __init__(self, *lease):
        self.lease = lease

    def wants(self):
        return ()

    def decide(self, _, at):
        return Decision((LeaseGrant(at, *self.lease),), lambda _: None)


def test_uses_that_were_told_before_their_lease_are_listed_too(mall):
    till, kiosk = mall.till, mall.other
    code = "V000000000000000"
    till.push(till.use(code), till.use(code))
    lease = (kiosk.id.hex(), 1, "r1", 100, "mug", code, till.id.hex(), "2030-01-01", 9)
    mall.service.run(Grant("l1", member(), *lease))
    (case,) = mall.read(cases, mall.now_ms)
    assert (case.device_id, case.seq, case.reason) == (till.id.hex(), 3, "voucher_used")
    mall.check()


def test_what_another_device_tells_of_a_used_voucher_waits_for_a_person(mall):
    till, other = mall.till, mall.other
    lease = till.lease(member())
    till.push(till.redeem(member(), lease))
    assert till.use_online(lease.voucher_code).reward_id == "tea"
    told = (Verdict.PENDING_REF, "voucher_used", 0)
    assert other.push(other.use(lease.voucher_code)) == [told]
    (case,) = mall.read(cases, mall.now_ms)
    assert (case.device_id, case.reason) == (other.id.hex(), "voucher_used")
    mall.check()


def test_only_its_home_till_hears_of_a_voucher_and_never_its_code(mall):
    kiosk = mall.add_device("kiosk-9", "kiosk", "S1")
    mall.add_reward("mug", points=100, home_shop="S1")
    lease = kiosk.lease(member(), "mug")
    kiosk.push(kiosk.redeem(member(), lease))
    known = voucher_hash(lease.voucher_code)
    row = VoucherRow(known, "mug", lease.valid_until)
    assert mall.till.feed(Topic.VOUCHER, VoucherRow) == {known: row}
    assert mall.other.feed(Topic.VOUCHER, VoucherRow) == {}
    assert kiosk.feed(Topic.VOUCHER, VoucherRow) == {}
    feed = mall.rows(schema.feed)
    code = lease.voucher_code
    assert not [one for one in feed if code in one.item or code.encode() in (one.payload or b"")]
    mall.check()


def test_a_voucher_that_counts_no_longer_leaves_its_home_till(mall):
    till, kiosk = mall.till, mall.add_device("kiosk-9", "kiosk", "S1")
    mall.add_reward("mug", points=50, home_shop="S1")
    used, void, left = (kiosk.lease(member(), "mug", request) for request in ("r1", "r2", "r3"))
    kiosk.push(kiosk.redeem(member(), used), kiosk.close_lease(void, 0))
    till.push(till.use(used.voucher_code))
    rows = till.feed(Topic.VOUCHER, VoucherRow)
    assert [rows[voucher_hash(one.voucher_code)] for one in (used, void)] == [None, None]
    assert rows[voucher_hash(left.voucher_code)] is not None
    changes = [row for row in till.pull().rows if row.topic == Topic.VOUCHER]
    assert len(changes) == 5  # a spend that changes nothing for the till is not told again
    mall.check()


def test_a_voucher_that_counts_everywhere_is_told_to_nobody(mall):
    mall.till.lease(member())
    assert mall.till.feed(Topic.VOUCHER, VoucherRow) == {}


def test_a_voucher_may_be_handed_in_before_its_spend_arrives(mall):
    till, other = mall.till, mall.other
    lease = other.lease(member())
    till.push(till.use(lease.voucher_code))
    assert other.push(other.redeem(member(), lease)) == [APPLIED]
    assert voucher_state(mall) is VoucherState.USED
    assert purse(mall) == (200, 0)
    mall.check()


def test_a_lease_whose_voucher_was_used_cannot_be_closed_unspent(mall):
    till, other = mall.till, mall.other
    lease = other.lease(member())
    till.push(till.use(lease.voucher_code))
    assert other.push(other.close_lease(lease, 0))[0][0] is QUARANTINED
    assert purse(mall) == (300, 100)
    mall.check()


def test_a_voucher_that_central_does_not_know_waits(mall):
    till = mall.till
    assert till.push(till.use("V000000000000000")) == [(Verdict.PENDING_REF, "voucher_unknown", 0)]
    assert till.judged() == {}
    mall.check()


def test_points_on_a_card_can_be_spent_once_the_card_has_a_member(mall):
    till = mall.till
    till.push(till.sale(card("c1"), fen=20_000))
    assert till.lease(card("c1")).refusal.code == "member_unknown"
    mall.add_member("a", tags=["c1"])
    lease = till.lease(card("c1"), request_id="r2")
    assert till.push(till.redeem(card("c1"), lease)) == [APPLIED]
    assert purse(mall) == (400, 0)
    mall.check()

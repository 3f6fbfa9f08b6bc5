import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from edge_agent.journal.cursor import Cursor
from loyalty import wire
from loyalty.chain import sign
from loyalty.events import Holder, Moment
from loyalty.products import Part
from loyalty.rules.rulebook import canonical, signed_message, version
from loyalty.wire import (
    CardRow,
    ClaimedRow,
    FeedRow,
    Judged,
    MemberRow,
    PullAnswer,
    PushAnswer,
    RewardRow,
    RuleBookRow,
    ShopRow,
    Topic,
    Verdict,
)
from tests.edge_agent.journal.conftest import (
    CARD,
    CENTRAL,
    LI,
    WANG,
    at,
    claim,
    correction,
    key,
    lend,
    redeem,
    refund_of,
    sale,
)
from tests.loyalty.rules.conftest import a_rule_book

ONE = b"incarnation-one!"
TWO = b"incarnation-two!"


def page(*rows, incarnation=ONE, position=None, more=False, refetch=False):
    last = rows[-1].position if rows else 0
    return PullAnswer(
        incarnation, last if position is None else position, tuple(rows), more, refetch
    )


def member_row(position, member="wang", balance=500, tags=(CARD.key,)):
    row = MemberRow(member, tags, "gold", balance, "王**")
    return FeedRow(position, Topic.MEMBER, member, wire.pack(row))


def acked(through, feed_position, *judged, incarnation=ONE, expected=None):
    return PushAnswer(
        "ok", through, expected or through + 1, judged, feed_position, 5_000, incarnation
    )


def test_a_balance_is_what_central_told_and_what_was_promised_here_since(till):
    till.take_page(page(member_row(1)))
    till.append([sale(1, WANG, 100), lend(till, redeem("V1", WANG, 30))])
    standing = till.standing(WANG)
    assert (standing.balance, standing.pending, standing.tier_id) == (570, 70, "gold")


def test_an_event_leaves_the_sum_exactly_when_the_directory_contains_it(till):
    """Acknowledged is not contained: only the pulled position says so."""
    till.take_page(page(member_row(1)))
    till.append([sale(1, WANG, 100)])
    till.acknowledge(acked(1, 3, Judged(1, Verdict.APPLIED, "")), at(), 0)
    assert till.standing(WANG).balance == 600
    till.take_page(page(position=2))
    assert till.standing(WANG).balance == 600
    till.append([sale(2, WANG, 7)])
    till.take_page(page(member_row(3, balance=600)))
    assert till.standing(WANG).balance == 607
    assert till.standing(WANG).pending == 7


def test_a_late_ack_counts_what_was_pulled_before_it(till):
    till.append([sale(1, WANG, 100)])
    till.take_page(page(member_row(9, balance=600)))
    assert till.standing(WANG).balance == 700
    till.acknowledge(acked(1, 9), at(), 0)
    assert till.standing(WANG).balance == 600


@pytest.mark.parametrize(
    ("verdict", "adjusted", "before_pull", "after_pull"),
    [
        (Verdict.APPLIED, 0, 600, 500),
        (Verdict.APPLIED_ADJUSTED, 20, 620, 500),
        (Verdict.PENDING_REF, 0, 600, 600),
        (Verdict.QUARANTINED, 0, 600, 600),
        (Verdict.REFUSED_FINAL, 0, 500, 500),
    ],
)
def test_a_verdict_says_whether_a_promise_still_counts(
    till, verdict, adjusted, before_pull, after_pull
):
    till.take_page(page(member_row(1)))
    till.append([sale(1, WANG, 100)])
    till.acknowledge(acked(1, 2, Judged(1, verdict, "why", adjusted)), at(), 0)
    assert till.standing(WANG).balance == before_pull
    till.take_page(page(position=2))
    assert till.standing(WANG).balance == after_pull


def test_a_verdict_that_comes_later_through_the_feed_replaces_the_first(till):
    till.take_page(page(member_row(1)))
    till.append([sale(1, WANG, 100)])
    till.acknowledge(acked(1, 2, Judged(1, Verdict.PENDING_REF, "original_unknown")), at(), 0)
    till.take_page(page(position=2))
    judged = wire.pack(Judged(1, Verdict.APPLIED, ""))
    told = FeedRow(4, Topic.VERDICT, "1/1", judged)
    till.take_page(page(member_row(3, balance=600), told))
    assert till.standing(WANG).balance == 600
    assert till.sale_by_fingerprint(key(sale(1))).verdict == Verdict.APPLIED


def test_points_of_a_card_become_its_members_when_central_knows_them(till):
    till.append([sale(1, CARD, 40)])
    assert till.holder_of(CARD.key) == CARD
    assert (till.standing(CARD).balance, till.standing(CARD).pending) == (None, 40)
    till.take_page(page(FeedRow(1, Topic.CARD, CARD.key, wire.pack(CardRow(CARD.key, 3)))))
    assert till.standing(CARD).balance == 43
    till.take_page(page(member_row(2)))
    assert till.holder_of(CARD.key) == WANG
    assert till.standing(CARD).holder == WANG
    assert till.standing(WANG).balance == 540


def test_a_card_moves_to_another_member_and_a_member_goes(till):
    till.take_page(page(member_row(1), member_row(2, "li", 7)))
    assert till.holder_of(CARD.key) == LI
    till.take_page(page(FeedRow(3, Topic.MEMBER, "li", None)))
    assert till.holder_of(CARD.key) == CARD
    assert till.standing(LI).balance is None


def test_a_correction_moves_points_between_holders(till):
    till.take_page(page(member_row(1), member_row(2, "li", 10, tags=())))
    till.append([sale(1, WANG, 100), correction(sale(1), LI, 90)])
    assert (till.standing(WANG).balance, till.standing(LI).balance) == (500, 100)
    till.append([correction(sale(1), None)])
    assert (till.standing(WANG).balance, till.standing(LI).balance) == (500, 10)
    assert till.sale_by_fingerprint(key(sale(1))).state == "reversed"


def test_a_refund_takes_back_from_whoever_holds_the_sale(till):
    till.append([sale(1, WANG, 100)])
    till.append([refund_of(sale(1), "R1", 40, fen=4_000)])
    record = till.sale_by_fingerprint(key(sale(1)))
    assert (record.refunded_fen, record.taken_back) == (4_000, 40)
    assert till.standing(WANG).pending == 60


def test_a_sale_is_known_with_the_goods_that_its_refunds_gave_back(till):
    goods = (Part(("tea",), 6_000),)
    sold = structs.replace(sale(1, WANG, 100), parts=goods)
    told = structs.replace(refund_of(sold, "R1", 40, fen=4_000), parts=(Part(("tea",), 4_000),))
    till.append([sold])
    assert till.sale_by_fingerprint(key(sold)).back == ()
    till.append([told])
    till.append([refund_of(sold, "R2", 10, fen=1_000)])
    assert till.sale_by_fingerprint(key(sold)).back == told.parts


def test_a_sale_claimed_elsewhere_is_known_here_and_its_refund_takes_from_that_holder(till):
    till.append([sale(1, claim_code="C1")])
    assert [each.fingerprint for each in till.open_sales()] == [key(sale(1))]
    told = ClaimedRow(key(sale(1)), LI, 120)
    till.take_page(page(FeedRow(5, Topic.CLAIMED, told.fingerprint, wire.pack(told))))
    record = till.sale_by_fingerprint(key(sale(1)))
    assert (record.state, record.holder, record.points) == ("claimed", LI, 120)
    assert till.open_sales() == []
    till.append([refund_of(sale(1), "R1", 120)])
    assert till.standing(LI).pending == -120


def test_a_claim_that_central_refused_gives_way_to_the_one_it_took(till):
    till.append([sale(1, claim_code="C1")])
    till.append([claim("C1", WANG, 100)])
    assert till.sale_by_claim_hash(sale(1, claim_code="C1").claim_hash).holder == WANG
    till.acknowledge(acked(2, 6, Judged(2, Verdict.REFUSED_FINAL, "claim_taken")), at(), 0)
    told = ClaimedRow(key(sale(1)), LI, 120)
    till.take_page(page(FeedRow(5, Topic.CLAIMED, told.fingerprint, wire.pack(told))))
    record = till.sale_by_fingerprint(key(sale(1)))
    assert (record.state, record.holder, record.points) == ("claimed", LI, 120)
    assert till.standing(WANG).pending == 0


def test_the_points_of_a_sale_contain_what_central_added(till):
    till.append([sale(1, WANG, 100)])
    till.acknowledge(acked(1, 2, Judged(1, Verdict.APPLIED_ADJUSTED, "true_up", 50)), at(), 0)
    assert till.sale_by_fingerprint(key(sale(1))).points == 150


def test_rule_books_take_turns_by_the_time_from_which_they_count(till):
    assert till.rule_book(0) is None
    book = a_rule_book()
    first = RuleBookRow("a", canonical(book), 1_000)
    second = RuleBookRow("b", canonical(book), 9_000)
    rows = [
        FeedRow(1, Topic.RULE_BOOK, "b", wire.pack(second)),
        FeedRow(2, Topic.RULE_BOOK, "a", wire.pack(first)),
    ]
    till.take_page(page(*rows))
    assert till.rule_book(500).version == "a"
    assert till.rule_book(8_999).version == "a"
    assert till.rule_book(9_000).version == "b"
    assert till.rule_book(9_000).book == book


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"expiry_months":12', b'"expiry_months":12,"grammar":99'),
        (b'"expiry_months":12', b'"expiry_months":12,"moon_phase":true'),
    ],
)
def test_a_rule_book_of_a_later_version_is_set_aside_and_the_one_in_force_stays(till, old, new):
    known = canonical(a_rule_book())
    later = known.replace(old, new)
    assert later != known
    rows = [
        FeedRow(1, Topic.RULE_BOOK, "a", wire.pack(RuleBookRow("a", known, 1_000))),
        FeedRow(2, Topic.RULE_BOOK, "b", wire.pack(RuleBookRow("b", later, 9_000))),
    ]
    till.take_page(page(*rows))
    assert till.rule_book(20_000).version == "a"
    assert till.unread_rows() == 1


def test_rewards_and_shops_come_and_go(till):
    tea = RewardRow("tea", "奶茶", "Milk tea", 300, "goods", "s1")
    park = RewardRow("park", "停车", "Parking", 100, "parking")
    shop = ShopRow("s1", "禾鹿小馆", "Helu Bistro", "dining")
    till.take_page(
        page(
            FeedRow(1, Topic.REWARD, "tea", wire.pack(tea)),
            FeedRow(2, Topic.REWARD, "park", wire.pack(park)),
            FeedRow(3, Topic.SHOP, "s1", wire.pack(shop)),
        )
    )
    assert till.rewards() == [park, tea]
    assert (till.shop("s1"), till.shop("s2")) == (shop, None)
    till.take_page(page(FeedRow(4, Topic.REWARD, "park", None)))
    assert till.rewards() == [tea]


def test_a_row_that_cannot_be_read_does_not_stop_the_ones_behind_it(till):
    till.take_page(
        page(FeedRow(1, Topic.MEMBER, "li", b"\xc1"), FeedRow(2, 99, "x", b""), member_row(3))
    )
    assert till.cursor() == Cursor(ONE, 3)
    assert till.standing(WANG).balance == 500
    assert till.unread_rows() == 1


def test_another_incarnation_starts_the_feed_over_and_replaces_what_is_known_row_by_row(till):
    till.take_page(page(member_row(8)))
    till.append([sale(1, WANG, 100)])
    till.acknowledge(acked(1, 9), at(), 0)
    till.take_page(page(incarnation=TWO, position=0, refetch=True))
    assert till.cursor() == Cursor(TWO, 0)
    assert till.standing(WANG).balance == 600
    assert till.awaits_position()
    till.acknowledge(acked(1, 4, incarnation=TWO), at(), 0)
    assert not till.awaits_position()
    till.take_page(page(member_row(4, balance=600), incarnation=TWO))
    assert till.standing(WANG).balance == 600


def test_rules_and_rewards_of_another_incarnation_stay_in_use_until_its_feed_is_read(till):
    rows = {
        Topic.RULE_BOOK: RuleBookRow("a", canonical(a_rule_book()), 1_000),
        Topic.SHOP: ShopRow("s1", "禾鹿小馆", "Helu Bistro", "dining"),
        Topic.REWARD: RewardRow("tea", "奶茶", "Milk tea", 300, "goods", "s1"),
    }
    feed = [
        FeedRow(position, topic, str(position), wire.pack(row))
        for position, (topic, row) in enumerate(rows.items(), 1)
    ]
    till.take_page(page(*feed))
    till.take_page(page(incarnation=TWO, position=0, refetch=True))  # and central is away again
    assert till.rule_book(20_000).version == "a"
    assert till.shop("s1") is not None
    till.take_page(page(*feed[:1], incarnation=TWO, more=True))
    assert till.rewards() == [rows[Topic.REWARD]]
    till.take_page(page(incarnation=TWO, position=3))
    assert till.rule_book(20_000).version == "a"
    assert (till.rewards(), till.shop("s1")) == ([], None)  # of which the other one does not know


def test_a_central_that_lost_events_makes_them_pending_again(till):
    till.append([sale(1, WANG, 100), sale(2, WANG, 10)])
    till.acknowledge(acked(2, 3, Judged(2, Verdict.APPLIED, "")), at(), 0)
    till.take_page(page(member_row(3, balance=110)))
    assert till.standing(WANG).balance == 110
    till.send_from(2)
    assert till.queue_depth() == 1
    assert till.standing(WANG).pending == 10
    assert till.sale_by_fingerprint(key(sale(2))).verdict is None


def test_an_ack_beyond_the_head_is_not_believed(till):
    till.append([sale(1)])
    with pytest.raises(ValueError, match="the head is 1"):
        till.acknowledge(acked(2, 3), at(), 0)
    assert till.queue_depth() == 1


def test_time_is_centrals_whatever_the_wall_clock_says(till):
    till.acknowledge(acked(0, 0), at(10_000), 40)  # central said 5,000; half of 40 on the way
    same_boot = at(12_000)
    assert till.server_ms(same_boot) == 7_020
    set_back = Moment(-999, "boot-a", 12_000)
    assert till.server_ms(set_back) == 7_020
    rebooted_in_1970 = Moment(0, "boot-b", 50)
    assert till.server_ms(rebooted_in_1970) == 5_020
    rebooted = Moment(90_000, "boot-b", 50)
    assert till.server_ms(rebooted) == 90_000


def test_a_holder_nobody_knows_has_no_balance(till):
    standing = till.standing(Holder("member", "nobody"))
    assert (standing.balance, standing.pending) == (None, 0)


def signed(book, key, effective_ms=9_000, told_ms=9_000):
    name = version(book)
    signature = sign(key, signed_message(name, effective_ms)) if key else b""
    row = RuleBookRow(name, canonical(book), told_ms, signature)
    return FeedRow(2, Topic.RULE_BOOK, name, wire.pack(row))


OTHER = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)


@pytest.mark.parametrize(
    ("key", "told_ms", "taken"),
    [(CENTRAL, 9_000, True), (None, 9_000, False), (OTHER, 9_000, False), (CENTRAL, 1, False)],
)
def test_a_book_of_today_s_grammar_counts_only_as_central_signed_it(till, key, told_ms, taken):
    book = structs.replace(a_rule_book(), grammar=2, cap_receipt=500)
    till.take_page(page(signed(book, key, told_ms=told_ms)))
    assert (till.rule_book(9_000) is not None) is taken
    assert till.unread_rows() == (not taken)

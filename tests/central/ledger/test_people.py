import pytest

from central import schema
from central.database import writing
from central.jobs.expiry import Expire
from central.ledger.judging.accounts import Code, wallet_id
from central.ledger.queries import statement
from loyalty.wire import CardRow, MemberRow, Topic
from tests.central.programme import DAY_MS, card, member


def test_a_cards_points_move_to_its_member_with_their_lots(programme):
    till = programme.till
    till.push(till.sale(card("c1")), till.sale(card("c1"), fen=5_000))
    programme.add_member("a", tags=["c1"])
    assert programme.balance(member()) == programme.balance(card("c1")) == 150
    assert [lot.left for lot in programme.lots()] == [100, 50]
    told = programme.read(statement, member(), 0, programme.now_ms + 1)
    assert [(line.code, line.points) for line in told.lines] == [(Code.CARD_MOVED, 150)]
    programme.check()


def test_what_a_card_earns_later_goes_to_its_member_at_once(programme):
    till = programme.till
    programme.add_member("a", "gold", ["c1"])
    till.push(till.sale(card("c1")))
    assert programme.balance(member()) == 150
    programme.check()


def test_a_refund_of_a_cards_sale_is_taken_from_its_member(programme):
    till = programme.till
    sale = till.sale(card("c1"))
    till.push(sale)
    programme.add_member("a", tags=["c1"])
    till.push(till.refund(sale))
    assert programme.balance(member()) == 0
    programme.check()


@pytest.mark.parametrize("passes_on", [True, False])
@pytest.mark.parametrize("takes", ["refund", "correction"])
def test_a_sale_stays_with_whom_the_card_was_when_it_was_judged(programme, passes_on, takes):
    """Nobody pays for what somebody else brings back because they have that card now."""
    till, sister = programme.till, programme.add_device("till-3")
    programme.add_member("a", tags=["c1"])
    programme.add_member("b", tags=["c2"])
    sale = till.sale(card("c1"))
    till.push(sale, till.sale(member("b")))
    programme.add_member("a", tags=["c3"])
    if passes_on:
        programme.add_member("b", tags=["c1", "c2"])
    change = sister.refund(sale) if takes == "refund" else sister.correct(sale, None)
    sister.push(change)
    left = [programme.balance(one) for one in (member("a"), member("b"), card("c1"))]
    assert left == [0, 100, 100 if passes_on else 0]
    programme.check()


def test_a_sale_heard_after_its_card_was_taken_away_goes_to_who_had_it(programme):
    """Their till had not heard yet that the card was theirs; nobody else has it since."""
    programme.add_member("a", "gold", ["c1"])
    late = programme.till.sale(card("c1"))
    programme.now_ms += DAY_MS
    programme.add_member("a", "gold", [])
    programme.till.push(late)
    assert (programme.balance(member("a")), programme.balance(card("c1"))) == (150, 0)
    programme.add_member("b", tags=["c1"])
    assert programme.balance(member("b")) == 0
    programme.check()


@pytest.mark.parametrize("heard", ["first", "later"])
def test_a_purchase_before_its_card_is_registered_counts_alike_whenever_it_is_heard(
    programme, heard
):
    """Its points follow to the member; it had no tier, and fills no punch card."""
    till = programme.till
    sale = till.sale(card("c1"))
    if heard == "first":
        till.push(sale)
    programme.now_ms += DAY_MS
    programme.add_member("a", "gold", ["c1"])
    if heard == "later":
        till.push(sale)
    assert programme.balance(member("a")) == 100
    assert [row.account_id for row in programme.rows(schema.account) if row.purchases] == []
    till.push(till.refund(sale))
    assert programme.balance(member("a")) == 0
    programme.check()


@pytest.mark.parametrize("heard", range(4))
@pytest.mark.parametrize("bought", range(4))
def test_a_card_that_passes_on_takes_no_purchase_along(programme, bought, heard):
    """Whoever had it last by then, or first of all, has its points, whenever a till tells of it."""
    till, sister = programme.till, programme.add_device("till-3")
    for place, change in enumerate((None, ("a", ["c1"]), ("a", []), ("b", ["c1"]))):
        programme.now_ms += DAY_MS
        if change is not None:
            programme.add_member(change[0], tags=change[1])
        if place == bought:
            sale = till.sale(card("c1"))
            till.write(sale)
        if place >= max(bought, heard):
            till.send()
    owned = {one: programme.balance(member(one)) for one in "ab"}
    assert owned == ({"a": 0, "b": 100} if bought == 3 else {"a": 100, "b": 0})
    sister.push(sister.refund(sale))
    assert [programme.balance(member(one)) for one in "ab"] == [0, 0]
    programme.check()


def test_a_card_sale_counts_what_its_member_bought_whatever_their_tier(programme):
    till = programme.till
    programme.add_member("a", "", ["c1"])
    till.push(till.sale(card("c1")), till.sale(member("a")))
    (account,) = [row for row in programme.rows(schema.account) if row.purchases]
    assert (account.account_id, account.purchases) == (wallet_id(member()), 2)


def test_a_cards_debt_moves_too_and_is_paid_at_once(programme):
    till, other = programme.till, programme.add_device("till-3")
    sale = till.sale(card("c1"))
    till.push(sale)
    programme.service.run(Expire("2027-06-30", (card("c1"),)))
    other.push(other.refund(sale))  # what is not there any more is owed
    assert programme.balance(card("c1")) == -100
    till.push(till.sale(member("b"), fen=25_000))
    programme.add_member("b", tags=["c1"])
    assert programme.balance(member("b")) == 150
    programme.check()


def test_a_card_that_changes_its_member_leaves_the_past_where_it_is(programme):
    till = programme.till
    programme.add_member("a", tags=["c1", "c2"])
    till.push(till.sale(card("c1")))
    programme.add_member("b", tags=["c1"])
    till.push(till.sale(card("c1"), fen=5_000))
    assert (programme.balance(member("a")), programme.balance(member("b"))) == (100, 50)
    rows = till.feed(Topic.MEMBER, MemberRow)
    assert (rows["a"].tags, rows["b"].tags) == (("c2",), ("c1",))
    programme.check()


def test_a_member_may_bring_more_cards_than_one_event_can_move(programme):
    till = programme.till
    tags = [f"c{number}" for number in range(8)]
    till.push(*(till.sale(card(tag), fen=1_000) for tag in tags))
    programme.add_member("a", tags=tags)
    assert programme.balance(member()) == 80
    programme.check()


def test_tills_see_the_card_first_and_then_its_member(programme):
    till = programme.till
    till.push(till.sale(card("c1")))
    assert till.feed(Topic.CARD, CardRow) == {"c1": CardRow("c1", 100)}
    programme.add_member("a", "gold", ["c1"])
    assert till.feed(Topic.CARD, CardRow) == {"c1": None}
    assert till.feed(Topic.MEMBER, MemberRow) == {"a": MemberRow("a", ("c1",), "gold", 100, "")}


def test_tills_see_a_card_that_lost_in_one_turn_all_that_it_got(programme):
    till = programme.till
    sold = till.sale(card("c1"))
    till.push(sold, till.refund(sold))
    assert till.feed(Topic.CARD, CardRow) == {"c1": CardRow("c1", 0)}


def test_tills_see_a_members_name_masked(programme):
    with writing(programme.engine) as connection:
        programme.insert(
            connection,
            schema.member,
            member="a",
            number="1",
            name="王小明",
            masked_name="王**",
            joined_on="2026-01-01",
        )
    programme.add_member("a")
    row = programme.till.feed(Topic.MEMBER, MemberRow)["a"]
    assert row.masked_name == "王**"

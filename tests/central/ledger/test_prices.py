"""What a device that was cut off took for a reward, judged by the catalogue it could have had."""

import pytest
from msgspec import structs

from central.database import writing
from central.ledger.closing import close_case
from central.ledger.judging.prices import HELD_MS
from central.ledger.judging.rows import Identity
from central.ledger.verify import rebuild
from central.ledger.waiting import cases
from central.rewards import records
from loyalty.leases import READY_REWARD
from loyalty.wire import Verdict
from tests.central.programme import DAY_MS, member
from tillpoints.simulation.programme.book import BOOK

APPLIED = (Verdict.APPLIED, "", 0)
OFF = (Verdict.APPLIED_ADJUSTED, "off_catalogue", 0)
TODAY, TOMORROW = "2026-05-29", "2026-05-30"


@pytest.fixture
def mall(programme):
    """A member of tier base with 1,000 points; up to 400 are lent ahead. Tea costs 100."""
    programme.add_member("a")
    programme.add_reward("tea", points=100, pieces_max=3)
    programme.add_book(structs.replace(BOOK, offline_points=400), effective_ms=1)
    programme.till.push(programme.till.sale(member(), fen=100_000))
    return programme


def lent(mall, request_id="r1"):
    return mall.till.lease(member(), READY_REWARD, request_id, session="s1")


def spend(mall, points, pieces=1, reward="tea", lease=None):
    lease = lease or lent(mall)
    body = mall.till.redeem(member(), lease, points, reward, "s1")
    (told,) = mall.till.push(structs.replace(body, pieces=pieces))
    return told


def replayed(mall):
    mall.check()
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    mall.check()


def test_too_low_a_price_stands_and_a_person_looks_at_it(mall):
    assert spend(mall, 1) == OFF
    assert (mall.balance(member()), mall.held(member())) == (999, 0)
    (case,) = mall.read(cases, mall.now_ms)
    assert (case.device_id, case.seq, case.reason) == (mall.till.id.hex(), 2, "off_catalogue")
    replayed(mall)
    assert mall.read(cases, mall.now_ms) == [case]
    with writing(mall.engine) as connection:
        identity = Identity(mall.till.id, case.epoch, case.seq)
        close_case(connection, mall.shard_key, identity, "王芳", "已与收银员核对", mall.now_ms)
    assert mall.read(cases, mall.now_ms) == []
    replayed(mall)


@pytest.mark.parametrize(
    ("points", "pieces", "came"), [(300, 3, APPLIED), (101, 1, OFF), (100, 2, OFF), (400, 4, OFF)]
)
def test_every_piece_has_its_price_and_no_more_go_at_once_than_the_catalogue_says(
    mall, points, pieces, came
):
    assert spend(mall, points, pieces) == came


def test_what_the_catalogue_never_had_is_off_it(mall):
    assert spend(mall, 100, reward="gold bar") == OFF


def test_a_till_may_have_missed_the_last_change_but_not_one_of_long_ago(mall):
    mall.add_reward("tea", points=150)
    mall.now_ms += HELD_MS - 1
    lease, old = lent(mall), lent(mall, "r2")
    assert spend(mall, 150, lease=lease) == APPLIED
    assert spend(mall, 100, lease=old) == APPLIED
    mall.now_ms += 1_000_000
    assert spend(mall, 100, lease=lent(mall, "r3")) == OFF
    replayed(mall)


def test_a_price_that_changes_while_the_points_are_lent_counts_on_both_sides(mall):
    first, second = lent(mall), lent(mall, "r2")
    mall.now_ms += 60_000
    mall.add_reward("tea", points=50)
    mall.now_ms += 60_000
    assert spend(mall, 50, lease=first) == APPLIED
    assert spend(mall, 100, lease=second) == APPLIED


def test_a_price_of_after_the_points_could_be_spent_is_none_of_then(mall):
    lease = lent(mall)
    mall.till.write(structs.replace(mall.till.redeem(member(), lease, 50, "tea", "s1"), pieces=1))
    mall.now_ms += DAY_MS
    mall.add_reward("tea", points=50)
    assert [(one.verdict, one.reason) for one in mall.till.send().judged][-1] == OFF[:2]


@pytest.mark.parametrize(("day", "came"), [(TODAY, APPLIED), ("2026-05-31", OFF)])
def test_a_limited_time_price_counts_on_its_days(mall, day, came):
    mall.add_reward("cup", points=300, price_points=200, price_from=day, price_until=day)
    assert spend(mall, 200, reward="cup") == came


@pytest.mark.parametrize(
    "details",
    [
        {"tiers": ("gold",)},
        {"limit": 1},
        {"off_fen": 500},
        {"offered_until": "2026-05-28"},
        {"offered_from": TOMORROW, "early_tiers": ("gold",), "early_from": TODAY},
    ],
)
def test_what_may_not_be_had_so_is_for_a_person_too(mall, details):
    mall.add_reward("cup", points=100, **details)
    assert spend(mall, 100, reward="cup") == OFF


@pytest.mark.parametrize("moves", ["up", "down"])
def test_a_member_whose_tier_moved_meanwhile_may_have_had_either(mall, moves):
    mall.add_reward("cup", points=100, tiers=("gold",))
    mall.add_member("a", "base" if moves == "up" else "gold")
    lease = lent(mall)
    mall.add_member("a", "gold" if moves == "up" else "base")
    assert spend(mall, 100, reward="cup", lease=lease) == APPLIED


def test_a_reward_taken_out_of_the_catalogue_can_be_had_until_tills_know(mall):
    with writing(mall.engine) as connection:
        records.set_offered(connection, mall.shard_key, "tea", mall.now_ms, offered=False)
    assert spend(mall, 100, lease=lent(mall)) == APPLIED
    mall.now_ms += HELD_MS + 1
    assert spend(mall, 100, lease=lent(mall, "r2")) == OFF


def test_a_catalogue_that_is_brought_in_again_unchanged_begins_nothing_new(mall):
    mall.add_reward("tea", points=100, pieces_max=3)
    mall.add_reward("tea", points=120)
    mall.add_reward("tea", points=130)  # in the same millisecond
    t = mall.rows(records.schema.reward_terms)
    assert [one.from_ms - mall.now_ms for one in t if one.reward_id == "tea"] == [0, 1, 2]

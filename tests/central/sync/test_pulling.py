import itertools

import msgspec
import pytest

from central import schema
from central.database import reading, writing
from central.ledger.directory import NoShard, announce, of_reward, of_shop
from central.ledger.writing import bulk
from central.sync import pulling
from loyalty.directory import DirectoryHeld
from loyalty.wire import (
    PULL_PATH,
    MemberRow,
    Problem,
    PullRequest,
    RewardRow,
    RuleBookRow,
    ShopRow,
    Topic,
)
from tests.central.programme import BOOK, VERSION, card, member


def reward(number):
    return RewardRow(f"r{number}", "茶", "Tea", 100, "goods")


def test_a_till_starts_at_zero_and_learns_everything(programme):
    till = programme.till
    with writing(programme.engine) as connection:
        shop = of_shop(ShopRow("S1", "店", "Shop", "food"))
        announce(connection, programme.shard_key, [shop, of_reward(reward(1))])
    answer = till.pull()
    assert [row.topic for row in answer.rows] == [Topic.RULE_BOOK, Topic.SHOP, Topic.REWARD]
    assert (answer.position, answer.more, answer.refetch) == (3, False, False)
    book = msgspec.msgpack.decode(answer.rows[0].payload, type=RuleBookRow)
    assert (book.version, book.canonical) == (
        VERSION,
        msgspec.json.encode(BOOK, order="deterministic"),
    )


def test_pages_follow_each_other_without_a_gap(programme):
    till = programme.till
    with writing(programme.engine) as connection:
        announce(connection, programme.shard_key, [of_reward(reward(n)) for n in range(10)])
    seen, position, more = [], 0, True
    while more:
        answer = till.pull(position, limit=3)
        seen += [row.position for row in answer.rows]
        position, more = answer.position, answer.more
    assert seen == list(range(1, 12))
    assert till.pull(position).rows == ()


@pytest.mark.parametrize(("limit", "count"), [(0, 1), (1, 1), (4_999, 4_999), (6_000, 5_000)])
def test_a_page_has_at_least_one_row_and_at_most_five_thousand(sqlite_programme, limit, count):
    with writing(sqlite_programme.engine) as connection:
        changes = [of_reward(reward(number)) for number in range(5_001)]
        announce(connection, sqlite_programme.shard_key, changes)
    assert len(sqlite_programme.till.pull(limit=limit).rows) == count


def test_a_page_is_bounded_in_bytes_too(sqlite_programme, monkeypatch):
    monkeypatch.setattr(pulling, "PAGE_BYTES_MAX", 200)
    with writing(sqlite_programme.engine) as connection:
        changes = [of_reward(reward(number)) for number in range(5)]
        announce(connection, sqlite_programme.shard_key, changes)
    answer = sqlite_programme.till.pull(1)
    assert (len(answer.rows), answer.more) == (2, True)


def test_a_cursor_of_another_incarnation_or_beyond_the_end_starts_again(programme):
    till = programme.till
    for answer in (till.pull(1, incarnation=b"x" * 16), till.pull(99), till.pull(-1)):
        assert (answer.refetch, answer.position, answer.rows) == (True, 0, ())
    assert till.pull(0, incarnation=b"").refetch is False


def test_a_row_for_one_device_is_seen_by_that_device_alone(programme):
    till, kiosk = programme.till, programme.other
    till.push(till.sale(code="C1"))
    kiosk.push(kiosk.claim("C1", member()))
    assert Topic.CLAIMED in {row.topic for row in till.pull().rows}
    answer = kiosk.pull()
    assert Topic.CLAIMED not in {row.topic for row in answer.rows}
    assert answer.position == till.pull().position


def test_a_holder_changes_the_feed_once_to_a_turn(programme):
    till = programme.till
    till.push(*(till.sale(member()) for _ in range(5)), till.sale(card("c")))
    rows = [(row.topic, row.item) for row in till.pull().rows]
    assert rows == [(Topic.RULE_BOOK, VERSION), (Topic.CARD, "c"), (Topic.MEMBER, "a")]
    assert till.feed(Topic.MEMBER, MemberRow)["a"].balance == 500


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 7])
def test_no_page_ends_inside_a_turn(programme, limit):
    """Turns of one, three, one and two rows: whatever is asked for, they come whole."""
    till = programme.till
    ends = [till.pull().position]
    for holders in (["a"], ["a", "b", "c"], ["d"], ["e", "f"]):
        till.push(*(till.sale(member(one)) for one in holders))
        ends.append(till.send().feed_position)
    assert ends[-1] == ends[0] + 7
    position, seen = 0, []
    while position < ends[-1]:
        page = till.pull(position, limit=limit)
        assert page.position in ends
        assert page.more == (page.position < ends[-1])
        assert len(page.rows) <= max(limit, 3)
        seen += [row.position for row in page.rows]
        position = page.position
    assert seen == list(range(1, ends[-1] + 1))


def test_a_page_goes_on_behind_a_cursor_inside_a_turn(programme):
    """Software of before left it there."""
    till = programme.till
    till.push(*(till.sale(member(one)) for one in "abc"))
    end = till.pull().position
    assert [row.position for row in till.pull(end - 2, limit=1).rows] == [end - 1, end]


@pytest.mark.parametrize(
    "held",
    [
        DirectoryHeld("a\0", 0, 0, b""),
        DirectoryHeld("a" * 65, 0, 0, b""),
        DirectoryHeld("", -1, 0, b""),
        DirectoryHeld("", 0, 1 << 63, b""),
    ],
    ids=repr,
)
def test_a_directory_that_no_till_can_hold_is_malformed(programme, held):
    status, data = programme.till.call(PULL_PATH, PullRequest(bytes(16), 0, 10, held))
    assert (status, msgspec.msgpack.decode(data, type=Problem).code) == (400, "malformed")


def test_a_page_costs_no_more_however_many_turns_there_were(sqlite_programme):
    till, key = sqlite_programme.till, sqlite_programme.shard_key
    till.push(*(till.sale(member(one)) for one in "abc"))
    turns = [(-2 * n, 1 - 2 * n) for n in range(1, 5_001)]  # long before the rows that are there

    def steps():
        counted = itertools.count()
        with reading(sqlite_programme.engine) as connection:
            database = connection.connection.driver_connection
            database.set_progress_handler(lambda: next(counted) < 0, 1)
            try:
                request = PullRequest(bytes(16), 0, 2)
                answer, _ = pulling.page(connection, key, till.id, request)
            finally:
                database.set_progress_handler(None, 0)
        assert answer.more
        return next(counted)

    alone = steps()
    with writing(sqlite_programme.engine) as connection:
        columns = ("shard_key", "first_position", "last_position")
        bulk.insert(connection, schema.feed_turn, columns, [(key, *turn) for turn in turns])
    assert steps() < 2 * alone


def test_holding_points_is_no_news_for_tills(programme):
    till = programme.till
    programme.add_member("a")
    programme.add_reward()
    till.push(till.sale(member()))
    before = till.pull().position
    assert till.lease(member()).points == 100
    assert till.pull().position == before


def test_an_announcement_that_is_rolled_back_leaves_no_hole(programme):
    def announce_and_fail():
        with writing(programme.engine) as connection:
            announce(connection, programme.shard_key, [of_reward(reward(1))])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        announce_and_fail()
    with writing(programme.engine) as connection:
        assert announce(connection, programme.shard_key, [of_reward(reward(2))]) == 2


def test_a_programme_that_does_not_exist_has_no_feed(programme):
    with pytest.raises(NoShard), writing(programme.engine) as connection:
        announce(connection, 10**9, [of_reward(reward(1))])

"""Member files as central makes, offers, serves and forgets them, on both databases."""

import random
import threading

import msgspec
import pytest

from central import schema
from central.database import reading, writing
from central.ledger import member_file as ledger_file
from central.ledger.shards import read_shard
from central.sync.member_files import MemberFiles
from central.sync.retention import DAY_MS, Policy
from loyalty import chain, member_delta, wire
from loyalty.directory import DIRECTORY_PATH, DirectoryHeld, key_message
from loyalty.events import Holder
from loyalty.member_file import key_check
from loyalty.wire import CardRow, MemberRow, PullRequest, Topic
from tests.loyalty.directories import name_of, opened

NONE = DirectoryHeld("", 0, 0, b"")
A, B, C = (f"{number:016x}" for number in (0xA, 0xB, 0xC))


def tag(number):
    return f"{0x7A6000 + number:016x}"


def member(name=A):
    return Holder("member", name)


def card(number=1):
    return Holder("card", tag(number))


def pull(till, position=0, held=NONE, limit=5000):
    request = PullRequest(bytes(16), position, limit, held)
    return till.ask(wire.PULL_PATH, request, wire.PullAnswer)


def get(till, name, **headers):
    path = DIRECTORY_PATH + name
    nonce = till.programme.chance.randbytes(16).hex()
    message = chain.call_message("GET", path, till.id, nonce, b"")
    signed = {
        wire.DEVICE_HEADER: till.id.hex(),
        wire.NONCE_HEADER: nonce,
        wire.SIGNATURE_HEADER: chain.sign(till.key, message).hex(),
    }
    return till.programme.client.get(path, headers={**signed, **headers}, buffered=True)


@pytest.fixture
def mall(programme):
    """A programme whose members have points, cards and debts."""
    return filled(programme)


@pytest.fixture
def sqlite_mall(sqlite_programme):
    """The same on SQLite alone, for what does not depend on the database."""
    return filled(sqlite_programme)


def filled(programme):
    till = programme.till
    programme.add_member(A, "gold", [tag(1), tag(2)])
    programme.add_member(B, "base", [])
    sold = till.sale(member(), fen=50_000)
    till.push(sold, till.sale(card(9)), till.sale(member(C)))
    till.push(till.refund(sold))
    programme.add_reward(points=300)
    return programme


def made(programme, policy=None):
    """Make a file now; return it with its name."""
    files = programme.member_files
    if policy is not None:
        files._policy = policy
    name = files.make()
    return opened(files.path(name).read_bytes()), name


def held(programme, name):
    with reading(programme.engine) as connection:
        t = schema.member_file
        mine = (t.c.shard_key == programme.shard_key, t.c.name == name)
        row = connection.execute(t.select().where(*mine)).one()
    return DirectoryHeld(name, row.position, row.position, key_check(bytes([8]) * 32))


def folded(till):
    """Return members and open cards as the whole feed tells of them."""
    members, cards = {}, {}
    for row in till.pull().rows:
        payload = row.payload
        if row.topic == Topic.MEMBER:
            members[row.item] = msgspec.msgpack.decode(payload, type=MemberRow)
        elif row.topic == Topic.CARD:
            cards[row.item] = payload and msgspec.msgpack.decode(payload, type=CardRow).balance
    return members, {one: balance for one, balance in cards.items() if balance is not None}


def expect_same(file, members, cards):
    assert file.header.counts[0] == len(members)
    assert file.header.counts[1] == sum(len(row.tags) for row in members.values())
    assert file.header.counts[2] == len(cards)
    for name, row in members.items():
        entry = file.member(name)
        assert (entry.tier_id, entry.balance) == (row.tier_id, row.balance)
        assert entry.masked_name == row.masked_name
        assert {file.member_of(one) for one in row.tags} <= {name}
    assert {one: file.open_balance(one) for one in cards} == cards


def test_a_file_holds_what_the_feed_comes_to(mall):
    file, name = made(mall)
    assert name == name_of(mall.member_files.path(name).read_bytes())
    assert file.header.position == mall.till.pull().position
    assert file.header.key_check == key_check(bytes([8]) * 32)
    expect_same(file, *folded(mall.till))
    assert file.member(A).tier_id == "gold"
    assert file.open_balance(tag(9)) == 100


def test_a_file_says_nothing_of_names_phones_and_numbers(sqlite_mall):
    mall = sqlite_mall
    with writing(mall.engine) as connection:
        person = {"number": "123456789012", "name": "王小明", "phone": "13800138000"}
        rest = {"masked_name": "王**", "joined_on": "2026-01-01"}
        mall.insert(connection, schema.member, member=A, **person, **rest)
        alias = {"tag": tag(1), "member": A, "alias": "04A2B3C4"}
        mall.insert(connection, schema.member_card, **alias)
    file, name = made(mall)
    assert file.member(A).masked_name == "王**"
    data = mall.member_files.path(name).read_bytes()
    for secret in ("王小明", "小明", "13800138000", "123456789012", "04A2B3C4"):
        assert secret.encode() not in data
    assert bytes([8]) * 32 not in data


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_to_members_each_file_is_the_feed_and_each_delta_leads_on(programme, seed):
    """Cards come, move and go; people earn on them before and after."""
    till, rng = programme.till, random.Random(seed)
    names = [f"{number:016x}" for number in range(1, 6)]
    before = b""
    for _ in range(4):
        for _ in range(8):
            tags = rng.sample([tag(number) for number in range(8)], rng.randrange(3))
            programme.add_member(rng.choice(names), rng.choice(("base", "gold")), tags)
            holder = rng.choice([member(rng.choice(names)), card(rng.randrange(8))])
            till.push(till.sale(holder, fen=rng.randrange(1, 90) * 100))
        _, name = made(programme)
        data = programme.member_files.path(name).read_bytes()
        members, cards = folded(till)
        file = opened(data)
        # A card that never earned is in the feed with no points, and not in the file.
        cards = {one: points for one, points in cards.items() if file.open_balance(one) is not None}
        assert all(points == 0 for one, points in folded(till)[1].items() if one not in cards)
        expect_same(file, members, cards)
        if before:
            offer = pull(till, 1, held(programme, name_of(before))).offer
            assert (offer.name, offer.size) == (name, len(data))
            if opened(before).header.tiers != file.header.tiers:
                assert offer.delta_name == ""
                before = data
                continue
            delta = programme.member_files.path(offer.delta_name).read_bytes()
            assert name_of(delta) == offer.delta_name
            joined = member_delta.apply(opened(before), member_delta.parse(delta))
            assert b"".join(joined) == data
        before = data


def test_a_member_no_file_can_hold_stops_the_file_and_nothing_else(programme, caplog):
    programme.add_member(B, "t" * 256, [])
    with pytest.raises(ValueError, match="longer than 255"):
        made(programme)
    answer = pull(programme.till)
    programme.member_files.close()
    assert answer.offer is None
    assert programme.till.push(programme.till.sale(member())) != []
    assert pull(programme.till).offer is None
    assert not list(programme.member_files._folder.glob("[0-9a-f]*"))


def test_what_is_no_tag_and_no_pseudonym_stands_in_no_file_and_stops_none(mall):
    """A device may tell of any card: nobody can scan such a one."""
    till = mall.till
    odd = ["zz", "abc", "ab" * 9, "00" + tag(9), "AB" * 8, "f" * 64]
    holders = [Holder(kind, key) for kind in ("card", "member") for key in odd]
    assert {verdict for verdict, *_ in till.push(*[till.sale(one) for one in holders])} == {0}
    file, _ = made(mall)
    assert file.header.counts == (3, 2, 1)
    assert file.open_balance(tag(9)) == mall.balance(card(9))
    mall.check()


def test_a_database_that_sorts_otherwise_is_found_out(mall, monkeypatch):
    whole = ledger_file._Tables._stream

    def backwards(self, table, key, *rest):
        return whole(self, table, f"{key}", *rest)

    monkeypatch.setattr(ledger_file._Tables, "_stream", backwards)
    monkeypatch.setattr(ledger_file, "_key", lambda text: b"\0" * 8)
    with pytest.raises(ledger_file.OutOfOrder):
        made(mall)


# ---- what a till is told


def test_a_new_till_is_sent_no_row_that_a_file_holds(mall):
    file, name = made(mall)
    end = file.header.position
    mall.till.push(mall.till.sale(member(B)))
    answer = pull(mall.till)
    assert (answer.through, answer.offer.name, answer.offer.position) == (end, name, end)
    assert [row.item for row in answer.rows if row.topic == Topic.MEMBER] == [B]
    assert {row.topic for row in answer.rows if row.position <= end} == {Topic.RULE_BOOK}


def test_the_first_till_of_a_programme_lets_the_first_file_be_made(mall):
    answer = pull(mall.till)
    assert (answer.offer, answer.through) == (None, answer.position)
    assert Topic.MEMBER not in {row.topic for row in answer.rows}
    mall.member_files.close()
    waiting = DirectoryHeld("", 0, answer.through, b"")
    again = pull(mall.till, answer.position, waiting)
    assert again.offer.position >= answer.through
    file = opened(get(mall.till, again.offer.name).data)
    assert file.member(A).tier_id == "gold"


def test_a_till_with_the_newest_file_gets_rows_and_no_offer(mall):
    _, name = made(mall)
    mine = held(mall, name)
    mall.till.push(mall.till.sale(member(B)))
    answer = pull(mall.till, mine.position, mine)
    assert answer.offer is None
    assert [row.item for row in answer.rows if row.topic == Topic.MEMBER] == [B]


def test_agents_that_know_of_no_file_get_every_row(sqlite_mall):
    mall = sqlite_mall
    made(mall)
    answer = mall.till.pull()
    assert {row.topic for row in answer.rows} >= {Topic.MEMBER, Topic.CARD}
    assert (answer.offer, answer.through) == (None, 0)


def test_a_file_is_made_once_a_day_and_only_if_something_happened(mall):
    _, first = made(mall)
    mine = held(mall, first)
    mall.till.push(mall.till.sale(member(B)))

    def offered_after(ms):
        mall.now_ms += ms
        pull(mall.till, mine.position, mine)
        mall.member_files.close()
        return pull(mall.till, mine.position, mine).offer

    assert offered_after(DAY_MS - 60_000) is None
    second = offered_after(60_000)
    assert second.delta_name
    mine = held(mall, second.name)
    assert offered_after(3 * DAY_MS) is None


def test_a_feed_that_grew_a_lot_since_gets_a_file_before_the_day_is_over(sqlite_mall):
    mall = sqlite_mall
    _, name = made(mall, Policy(every_rows=3))
    mine = held(mall, name)

    def offered_after(*holders):
        mall.till.push(*(mall.till.sale(holder) for holder in holders))
        pull(mall.till, mine.position, mine)
        mall.member_files.close()
        return pull(mall.till, mine.position, mine).offer

    assert offered_after(member(A), member(B)) is None
    assert offered_after(member(C)).position == mine.position + 3


def test_a_till_that_was_away_goes_along_the_deltas(sqlite_mall):
    mall = sqlite_mall
    names = []
    for _ in range(4):
        mall.till.push(mall.till.sale(member(B)))
        names.append(made(mall)[1])
    mine = held(mall, names[0])
    data = mall.member_files.path(names[0]).read_bytes()
    for name in names[1:]:
        offer = pull(mall.till, mine.position, mine).offer
        assert offer.name == name
        delta = member_delta.parse(get(mall.till, offer.delta_name).data)
        data = b"".join(member_delta.apply(opened(data), delta))
        assert name_of(data) == name
        mine = held(mall, name)
    assert pull(mall.till, mine.position, mine).offer is None


def test_a_till_with_a_file_nobody_knows_any_more_gets_the_newest_whole(mall):
    _, name = made(mall)
    offer = pull(mall.till, 2, DirectoryHeld("ab" * 32, 1, 1, b"")).offer
    assert (offer.name, offer.delta_name) == (name, "")


# ---- what is forgotten


def test_rows_that_files_hold_leave_the_feed_and_who_missed_them_gets_the_file(mall):
    keep_one = Policy(files=1)
    till, end = mall.till, made(mall, keep_one)[0].header.position
    left = mall.rows(schema.feed)
    assert {row.topic for row in left if row.position <= end} == {Topic.RULE_BOOK}
    till.push(till.sale(member(B)))
    behind = pull(till, 2, DirectoryHeld("", 0, 1, b""))
    assert (behind.refetch, behind.through, behind.offer.position) == (False, end, end)
    assert [row.item for row in behind.rows if row.topic == Topic.MEMBER] == [B]
    up_to_date = pull(till, end, DirectoryHeld("", 0, 1, b""))
    assert up_to_date.through == 1
    mall.check()


def test_an_agent_that_knows_of_no_file_is_told_when_its_rows_are_gone(sqlite_mall):
    mall = sqlite_mall
    made(mall, Policy(files=1))
    status, data = mall.till.call(wire.PULL_PATH, PullRequest(bytes(16), 0, 5000))
    assert (status, msgspec.msgpack.decode(data, type=wire.Problem).code) == (409, "too_old")


def test_only_so_many_files_and_rows_stay(mall):
    names = []
    for _ in range(5):
        mall.till.push(mall.till.sale(member(B)))
        names.append(made(mall, Policy(files=3, rows=10**6))[1])
    rows = mall.rows(schema.member_file)
    assert {row.name for row in rows if row.delta_to is None} == set(names[-3:])
    assert {row.delta_to for row in rows if row.delta_to} == set(names[-2:])
    folder = mall.member_files._folder
    assert {path.name for path in folder.glob("?" * 64)} == {row.name for row in rows}
    oldest = min(row.position for row in rows)
    tail = [row for row in mall.rows(schema.feed) if row.topic == Topic.MEMBER]
    assert min(row.position for row in tail) > oldest
    made(mall, Policy(files=3, rows=0))
    newest = max(row.position for row in mall.rows(schema.member_file))
    tail = [row for row in mall.rows(schema.feed) if row.topic == Topic.MEMBER]
    assert all(row.position > newest for row in tail)


def test_files_of_another_incarnation_are_not_offered_and_go(mall):
    made(mall)
    with writing(mall.engine) as connection:
        t = schema.shard
        where = t.c.shard_key == mall.shard_key
        connection.execute(t.update().where(where).values(incarnation=b"x" * 16))
    request = PullRequest(b"x" * 16, 0, 5000, NONE)
    answer = mall.till.ask(wire.PULL_PATH, request, wire.PullAnswer)
    assert (answer.offer, answer.through) == (None, answer.position)
    mall.member_files.close()
    assert {row.incarnation for row in mall.rows(schema.member_file)} == {b"x" * 16}
    again = mall.till.ask(wire.PULL_PATH, request, wire.PullAnswer)
    assert again.offer is not None


def test_a_file_whose_bytes_are_gone_is_made_again(sqlite_mall):
    mall = sqlite_mall
    _, name = made(mall)
    (mall.member_files._folder / name).unlink()
    assert get(mall.till, name).status_code == 404
    mine = DirectoryHeld("", 0, 1, b"")
    pull(mall.till, 1, mine)
    mall.member_files.close()
    offer = pull(mall.till, 1, mine).offer
    assert get(mall.till, offer.name).status_code == 200


def test_a_part_left_by_a_death_is_written_over(sqlite_mall):
    mall = sqlite_mall
    folder = mall.member_files._folder
    (folder / "making.part").write_bytes(b"x" * 10_000)
    file, name = made(mall)
    assert name_of((folder / name).read_bytes()) == name
    assert file.size == (folder / name).stat().st_size


def test_two_servers_of_one_folder_make_one_file_at_a_time(sqlite_mall):
    mall = sqlite_mall
    other = MemberFiles(
        mall.engine,
        mall.shard_key,
        mall.member_files._folder,
        bytes([8]) * 32,
        lambda: mall.now_ms,
    )
    inside, go_on = threading.Event(), threading.Event()
    make = mall.member_files.make

    def slowly():
        inside.set()
        assert go_on.wait(30)
        return make()

    mall.member_files.make = slowly
    mall.member_files.begin()
    assert inside.wait(30)
    other.begin()
    other.close()
    assert mall.rows(schema.member_file) == []
    go_on.set()
    mall.member_files.close()
    assert len(mall.rows(schema.member_file)) == 1


def test_a_file_that_an_import_kept_from_its_record_is_made_for_the_next_who_asks(
    sqlite_mall, monkeypatch
):
    mall = sqlite_mall
    monkeypatch.setattr("central.database._WRITER_WAIT_S", 0.0)
    with writing(mall.engine):
        pull(mall.till)
        mall.member_files.close()
    assert mall.rows(schema.member_file) == []
    pull(mall.till)
    mall.member_files.close()
    assert len(mall.rows(schema.member_file)) == 1


# ---- how it is served


def test_a_file_is_served_for_good_whole_or_in_parts(sqlite_mall):
    mall = sqlite_mall
    file, name = made(mall)
    whole = get(mall.till, name)
    assert (whole.status_code, name_of(whole.data)) == (200, name)
    assert whole.headers["ETag"] == f'"{name}"'
    assert "immutable" in whole.headers["Cache-Control"]
    assert whole.headers["Accept-Ranges"] == "bytes"
    parts = [
        get(mall.till, name, Range=f"bytes={start}-{start + 49}")
        for start in range(0, file.size, 50)
    ]
    assert {part.status_code for part in parts} == {206}
    assert b"".join(part.data for part in parts) == whole.data
    assert get(mall.till, name, **{"If-None-Match": f'"{name}"'}).status_code == 304
    assert get(mall.till, name, Range=f"bytes={file.size}-").status_code == 416


def test_a_file_is_for_devices_that_sign_and_are_not_revoked(sqlite_mall):
    mall = sqlite_mall
    _, name = made(mall)
    assert mall.client.get(DIRECTORY_PATH + name).status_code == 401
    signed = mall.till.headers(DIRECTORY_PATH + name, b"")  # a POST's signature
    assert mall.client.get(DIRECTORY_PATH + name, headers=signed).status_code == 401
    with writing(mall.engine) as connection:
        t = schema.device
        where = (t.c.shard_key == mall.shard_key, t.c.device_id == mall.till.id)
        connection.execute(t.update().where(*where).values(state=2))
    assert get(mall.till, name).status_code == 403
    assert get(mall.other, name).status_code == 200


@pytest.mark.parametrize("name", ["ab" * 32, "making.lock", "..%2F..%2Fcentral.db", "x"])
def test_nothing_else_in_the_folder_or_beside_it_is_served(sqlite_mall, name):
    mall = sqlite_mall
    made(mall)
    answer = get(mall.till, name)
    assert answer.status_code in {401, 404}


def test_a_file_of_another_programme_is_not_served(sqlite_mall):
    mall = sqlite_mall
    _, name = made(mall)
    with reading(mall.engine) as connection:
        assert read_shard(connection, mall.shard_key).feed_position > 0
    other = MemberFiles(
        mall.engine, 10**9, mall.member_files._folder, bytes(32), lambda: mall.now_ms
    )
    assert other.path(name) is None


# ---- another tenant key


def test_a_device_with_another_key_is_handed_todays_signed_for_it_alone(sqlite_mall):
    mall = sqlite_mall
    public = mall.central_key.public_key().public_bytes_raw()
    answer = pull(mall.till, held=DirectoryHeld("", 0, 0, key_check(b"of yesterday")))
    assert answer.new_key.tenant_key == bytes([8]) * 32
    message = key_message(mall.till.id, answer.new_key.tenant_key)
    assert chain.signed_by(public, answer.new_key.signature, message)
    other = key_message(mall.other.id, answer.new_key.tenant_key)
    assert not chain.signed_by(public, answer.new_key.signature, other)
    same = DirectoryHeld("", 0, 0, key_check(bytes([8]) * 32))
    assert pull(mall.till, held=same).new_key is None


def test_a_server_with_another_key_makes_another_file(sqlite_mall):
    mall = sqlite_mall
    _, name = made(mall)
    mall.member_files.begin()
    mall.member_files.close()
    assert [row.name for row in mall.rows(schema.member_file)] == [name]
    later = MemberFiles(
        mall.engine, mall.shard_key, mall.member_files._folder, b"n" * 32, lambda: mall.now_ms
    )
    later.begin()
    later.close()
    (row,) = mall.rows(schema.member_file)
    assert row.name != name
    assert opened(later.path(row.name).read_bytes()).header.key_check == key_check(b"n" * 32)

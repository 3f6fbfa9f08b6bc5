"""The directory is the feed folded, whichever of it came as a file and whichever as rows."""

import random
import sqlite3
from contextlib import closing

import pytest
from msgspec import structs

from edge_agent.journal.cursor import Cursor
from edge_agent.journal.file.database import FILE
from edge_agent.journal.file.migrate import migrate, steps
from edge_agent.journal.journal import Journal
from edge_agent.journal.pulled.member_files import path_of
from edge_agent.journal.pulled.members import InUse
from loyalty import wire
from loyalty.events import Holder
from loyalty.member_file import key_check
from loyalty.wire import CardRow, FeedRow, Judged, MemberRow, PullAnswer, PushAnswer, Topic, Verdict
from tests.edge_agent.journal.conftest import at, enrolment, open_till, sale
from tests.loyalty.directories import member_file, name_of

ONE = b"incarnation-one!"
TWO = b"incarnation-two!"
A, B, C = (f"{number:016x}" for number in (10, 11, 12))
T1, T2, T3 = (f"{number:016x}" for number in (0x71, 0x72, 0x73))


def answer(*rows, position, through=0, incarnation=ONE, refetch=False):
    return PullAnswer(
        incarnation, position, tuple(rows), more=False, refetch=refetch, through=through
    )


def member(position, name, balance=0, tags=(), tier="gold"):
    row = MemberRow(name, tags, tier, balance, "王**")
    return FeedRow(position, Topic.MEMBER, name, wire.pack(row))


def gone(position, name, topic=Topic.MEMBER):
    return FeedRow(position, topic, name, None)


def card(position, tag, balance):
    return FeedRow(position, Topic.CARD, tag, wire.pack(CardRow(tag, balance)))


def put_file(till, position, members, cards=None, open_cards=None, incarnation=ONE):
    """Lay a whole file beside the journal and use it; return what came of that."""
    entries = {name: ("gold", balance, "王**") for name, balance in members.items()}
    data = member_file(entries, cards or {}, open_cards or {}, position)
    path_of(till.directory, name_of(data)).write_bytes(data)
    return till.use_member_file(name_of(data), Cursor(incarnation, position))


def balances(till, *names):
    return [till.standing(Holder("member", name)).balance for name in names]


def test_members_of_a_file_are_known_with_tier_name_and_cards(till):
    till.take_page(answer(position=5, through=5))
    assert till.holder_of(T1) == Holder("card", T1)
    assert put_file(till, 5, {A: 500}, {T1: A, T2: A}, {T3: 9})
    standing = till.standing(Holder("card", T2))
    assert (standing.holder, standing.balance) == (Holder("member", A), 500)
    assert (standing.tier_id, standing.masked_name) == ("gold", "王**")
    assert till.standing(Holder("card", T3)).balance == 9
    assert balances(till, B) == [None]


def test_a_row_of_the_feed_counts_before_the_file_and_a_later_file_before_the_row(till):
    till.take_page(answer(position=5, through=5))
    put_file(till, 5, {A: 500, B: 7}, {T1: A})
    till.take_page(answer(member(6, A, 600, (T1,)), position=6))
    assert balances(till, A, B) == [600, 7]
    assert put_file(till, 6, {A: 650, B: 7}, {T1: A})
    assert balances(till, A, B) == [650, 7]
    with closing(sqlite3.connect(till.directory / FILE)) as db:
        rows = db.execute("SELECT member FROM member UNION SELECT tag FROM member_tag").fetchall()
        assert rows == []


def test_rows_behind_the_place_of_a_new_file_stay(till):
    till.take_page(answer(member(6, A, 600), member(8, B, 8, (T2,)), card(9, T3, 3), position=9))
    assert put_file(till, 7, {A: 610, B: 1}, {T2: B}, {T3: 1})
    assert balances(till, A, B) == [610, 8]
    assert till.standing(Holder("card", T3)).balance == 3


def test_a_file_ahead_of_the_cursor_waits_for_it(till):
    """Else its balances would contain events that still count on top."""
    till.append([sale(1, Holder("member", A), 100)])
    ack = PushAnswer("ok", 1, 2, (Judged(1, Verdict.APPLIED, ""),), 8, 0, ONE)
    till.acknowledge(ack, at(), 0)
    till.take_page(answer(position=5, through=5))
    assert not put_file(till, 9, {A: 600})
    assert till.member_file() == InUse("", 0, 5)
    till.take_page(answer(position=9, through=5))
    assert put_file(till, 9, {A: 600})
    assert balances(till, A) == [600]


def test_a_file_of_another_incarnation_is_not_used(till):
    till.take_page(answer(position=5, through=5))
    assert not put_file(till, 5, {A: 600}, incarnation=TWO)
    assert balances(till, A) == [None]


def test_who_is_gone_is_gone_although_the_file_has_them(till):
    till.take_page(answer(position=5, through=5))
    put_file(till, 5, {A: 500}, {T1: A}, {T3: 9})
    till.take_page(answer(gone(6, A), gone(7, T3, Topic.CARD), position=7))
    assert balances(till, A) == [None]
    assert till.holder_of(T1) == Holder("card", T1)
    assert till.standing(Holder("card", T3)).balance is None


def test_a_card_replaced_moved_or_taken_is_seen_over_the_file(till):
    till.take_page(answer(position=5, through=5))
    put_file(till, 5, {A: 1, B: 2}, {T1: A, T2: B})
    till.take_page(answer(member(6, A, 1, (T1, T3)), position=6))  # a second card
    assert [till.holder_of(tag).key for tag in (T1, T2, T3)] == [A, B, A]
    till.take_page(answer(member(7, A, 1, (T3,)), position=7))  # the first one is no more
    assert [till.holder_of(tag).key for tag in (T1, T2, T3)] == [T1, B, A]
    till.take_page(answer(member(8, B, 2, (T3,)), member(8, A, 1, ()), position=8))  # merged
    assert [till.holder_of(tag).key for tag in (T1, T2, T3)] == [T1, T2, B]


def test_what_was_promised_to_a_card_is_its_members_once_the_file_says_so(till):
    """In a till's first minutes points go to the card; nothing is lost when the file comes."""
    till.take_page(answer(position=5, through=5))
    till.append([sale(1, Holder("card", T1), 40), sale(2, Holder("card", T3), 5)])
    assert (
        till.standing(Holder("card", T1)).balance,
        till.standing(Holder("card", T1)).pending,
    ) == (
        None,
        40,
    )
    put_file(till, 5, {A: 500}, {T1: A, T2: A})
    assert till.standing(Holder("card", T2)).balance == 540
    ack = PushAnswer("ok", 2, 3, (Judged(1, Verdict.QUARANTINED, ""),), 6, 0, ONE)
    till.acknowledge(ack, at(), 0)
    till.take_page(answer(member(6, A, 500, (T1, T2)), position=6))
    assert till.standing(Holder("member", A)).balance == 540  # held by central, not posted yet
    assert till.standing(Holder("card", T3)).pending == 0


def test_a_feed_that_starts_over_never_goes_back_in_time(till):
    till.take_page(answer(position=5, through=5))
    put_file(till, 5, {A: 500, B: 1}, {T1: A})
    till.take_page(answer(member(7, A, 700, (T1,)), position=7))
    with closing(sqlite3.connect(till.directory / FILE)) as db:
        db.execute("UPDATE cursor SET topics = '1 2'")
        db.commit()
    till.close()
    with Journal.open(till.directory, clock=at) as later:  # knows more topics: pulls all again
        assert later.cursor() == Cursor(ONE, 0)
        assert later.directory_held().through == 5
        later.take_page(answer(member(4, B, 9), member(6, A, 600, (T1,)), position=6, through=5))
        assert balances(later, A, B) == [700, 1]


def test_what_is_known_stays_in_use_until_the_file_of_another_incarnation_is_there(till):
    till.take_page(answer(position=5, through=5))
    put_file(till, 5, {A: 500, B: 1}, {T1: A})
    till.take_page(answer(member(7, C, 30), position=7))
    till.take_page(answer(position=0, incarnation=TWO, refetch=True))
    assert balances(till, A, B, C) == [500, 1, 30]
    held = till.directory_held()
    assert (held.position, held.through) == (0, 0)
    till.take_page(answer(member(4, B, 2), position=4, through=3, incarnation=TWO))
    assert balances(till, A, B, C) == [500, 2, 30]
    assert put_file(till, 3, {A: 450, B: 1}, {T1: A}, incarnation=TWO)
    assert balances(till, A, B, C) == [450, 2, None]


# ---- a file that is damaged


@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_a_damaged_file_is_found_at_the_start_and_one_of_its_place_is_asked_for(
    till, damage, caplog
):
    till.take_page(answer(position=5, through=5))
    put_file(till, 5, {A: 500}, {T1: A})
    till.take_page(answer(member(6, B, 9, (T2,)), position=6))
    name = till.member_file().name
    path = path_of(till.directory, name)
    data = bytearray(path.read_bytes())
    till.close()
    if damage == "gone":
        path.unlink()
    else:
        data[-1] ^= 1
        path.write_bytes(data if damage == "flip" else data[:-1])
    with Journal.open(till.directory, clock=at) as later:
        assert "damaged" in caplog.text
        assert later.member_file() == InUse("", 0, 5)
        held = later.directory_held()
        assert (held.name, held.position, held.through) == ("", 0, 5)
        assert later.holder_of(T1) == Holder("card", T1)
        assert balances(later, A, B) == [None, 9]


def test_a_file_that_vanishes_while_the_till_runs_is_as_none(till):
    till.take_page(answer(position=5, through=5))
    with closing(sqlite3.connect(till.directory / FILE)) as db:
        db.execute("UPDATE member_file SET name = ?, position = 5", ("ab" * 32,))
        db.commit()
    assert till.holder_of(T1) == Holder("card", T1)
    assert balances(till, A) == [None]


# ---- from before there were files


def test_what_was_pulled_before_there_were_files_stays_until_a_file_is_as_new(tmp_path):
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as db:
        migrate(db, tmp_path / FILE, {number: sql for number, sql in steps().items() if number < 5})
        db.execute("UPDATE cursor SET incarnation = ?, position = 9, topics = ''", (ONE,))
        for name, balance in ((A, 5), (B, 6)):
            db.execute("INSERT INTO member VALUES (?, 'gold', ?, '王**')", (name, balance))
        db.execute("INSERT INTO member_tag VALUES (?, ?)", (T1, A))
        db.execute("INSERT INTO card VALUES (?, 4)", (T3,))
    with Journal.open(tmp_path, clock=at) as till:
        assert till.holder_of(T1) == Holder("member", A)
        assert balances(till, A, B) == [5, 6]
        assert put_file(till, 8, {A: 5, B: 1}, {T1: A})
        assert balances(till, A, B) == [5, 6]
        assert till.standing(Holder("card", T3)).balance == 4
        till.take_page(answer(position=12))
        assert put_file(till, 12, {A: 7, B: 8}, {T1: A})
        assert balances(till, A, B) == [7, 8]
        assert till.standing(Holder("card", T3)).balance is None


# ---- directory = fold of the feed


class Mall:
    """Writes a feed as central does and knows what it comes to at each position."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.feed = []
        self.states = [({}, {}, {})]  # members, cards, open cards; by position

    def live(self, turns):
        names = [f"{number:016x}" for number in range(5)]
        tags = [f"{number:016x}" for number in range(0x70, 0x78)]
        for _ in range(turns):
            members, cards, points = (dict(one) for one in self.states[-1])
            rng, touched, loose = self.rng, set(), set()
            deed, name, tag = rng.random(), rng.choice(names), rng.choice(tags)
            if deed < 0.5:
                members[name] = ("gold", rng.randrange(-50, 900), "王**")
                touched.add(name)
            elif deed < 0.75 and name in members:  # a card goes to a member, from whoever had it
                touched |= {name} | ({cards[tag]} if tag in cards else set())
                cards[tag] = name
                loose |= {tag} if points.pop(tag, None) is not None else set()
            elif deed < 0.85 and tag in cards:
                touched.add(cards.pop(tag))
            elif deed < 0.92 and tag not in cards:
                points[tag] = rng.randrange(900)
                loose.add(tag)
            elif name in members:
                del members[name]
                cards = {one: holder for one, holder in cards.items() if holder != name}
                touched.add(name)
            for one in sorted(touched):
                held = tuple(sorted(tag for tag, holder in cards.items() if holder == one))
                row = one in members and MemberRow(one, held, *self._fields(members[one]))
                self._say(Topic.MEMBER, one, row)
            for one in sorted(loose):
                self._say(Topic.CARD, one, one in points and CardRow(one, points[one]))
            self.states += [None] * (len(self.feed) - len(self.states) + 1)
            self.states[-1] = (members, cards, points)

    @staticmethod
    def _fields(entry):
        return entry

    def _say(self, topic, item, row):
        payload = wire.pack(row) if row else None
        self.feed.append(FeedRow(len(self.feed) + 1, topic, item, payload))

    def whole_turns(self):
        return [place for place, state in enumerate(self.states) if state is not None]


@pytest.mark.parametrize("seed", range(12))
def test_the_directory_is_the_feed_folded_whatever_of_it_came_as_a_file(tmp_path, seed):
    mall, rng = Mall(seed), random.Random(seed)
    mall.live(120)
    ends = mall.whole_turns()
    with open_till(tmp_path) as till:
        through = rng.choice(ends[:20])
        at_place, file_place = 0, 0
        while at_place < ends[-1]:
            place = rng.choice([end for end in ends if at_place < end <= at_place + 12])
            rows = [
                row for row in mall.feed[at_place:place] if row.position > max(through, file_place)
            ]
            till.take_page(answer(*rows, position=place, through=through))
            at_place = place
            if at_place < through:
                continue
            if file_place < through or rng.random() < 0.2:
                file_place = rng.choice(
                    [end for end in ends if max(through, file_place) <= end <= at_place]
                )
                members, cards, points = mall.states[file_place]
                data = member_file(members, cards, points, file_place)
                path_of(tmp_path, name_of(data)).write_bytes(data)
                assert till.use_member_file(name_of(data), Cursor(ONE, file_place))
            expect(till, *mall.states[at_place])


def expect(till, members, cards, points):
    for number in range(5):
        name = f"{number:016x}"
        standing = till.standing(Holder("member", name))
        found = standing.balance is not None
        entry = (standing.tier_id, standing.balance, standing.masked_name) if found else None
        assert entry == members.get(name)
    for number in range(0x70, 0x78):
        tag = f"{number:016x}"
        holder = till.holder_of(tag)
        assert holder == (Holder("member", cards[tag]) if tag in cards else Holder("card", tag))
        if tag not in cards:
            assert till.standing(holder).balance == points.get(tag)


def test_who_enrols_under_another_tenant_key_needs_another_file(till):
    """No card is found under the new key in the one that was made under the old."""
    till.take_page(answer(position=5, through=5))
    assert put_file(till, 5, {A: 100}, {T1: A})
    assert till.holder_of(T1) == Holder("member", A)
    till.enrol(enrolment(), "https://central.example")
    assert till.member_file().name
    till.enrol(structs.replace(enrolment(), tenant_key=b"n" * 32), "https://central.example")
    assert till.member_file() == InUse("", 0, 5)
    assert till.directory_held().key_check == key_check(b"n" * 32)
    assert till.holder_of(T1) == Holder("card", T1)


def test_the_tenant_key_is_told_by_its_check_alone(till):
    held = till.directory_held()
    assert len(held.key_check) == 8
    assert held.key_check not in enrolment().tenant_key

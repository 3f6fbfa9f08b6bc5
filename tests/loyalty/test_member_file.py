import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty import member_delta
from loyalty.codes import card_tag, mask_name
from loyalty.member_file import (
    BALANCE_MAX,
    TIERS_MAX,
    Entry,
    Header,
    MalformedFile,
    key_check,
    key_of,
    member_record,
    open_card_record,
    read_header,
)
from tests.loyalty.directories import TENANT_KEY, member_file, name_of, opened

#: Keys that crowd together and keys that lie far apart.
KEYS = st.one_of(
    st.integers(0, 40), st.integers(0, (1 << 64) - 1), st.integers((1 << 64) - 9, (1 << 64) - 1)
).map(lambda number: f"{number:016x}")
BALANCES = st.integers(-BALANCE_MAX, BALANCE_MAX)
NAMES = st.sampled_from(["王**", "A***", "", "𠮷**", "王王王王"])
MEMBERS = st.dictionaries(KEYS, st.tuples(st.sampled_from(["", "basic", "gold"]), BALANCES, NAMES))
TABLES = st.tuples(MEMBERS, st.dictionaries(KEYS, KEYS), st.dictionaries(KEYS, BALANCES))


def many(count, seed=1):
    rng = random.Random(seed)
    members = {f"{rng.getrandbits(64):016x}": ("gold", number, "王**") for number in range(count)}
    cards = {f"{rng.getrandbits(64):016x}": member for member in members}
    return members, cards, {}


@given(TABLES, KEYS)
def test_everything_put_into_a_file_is_found_and_nothing_else(tables, other):
    members, cards, open_cards = tables
    file = opened(member_file(*tables))
    for member, (tier, balance, name) in members.items():
        assert file.member(member) == Entry(member, tier, balance, name)
    assert {tag: file.member_of(tag) for tag in cards} == cards
    assert {tag: file.open_balance(tag) for tag in open_cards} == open_cards
    assert (file.member(other) is None) == (other not in members)
    assert file.member_of(other) == cards.get(other)
    assert file.open_balance(other) == open_cards.get(other)


def test_a_member_with_one_card_takes_43_bytes_and_is_found_in_a_few_reads():
    members, cards, _ = many(20_000)
    data = member_file(members, cards, {})
    assert (len(data) - 60) / len(members) <= 43
    reads = []

    file = opened(data)
    file.read = lambda offset, size: reads.append(size) or data[offset : offset + size]
    for tag, member in random.Random(2).sample(sorted(cards.items()), 500):
        assert file.member_of(tag) == member
    assert len(reads) / 500 < 5
    assert max(reads) <= 128 * 27


def test_keys_spread_as_badly_as_can_be_are_found_without_reading_the_whole_file():
    crowd = {f"{number:016x}": ("", 0, "") for number in range(20_000)}
    crowd |= {f"{(1 << 64) - 1 - (1 << bit):016x}": ("", 1, "") for bit in range(64)}
    file = opened(member_file(crowd, {}, {}))
    whole, reads = file.read, []
    file.read = lambda offset, size: reads.append(size) or whole(offset, size)
    for member in (*list(crowd)[::997], "00000000000fffff"):
        assert (file.member(member) is not None) == (member in crowd)
    assert len(reads) < 25 * 20


def test_a_key_that_is_no_key_is_nobody():
    file = opened(member_file(*many(3)))
    for key in ("", "wang", "00" * 7, "00" * 9, "zz" * 8, "-000000000000001"):
        assert file.member(key) is None
        assert file.member_of(key) is None


@pytest.mark.parametrize(
    ("balance", "name"),
    [(BALANCE_MAX + 1, "王**"), (-BALANCE_MAX - 1, "王**"), (0, "王王王王a"), (0, "a\0b")],
)
def test_what_does_not_fit_a_record_is_refused(balance, name):
    with pytest.raises(ValueError, match=r"bits|bytes"):
        member_record(key_of("00" * 8), 0, balance, name)


def test_limits_at_their_edges():
    edge = {"00" * 8: ("", BALANCE_MAX, "王" * 4), "ff" * 8: ("gold", -BALANCE_MAX, "")}
    file = opened(member_file(edge, {}, {}))
    assert file.member("00" * 8) == Entry("00" * 8, "", BALANCE_MAX, "王" * 4)
    assert file.member("ff" * 8) == Entry("ff" * 8, "gold", -BALANCE_MAX, "")
    with pytest.raises(ValueError, match="48 bits"):
        open_card_record(key_of("00" * 8), BALANCE_MAX + 1)
    many_tiers = tuple(f"tier-{number}" for number in range(TIERS_MAX))
    assert read_header(Header(b"k" * 8, 1, many_tiers, (0, 0, 0)).encode()).tiers == many_tiers
    with pytest.raises(ValueError, match="257 tiers"):
        Header(b"k" * 8, 1, (*many_tiers, "one more"), (0, 0, 0)).encode()
    with pytest.raises(ValueError, match="256 bytes"):
        Header(b"k" * 8, 1, ("x" * 256,), (0, 0, 0)).encode()


def test_the_longest_masked_name_fits():
    assert max(len(mask_name(name).encode()) for name in ("王小明", "Ann", "𠮷田", "", "é")) <= 12


def test_a_tag_is_a_key_and_the_key_check_tells_tenant_keys_apart():
    assert len(key_of(card_tag(TENANT_KEY, "123456789012"))) == 8
    assert key_check(TENANT_KEY) != key_check(b"u" * 32)
    assert TENANT_KEY[:4] not in key_check(TENANT_KEY)


# ---- bytes that are not a file


def test_a_file_cut_anywhere_is_refused():
    data = member_file(*many(3))
    for length in range(len(data)):
        with pytest.raises(MalformedFile):
            opened(data[:length])
    with pytest.raises(MalformedFile, match="instead of"):
        opened(data + b"\0")


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\0" * 9, b"TPMDIR\0\2" + bytes(60)])
def test_something_else_is_refused(data):
    with pytest.raises(MalformedFile, match="does not begin"):
        opened(data)


@settings(max_examples=300)
@given(st.data())
def test_a_flipped_bit_changes_the_name_and_no_reading_of_it_fails_otherwise(data):
    """Whoever keeps the file sees it by its name; whoever does not gets an error or some answer."""
    whole = bytearray(member_file({"01" * 8: ("gold", 5, "王**")}, {"02" * 8: "01" * 8}, {}))
    before = name_of(whole)
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[bit // 8] ^= 1 << bit % 8
    assert name_of(whole) != before
    try:
        file = opened(bytes(whole))
        file.member_of("02" * 8)
        file.member("01" * 8)
    except MalformedFile:
        pass


@settings(max_examples=300)
@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_are_worse_than_malformed(noise, with_magic):
    for begin, read in ((b"TPMDIR\0\1", opened), (b"TPMDLT\0\1", member_delta.parse)):
        data = begin * with_magic + noise
        try:
            read(data)
        except MalformedFile:
            continue


# ---- deltas


def delta_between(before, after):
    old, new = member_file(*before), member_file(*after, position=2)
    names = (name_of(old), name_of(new))
    return old, new, member_delta.difference(opened(old), opened(new), names)


def joined(old, delta):
    return b"".join(member_delta.apply(opened(old), member_delta.parse(delta)))


@settings(max_examples=200)
@given(TABLES, TABLES)
def test_a_file_and_the_delta_from_it_make_the_next_file_byte_for_byte(before, after):
    old, new, delta = delta_between(before, after)
    assert joined(old, delta) == new
    parsed = member_delta.parse(delta)
    assert (parsed.before, parsed.after) == (name_of(old), name_of(new))


@settings(max_examples=50)
@given(st.integers(0, 1 << 32), st.integers(0, 60))
def test_a_large_file_with_few_changes_has_a_small_delta(seed, count):
    rng = random.Random(seed)
    members, cards, _ = before = many(3_000)
    changed = dict(members)
    for member in rng.sample(sorted(members), count):
        changed[member] = ("basic", rng.randrange(1000), "李**")
    for member in rng.sample(sorted(changed), count // 10):
        del changed[member]
    new_cards = {tag: member for tag, member in cards.items() if member in changed}
    new_cards |= {f"{rng.getrandbits(64):016x}": rng.choice(list(changed)) for _ in range(3)}
    old, new, delta = delta_between(before, (changed, new_cards, {"ab" * 8: 7}))
    assert joined(old, delta) == new
    assert len(delta) < 250 + 27 * count + 16 * (count // 10 + 3) + 14


def test_new_tiers_or_another_key_need_the_whole_file():
    old = opened(member_file({}, {}, {}))
    tiers = opened(member_file({}, {}, {}, tiers=("", "basic", "black", "gold")))
    assert member_delta.difference(old, tiers, ("00" * 32, "11" * 32)) is None


def test_a_delta_that_would_be_too_large_is_none(monkeypatch):
    before, after = ({}, {}, {}), many(40)
    old, new, delta = delta_between(before, after)
    names = (name_of(old), name_of(new))
    monkeypatch.setattr(member_delta, "DELTA_BYTES_MAX", len(delta))
    assert member_delta.difference(opened(old), opened(new), names) == delta
    monkeypatch.setattr(member_delta, "DELTA_BYTES_MAX", 800)
    assert member_delta.difference(opened(old), opened(new), names) is None


def test_a_delta_cut_anywhere_or_too_long_is_refused():
    _, _, delta = delta_between(({"00" * 8: ("", 1, "")}, {}, {}), many(2))
    for length in range(len(delta)):
        with pytest.raises(MalformedFile):
            member_delta.parse(delta[:length])
    with pytest.raises(MalformedFile, match="1 bytes follow"):
        member_delta.parse(delta + b"\0")


def test_a_delta_of_another_file_results_in_something_else():
    """Its name tells, or the delta itself."""
    _, new, delta = delta_between(many(30, seed=1), many(30, seed=2))
    other = member_file(*many(30, seed=3))
    with pytest.raises(MalformedFile, match="not there"):
        joined(other, delta)
    _, new, delta = delta_between(({}, {}, {}), many(30, seed=2))
    assert name_of(joined(other, delta)) != name_of(new)

import pytest

from loyalty.seals import NO_SEAL, Seal, contradicts, seal

A, B = bytes([1]) * 16, bytes([2]) * 16
HEADS = [(A, 1, 5, b"a" * 32), (B, 2, 7, b"b" * 32)]
FIRST = seal(1, 10, HEADS, None)
SECOND = seal(1, 20, HEADS, FIRST)


def test_the_order_of_the_heads_does_not_matter():
    assert seal(1, 10, reversed(HEADS), None) == FIRST
    assert (FIRST.turn, FIRST.previous_turn, FIRST.previous) == (10, 0, NO_SEAL)
    assert (SECOND.previous_turn, SECOND.previous) == (10, FIRST.digest)


@pytest.mark.parametrize(
    "other",
    [
        seal(2, 10, HEADS, None),
        seal(1, 11, HEADS, None),
        seal(1, 10, HEADS[:1], None),
        seal(1, 10, [*HEADS[:1], (B, 2, 8, b"b" * 32)], None),
        seal(1, 10, [*HEADS[:1], (B, 2, 7, b"c" * 32)], None),
        seal(1, 10, [*HEADS[:1], (B, 3, 7, b"b" * 32)], None),
        seal(1, 10, HEADS, SECOND),
    ],
)
def test_everything_it_covers_changes_a_seal(other):
    assert other.digest != FIRST.digest


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (FIRST, False),
        (SECOND, False),
        (Seal(10, b"x" * 32, 0, NO_SEAL), True),  # the same turn came to something else
        (Seal(20, b"x" * 32, 10, b"y" * 32), True),  # behind another seal of that turn
        (Seal(20, b"x" * 32, 0, NO_SEAL), True),  # as if ours had never been
        (Seal(20, b"x" * 32, 9, FIRST.digest), True),
        (Seal(5, b"x" * 32, 0, NO_SEAL), False),  # an older one that is read again
        (Seal(40, b"x" * 32, 30, b"y" * 32), False),  # seals between were not seen
    ],
)
def test_what_a_seal_says_against_the_one_that_is_held(told, expected):
    assert contradicts(FIRST, told) == expected

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sync.pacing import (
    ASKED_MAX_S,
    BACKOFF_FIRST_S,
    BACKOFF_MAX_S,
    Backoff,
    BatchSize,
)
from loyalty.chain import BATCH_EVENTS_MAX


@given(st.integers(0, 2**32), st.integers(1, 40), st.floats(0, 100))
def test_a_wait_is_random_below_a_doubling_bound_and_never_below_what_was_asked(seed, n, asked):
    backoff = Backoff(random.Random(seed))
    for failure in range(n):
        wait = backoff.failed(asked)
        bound = min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2**failure)
        assert asked <= wait <= asked + bound


@pytest.mark.parametrize("asked", [86_400.0, 1e300, float("inf")])
def test_nobody_on_the_way_keeps_a_till_silent_for_long(asked):
    assert Backoff(random.Random(0)).failed(asked) <= ASKED_MAX_S + BACKOFF_FIRST_S


@given(st.lists(st.tuples(st.integers(0, 1000), st.floats(0, 60) | st.none())))
def test_a_batch_always_holds_between_one_event_and_the_limit(pushes):
    size = BatchSize()
    for events, elapsed_s in pushes:
        if elapsed_s is None:
            size.too_slow()
        else:
            size.took(events, elapsed_s)
        assert 1 <= size.events <= BATCH_EVENTS_MAX


def test_batches_grow_on_a_fast_line_and_shrink_on_a_slow_one():
    size = BatchSize()
    first = size.events
    size.took(first, 0.01)
    assert size.events == 2 * first
    size.took(3, 0.01)
    assert size.events == 2 * first, "a small batch says nothing about a large one"
    size.took(size.events, 10.0)
    assert size.events == first
    for _ in range(20):
        size.too_slow()
    assert size.events == 1

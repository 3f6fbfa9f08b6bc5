"""Numbers that were skipped, and drawers opened without a paper, are told to people."""

import pytest

from edge_agent.papers.paper_trail import FOR_IT_MS, SHOWN_MS, PaperTrail, Trail
from edge_agent.web.device_view import gaps_of, trail_view
from loyalty.trails import Gaps
from receipts.reading import read_job
from tests.edge_agent.counter import sale_text

PULSE = b"\x1bp\x00\x19\xfa"
NOW_MS = 1_780_000_000_000


def saw(trail, *numbers, at_ms=NOW_MS):
    for number in numbers:
        data = sale_text(number).encode("gb18030")
        trail.saw(data, None, read_job(data), at_ms)


@pytest.fixture
def trail():
    return PaperTrail("counter-1")


def test_numbers_in_a_row_leave_nothing_out(trail):
    saw(trail, "HL0098", "HL0099", "HL0100", "HL0100")
    assert trail.told(NOW_MS) is None


def test_skipped_numbers_are_counted_until_their_time_is_over(trail):
    saw(trail, "HL0098", "HL0101", "HL0103")
    assert trail.told(NOW_MS) == Trail(skipped=3, at_ms=NOW_MS)
    assert trail.told(NOW_MS + SHOWN_MS) is None


def test_another_series_and_a_long_way_are_no_gap(trail):
    saw(trail, "HL0098", "XX0200", "HL9000", "99", "100")
    assert trail.told(NOW_MS) is None


def test_a_number_that_comes_late_is_no_new_gap(trail):
    saw(trail, "HL0001", "HL0003", "HL0002", "HL0004")
    assert trail.told(NOW_MS) == Trail(skipped=1, at_ms=NOW_MS)


def test_a_drawer_opened_without_a_paper_is_told_when_none_has_come(trail):
    trail.saw(PULSE, None, [], NOW_MS)
    assert trail.told(NOW_MS + FOR_IT_MS - 1) is None
    assert trail.told(NOW_MS + FOR_IT_MS) == Trail(drawers=1, at_ms=NOW_MS)


@pytest.mark.parametrize("pulse_first", [True, False])
def test_a_drawer_opened_for_a_sale_is_nothing(trail, pulse_first):
    at = [NOW_MS, NOW_MS + 5000]
    if pulse_first:
        trail.saw(PULSE, None, [], at[0])
        saw(trail, "HL0001", at_ms=at[1])
    else:
        saw(trail, "HL0001", at_ms=at[0])
        trail.saw(PULSE, None, [], at[1])
    assert trail.told(NOW_MS + 10 * FOR_IT_MS) is None


def test_blank_paper_opens_no_drawer(trail):
    trail.saw(b"\x1b@\n\n\x1dV\x00", None, [], NOW_MS)
    assert trail.told(NOW_MS + FOR_IT_MS) is None


def test_the_panel_is_given_words():
    assert trail_view([None]) == {"trail": None}
    told = trail_view([Trail(2, 0, NOW_MS), None, Trail(1, 1, NOW_MS)])["trail"]
    assert told["en"].startswith("3 receipt numbers skipped; the drawer opened 1")
    assert "跳过了 3 个" in told["zh"]


def test_central_is_told_what_the_panel_shows():
    assert gaps_of([None], [None]) == Gaps()
    trails = [Trail(2, 0, NOW_MS), None, Trail(1, 1, NOW_MS + 5)]
    assert gaps_of(trails, []) == Gaps(skipped=3, drawers=1, at_ms=NOW_MS + 5)

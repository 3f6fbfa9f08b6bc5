import time

import pytest

from edge_agent.devices.slip_folder import Outcome, Result, Slips

PRINTED = Outcome(Result.PRINTED, "")


@pytest.fixture
def slips(tmp_path):
    return Slips(tmp_path / "slips")


def test_an_empty_folder_has_nothing_to_say(slips):
    assert (slips.waiting(), slips.outcomes(), slips.recover()) == ([], {}, [])


def test_slips_wait_in_the_order_they_were_handed_over(slips):
    for slip_id in ("z", "a", "m"):
        slips.hand_over(slip_id, b"slip")
        time.sleep(0.01)
    assert slips.waiting() == ["z", "a", "m"]


def test_a_slip_goes_from_waiting_over_printing_to_its_outcome(slips, tmp_path):
    slips.hand_over("s1", b"slip")
    assert slips.begin("s1") == b"slip"
    assert slips.waiting() == []
    slips.settle("s1", PRINTED)
    assert slips.outcomes() == {"s1": PRINTED}
    assert [path.name for path in (tmp_path / "slips").iterdir()] == ["s1.outcome"]


def test_a_slip_handed_over_again_changes_nothing_at_any_stage(slips):
    slips.hand_over("s1", b"slip")
    slips.hand_over("s1", b"other")
    assert slips.begin("s1") == b"slip"
    slips.hand_over("s1", b"other")
    assert slips.waiting() == []
    slips.settle("s1", PRINTED)
    slips.hand_over("s1", b"other")
    assert slips.waiting() == []


def test_a_postponed_slip_waits_again(slips):
    slips.hand_over("s1", b"slip")
    slips.begin("s1")
    slips.postpone("s1")
    assert slips.waiting() == ["s1"]


def test_a_slip_left_printing_by_a_crash_is_unknown(slips, tmp_path):
    slips.hand_over("s1", b"slip")
    slips.begin("s1")
    again = Slips(tmp_path / "slips")
    assert again.recover() == ["s1"]
    assert again.outcomes()["s1"].result is Result.UNKNOWN
    assert (again.waiting(), again.recover()) == ([], [])


def test_a_crash_after_the_outcome_keeps_the_outcome(slips, tmp_path):
    slips.hand_over("s1", b"slip")
    slips.begin("s1")
    printing = tmp_path / "slips" / "s1.printing"
    slips.settle("s1", PRINTED)
    printing.write_bytes(b"slip")
    slips.recover()
    assert slips.outcomes() == {"s1": PRINTED}
    assert not printing.exists()


@pytest.mark.parametrize("slip_id", ["", "../s1", "a/b", ".hidden", "x" * 101, "会员"])
def test_a_slip_id_that_is_no_file_name_is_refused(slips, slip_id):
    with pytest.raises(ValueError, match="slip id"):
        slips.hand_over(slip_id, b"slip")


@pytest.mark.parametrize("size", [0, 4097])
def test_a_slip_of_no_or_too_many_bytes_is_refused(slips, size):
    with pytest.raises(ValueError, match=f"slip s1 has {size} bytes; a slip has 1 to 4096"):
        slips.hand_over("s1", b"x" * size)


def test_an_outcome_that_cannot_be_read_is_unknown_and_the_others_are_told(slips, tmp_path):
    slips.hand_over("s1", b"slip")
    slips.begin("s1")
    slips.settle("s1", PRINTED)
    (tmp_path / "slips" / "s2.outcome").write_bytes(b"{")
    outcomes = slips.outcomes()
    assert outcomes["s1"] == PRINTED
    assert outcomes["s2"].result is Result.UNKNOWN


def test_old_outcomes_expire(slips):
    slips.hand_over("s1", b"slip")
    slips.begin("s1")
    slips.settle("s1", PRINTED)
    slips.expire(time.time())
    assert slips.outcomes() == {"s1": PRINTED}
    slips.expire(time.time() + 8 * 86_400)
    assert slips.outcomes() == {}

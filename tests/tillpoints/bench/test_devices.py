"""The benchmark of devices: the same frames for everybody, and figures that can be false."""

import numpy as np
import pytest

from tillpoints.bench import devices
from tillpoints.bench.ground.frames import KINDS, frame, frames


@pytest.fixture(scope="module")
def result():
    return devices.run(per_kind=1, scans=10)


def test_each_reader_gets_every_frame(result):
    assert result["frames"] == len(KINDS)
    assert result["frames_with_a_code"] == len(KINDS) - 1
    for figures in result["readers"].values():
        assert set(figures["by_kind"]) == set(KINDS)


def test_ours_reads_at_least_what_zxing_reads_and_makes_nothing_up(result):
    readers = result["readers"]
    assert readers["ours"]["recall"] >= readers["zxing-cpp"]["recall"] > 0.3
    assert readers["ours"]["wrong"] == 0


def test_the_figures_are_described(result):
    said = devices.describe(result)
    assert all(kind in said for kind in KINDS if kind != "nothing")
    assert "ours / best one alone" in said


def test_a_wrong_text_is_counted():
    made = [frame("plain", np.random.default_rng(1)), frame("nothing", np.random.default_rng(1))]
    found = devices._read(made, lambda _: [made[0].text, "made up"])
    assert (found["hits"], found["wrong"]) == ({0}, 3)


def test_a_seed_makes_the_same_frames_each_time_and_another_seed_others():
    one, same, other = (next(frames(1, seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.picture, same.picture)
    assert one.text == same.text
    assert not np.array_equal(one.picture, other.picture)

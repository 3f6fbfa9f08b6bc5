"""Whether a camera can see."""

import cv2
import numpy as np
import pytest

from edge_agent.devices.camera.seeing import LASTS_S, Sight, trouble_of
from edge_agent.devices.virtual.camera import VirtualCamera
from tillpoints.bench.ground.frames import KINDS, frame


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"mixed"}))
def test_frames_that_somebody_could_read_are_no_trouble(kind):
    for number in range(3):
        picture = frame(kind, np.random.default_rng([3, number])).picture
        assert trouble_of(picture) == ""


@pytest.mark.parametrize("fault", ["dark", "covered", "blurred"])
def test_each_fault_is_named(tmp_path, fault):
    camera = VirtualCamera(tmp_path)
    camera.plug()
    assert trouble_of(cv2.imread(str(tmp_path / "view.png"), cv2.IMREAD_GRAYSCALE)) == ""
    setattr(camera, fault, True)
    camera.show(None)
    seen = cv2.imread(str(tmp_path / "view.png"), cv2.IMREAD_GRAYSCALE)
    assert trouble_of(seen) == f"camera_{fault}"


def test_noise_in_the_dark_is_still_dark():
    noise = np.random.default_rng(1).normal(6, 5, (720, 1280)).clip(0, 255).astype(np.uint8)
    assert trouble_of(noise) == "camera_dark"


def test_trouble_is_told_once_it_lasts_and_ends_with_the_first_good_frame():
    sight = Sight()
    sight.looked("camera_dark", 10.0)
    sight.looked("camera_dark", 10.0 + LASTS_S - 0.1)
    assert sight.trouble == ""
    sight.looked("camera_dark", 10.0 + LASTS_S)
    assert sight.trouble == "camera_dark"
    sight.looked("", 20.0)
    assert sight.trouble == ""


def test_a_hand_that_passes_again_and_again_is_no_trouble():
    sight = Sight()
    for second in range(60):
        sight.looked("camera_covered" if second % 3 else "", float(second))
        assert sight.trouble == ""

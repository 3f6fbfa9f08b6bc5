"""A till whose scanner is a camera: what is held up to it earns points like any scan."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
import zxingcpp

from edge_agent.devices.camera import seeing
from edge_agent.devices.virtual.camera import VirtualCamera
from tests.edge_agent.counter import WANG, Counter, sale_text
from tillpoints.bench.ground.frames import symbol_picture


@pytest.fixture
def camera(tmp_path: Path) -> VirtualCamera:
    camera = VirtualCamera(tmp_path / "camera")
    camera.plug()
    return camera


@pytest.fixture
def counter(tmp_path: Path, camera: VirtualCamera) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    with counter.config.open("a", encoding="utf-8") as file:
        file.write('[[camera]]\nfile = "camera"\nlooks_s = 20\n')
    try:
        counter.start()
        yield counter
    finally:
        counter.close()


def test_a_phone_in_dark_mode_held_to_the_camera_earns_points(
    counter: Counter, camera: VirtualCamera
) -> None:
    code = symbol_picture("TPM" + WANG, zxingcpp.BarcodeFormat.QRCode, scale=5)
    camera.show(cv2.GaussianBlur(255 - code, (0, 0), 1.5))
    state = counter.wait(lambda state: state["member"])
    assert state["member"]["masked_name"] == "王**"
    counter.print(sale_text("A7"))
    sale = counter.wait(lambda state: state["recent"])["recent"][0]
    assert (sale["state"], sale["points"]) == ("awarded", 214)


def test_a_covered_camera_is_named_on_the_panel_until_it_sees_again(
    counter: Counter, camera: VirtualCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeing, "LASTS_S", 0.2)
    camera.covered = True
    camera.show(None)
    state = counter.wait(lambda state: state["scanner_trouble"])
    assert state["scanner_trouble"]["code"] == "camera_covered"
    assert state["scanner"] == "yes"
    camera.covered = False
    camera.show(None)
    counter.wait(lambda state: not state["scanner_trouble"])


def test_an_unplugged_camera_is_a_missing_scanner(counter: Counter, camera: VirtualCamera) -> None:
    camera.unplug()
    counter.wait(lambda state: state["scanner"] == "no")
    camera.plug()
    counter.wait(lambda state: state["scanner"] == "yes")

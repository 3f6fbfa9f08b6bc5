"""A camera as a scanner: real threads, real picture files and videos."""

import logging
import queue
import time

import cv2
import numpy as np
import pytest
import zxingcpp

from edge_agent.devices.camera import camera as camera_module
from edge_agent.devices.camera import seeing, sighting
from edge_agent.devices.camera.camera import CameraScanner
from edge_agent.devices.camera.config import Camera
from edge_agent.devices.camera.frames import from_camera, from_file
from edge_agent.devices.camera.sources import cameras
from edge_agent.devices.virtual.camera import VirtualCamera
from tillpoints.bench.ground.frames import symbol_picture

WAIT_S = 20.0


def code(text):
    return symbol_picture(text, zxingcpp.BarcodeFormat.QRCode, scale=6)


@pytest.fixture
def virtual(tmp_path):
    return VirtualCamera(tmp_path / "camera")


@pytest.fixture
def messages():
    return queue.Queue(100)


@pytest.fixture
def scanner(virtual, messages):
    reading = CameraScanner(Camera(file=str(virtual.folder), name="kiosk", looks_s=30), messages)
    reading.start()
    yield reading
    reading.stop()


def test_what_is_held_up_is_a_scan_like_any_other(virtual, scanner, messages):
    virtual.plug()
    before_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    virtual.show(code("TPM123456789018"))
    scan = messages.get(timeout=WAIT_S)
    assert (scan.text, scan.source) == ("TPM123456789018", "kiosk")
    assert before_s <= scan.at_boottime_s <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_a_code_that_stays_is_told_once(virtual, scanner, messages):
    virtual.plug()
    virtual.show(code("one"))
    assert messages.get(timeout=WAIT_S).text == "one"
    virtual.show(code("two"))
    assert messages.get(timeout=WAIT_S).text == "two"
    assert messages.empty()


def test_an_unplugged_camera_is_missed_once_and_is_back(
    virtual, scanner, messages, eventually, caplog
):
    with caplog.at_level(logging.INFO):
        virtual.plug()
        eventually(lambda: scanner.connected)
        virtual.unplug()
        eventually(lambda: not scanner.connected)
        virtual.plug()
        eventually(lambda: scanner.connected)
    virtual.show(code("again"))
    assert messages.get(timeout=WAIT_S).text == "again"
    said = [record.getMessage() for record in caplog.records if "cannot be read" in record.message]
    assert len(said) <= 2  # once before it was plugged in, once when it went


@pytest.mark.parametrize("fault", ["dark", "covered", "blurred"])
def test_what_keeps_it_from_seeing_is_told_until_it_ends(
    virtual, scanner, eventually, monkeypatch, fault
):
    monkeypatch.setattr(seeing, "LASTS_S", 0.2)
    virtual.plug()
    eventually(lambda: scanner.connected)
    setattr(virtual, fault, True)
    virtual.show(None)
    eventually(lambda: scanner.trouble == f"camera_{fault}")
    setattr(virtual, fault, False)
    virtual.show(None)
    eventually(lambda: scanner.trouble == "")


def test_a_torn_picture_is_an_outage_and_no_end(virtual, scanner, messages, eventually, caplog):
    virtual.plug()
    eventually(lambda: scanner.connected)
    virtual.torn = True
    virtual.show(None)
    eventually(lambda: not scanner.connected)
    assert "view.png: a damaged picture" in caplog.text
    virtual.torn = False
    virtual.show(code("whole"))
    assert messages.get(timeout=WAIT_S).text == "whole"


def test_what_was_scanned_is_never_logged(virtual, scanner, messages, caplog):
    with caplog.at_level(logging.DEBUG):
        virtual.plug()
        virtual.show(code("134805190672318846"))
        assert messages.get(timeout=WAIT_S).text == "134805190672318846"
    assert "1348" not in caplog.text


def film(path, pictures, frames_s):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), frames_s, (640, 360))
    assert writer.isOpened()
    for picture in pictures:
        view = np.full((360, 640), 200, np.uint8)
        if picture is not None:
            view[20 : 20 + picture.shape[0], 20 : 20 + picture.shape[1]] = picture
        writer.write(cv2.cvtColor(view, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def test_a_video_is_a_camera_and_is_played_over_and_over(tmp_path, messages, monkeypatch):
    monkeypatch.setattr(sighting, "GONE_S", 0.2)
    path = film(tmp_path / "film.avi", [code("shown")] * 10 + [None] * 20, 30)
    reading = CameraScanner(Camera(file=str(path), looks_s=30), messages)
    reading.start()
    try:
        assert [messages.get(timeout=WAIT_S).text for _ in range(2)] == ["shown"] * 2
    finally:
        reading.stop()


def test_who_is_late_gets_the_newest_frame_and_no_queue(tmp_path, eventually):
    """Shades tell the frames apart: with a queue the second would follow the first."""
    views = [np.full((360, 640), 8 * number, np.uint8) for number in range(30)]
    path = film(tmp_path / "film.avi", [None], 1)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 50, (640, 360))
    for view in views:
        writer.write(cv2.cvtColor(view, cv2.COLOR_GRAY2BGR))
    writer.release()
    with from_file(path, 1.0) as frames:
        first = int(frames.newest().mean())
        # Somebody who works for long: the frames that pass meanwhile are gone.
        time.sleep(0.2)
        later = int(frames.newest().mean())
    assert (later - first) % 240 >= 24


def test_a_file_that_is_no_video_says_so(tmp_path):
    path = tmp_path / "film.avi"
    path.write_text("no film")
    with from_file(path, 1.0) as frames, pytest.raises(OSError, match="no picture comes"):
        frames.newest()


def test_pictures_that_are_missing_are_named(tmp_path):
    with pytest.raises(FileNotFoundError), from_file(tmp_path / "none", 1.0):
        pass
    with from_file(tmp_path, 1.0) as frames, pytest.raises(OSError, match="no picture in"):
        frames.newest()


def test_a_camera_that_cannot_be_opened_says_why(tmp_path):
    with (
        pytest.raises(FileNotFoundError),
        from_camera(str(tmp_path / "video9"), 1280, 720),
    ):
        pass
    node = tmp_path / "video0"
    node.write_bytes(b"")
    with from_camera(str(node), 1280, 720) as frames, pytest.raises(OSError, match="no picture"):
        frames.newest()


def test_an_empty_counter_is_searched_in_full_only_now_and_then():
    view = camera_module._View()
    counter = np.full((720, 1280), 120, np.uint8)
    wanted = [view.wants_search(counter) for _ in range(17)]
    assert wanted.count(True) == 3
    changed = counter.copy()
    changed[300:400, 300:400] = 250
    assert view.wants_search(changed)


def test_cameras_are_told_by_the_kernels_facts(tmp_path, monkeypatch):
    usb = tmp_path / "devices" / "1-2"
    interface = usb / "1-2:1.0"
    interface.mkdir(parents=True)
    for name, text in {
        "idVendor": "046d",
        "idProduct": "0825",
        "serial": "A1B2",
        "product": "Webcam C270",
    }.items():
        (usb / name).write_text(f"{text}\n")
    for number in (0, 1):
        entry = tmp_path / "class" / f"video{number}"
        entry.mkdir(parents=True)
        (entry / "index").write_text(f"{number}\n")
        (entry / "name").write_text("Webcam\n")
        (entry / "device").symlink_to(interface)
    monkeypatch.setattr("edge_agent.devices.camera.sources.SYS_CAMERAS", tmp_path / "class")
    (found,) = cameras()
    assert (found.kind, found.node, found.vid, found.pid) == (
        "camera",
        "/dev/video0",
        "046d",
        "0825",
    )
    assert (found.serial, found.port, found.product) == ("A1B2", "1-2", "Webcam C270")

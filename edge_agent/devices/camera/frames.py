"""Where a camera's frames come from: the camera itself, or files in its place.

Whoever asks gets the newest frame and never one of a queue: a code that was held up seconds ago is
nobody's any more. The one file that knows OpenCV's way to a camera.
"""

from __future__ import annotations

import errno
import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import cv2

from edge_agent.devices.codes.libraries import Picture
from edge_agent.devices.codes.picture_files import PictureError, grey

_WAIT_S = 2.0
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})
_VIDEO_FRAMES_S = 25.0
#: OpenCV waits ten seconds for a frame of a camera that hangs, unless it is told otherwise.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(int(_WAIT_S)))


class Frames(Protocol):
    """A camera that is open."""

    def newest(self) -> Picture:
        """Return the newest frame, grey. Raises OSError when none comes or the camera went."""


@contextmanager
def from_camera(node: str, width: int, height: int) -> Iterator[Frames]:
    """Open a camera. Raises OSError where it cannot be opened."""
    # OpenCV only says that it could not: this says why.
    os.close(os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
    # Compressed frames: uncompressed ones of this size come ten times a second over USB.
    wanted = {
        cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*"MJPG"),
        cv2.CAP_PROP_FRAME_WIDTH: width,
        cv2.CAP_PROP_FRAME_HEIGHT: height,
        cv2.CAP_PROP_BUFFERSIZE: 1,
    }
    capture = cv2.VideoCapture(node, cv2.CAP_V4L2)
    for key, value in wanted.items():
        capture.set(key, value)
    with _grabbing(_Grabber(capture, f"the camera at {node}")) as grabber:
        yield grabber


@contextmanager
def from_file(path: Path, frames_s: float) -> Iterator[Frames]:
    """Play a folder of pictures, `frames_s` a second, or a video in its own time, over and over.

    Raises OSError where there is none.
    """
    if path.is_dir():
        yield _Folder(path, frames_s)
        return
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder or video", str(path))
    capture = cv2.VideoCapture(str(path))
    pace_s = 1 / (capture.get(cv2.CAP_PROP_FPS) or _VIDEO_FRAMES_S)
    with _grabbing(_Grabber(capture, str(path), pace_s=pace_s)) as grabber:
        yield grabber


class _Folder:
    """A folder of pictures, in the order of their names. They may come and go while it plays."""

    def __init__(self, folder: Path, frames_s: float) -> None:
        self._folder = folder
        self._frames_s = frames_s
        self._began_s = time.monotonic()

    def newest(self) -> Picture:
        names = sorted(path for path in self._folder.iterdir() if path.suffix.lower() in _PICTURES)
        if not names:
            raise OSError(errno.ENODATA, f"no picture in {self._folder}")
        at = math.floor((time.monotonic() - self._began_s) * self._frames_s)
        name = names[at % len(names)]
        try:
            return grey(name.read_bytes())
        except PictureError as error:
            raise OSError(errno.EIO, f"{name.name}: {error}") from error


class _Grabber:
    """A thread that takes every frame off the camera, and keeps one when it is asked for one."""

    def __init__(self, capture: cv2.VideoCapture, name: str, *, pace_s: float = 0.0) -> None:
        self._capture = capture
        self._name = name
        self._pace_s = pace_s
        self._changed = threading.Condition()
        self._wanted = False
        self._frame: Picture | None = None
        self._over = not capture.isOpened()
        self._thread = threading.Thread(target=self._run, name=f"frames of {name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._thread.join()
        self._capture.release()

    def newest(self) -> Picture:
        with self._changed:
            self._frame, self._wanted = None, True
            self._changed.wait_for(lambda: self._frame is not None or self._over, _WAIT_S)
            if self._frame is None:
                raise OSError(errno.EIO, f"no picture comes from {self._name}")
            return self._frame

    def _run(self) -> None:
        due_s = time.monotonic()
        while self._capture.grab() or self._rewound():
            with self._changed:
                if self._over:
                    return
                if self._wanted:
                    self._keep()
                due_s = max(due_s + self._pace_s, time.monotonic() - 1)
                self._changed.wait_for(lambda: self._over, max(0.0, due_s - time.monotonic()))
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _keep(self) -> None:
        unpacked, frame = self._capture.retrieve()
        if not unpacked:
            return  # a torn one; the next is due at once
        self._frame = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        self._wanted = False
        self._changed.notify_all()

    def _rewound(self) -> bool:
        """Begin a video again from its first frame; a camera has none."""
        if not self._pace_s or self._over:
            return False
        self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
        return bool(self._capture.grab())


@contextmanager
def _grabbing(grabber: _Grabber) -> Iterator[_Grabber]:
    grabber.start()
    try:
        yield grabber
    finally:
        grabber.stop()

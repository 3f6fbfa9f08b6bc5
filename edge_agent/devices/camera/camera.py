"""A camera as a scanner: its thread looks at the newest frame and leaves `Scanned` messages."""

from __future__ import annotations

import queue
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import cv2
import numpy as np

from edge_agent.devices.camera.config import Camera
from edge_agent.devices.camera.frames import Frames, from_camera, from_file
from edge_agent.devices.camera.seeing import Sight, trouble_of
from edge_agent.devices.camera.sighting import Sightings
from edge_agent.devices.camera.sources import cameras
from edge_agent.devices.codes.libraries import Picture
from edge_agent.devices.codes.reading import read_soon
from edge_agent.devices.ports import Shown
from edge_agent.devices.scanner_thread import ScannerThread
from edge_agent.devices.sources import Match, meant

#: What a look may cost of one core: the screens stay quick beside it.
BUDGET_S = 0.05
_SMALL = (64, 36)
#: A picture is another one when some patch of it changed by so much.
_CHANGE = 14
#: A picture that stays the same is searched in full every so many looks.
_FULL_EVERY = 8


class CameraScanner(ScannerThread):
    """Reads codes from the camera that its lines mean, or from files in its place."""

    def __init__(
        self, config: Camera, messages: queue.Queue[Shown], others: Sequence[Match] = ()
    ) -> None:
        super().__init__(config.name, messages)
        self._config = config
        self._others = others

    def _read(self) -> None:
        # Its work stays in this thread, where it is counted.
        cv2.setNumThreads(1)
        with self._frames() as frames:
            sight, sightings, view = Sight(), Sightings(), _View()
            # The first frame is the proof that it works.
            picture = frames.newest()
            self._opened()
            try:
                while not self._stopping.is_set():
                    began_s = time.monotonic()
                    codes = read_soon(picture, BUDGET_S if view.wants_search(picture) else 0.0)
                    sight.looked("" if codes else trouble_of(picture), began_s)
                    self.trouble = sight.trouble
                    for text in sightings.look(codes, began_s):
                        self._put(text)
                    took_s = time.monotonic() - began_s
                    self._stopping.wait(max(0.0, 1 / self._config.looks_s - took_s))
                    picture = frames.newest()
            finally:
                self.trouble = ""

    def _frames(self) -> AbstractContextManager[Frames]:
        config = self._config
        if config.file:
            return from_file(Path(config.file), config.looks_s)
        node = meant(config.match(), "camera", cameras(), self._others).node
        return from_camera(node, config.width, config.height)


class _View:
    """Whether a full search is worth its time: of an empty counter one now and then is enough."""

    def __init__(self) -> None:
        self._searched: Picture | None = None
        self._looks = 0

    def wants_search(self, picture: Picture) -> bool:
        small = cv2.resize(picture, _SMALL, interpolation=cv2.INTER_AREA)
        before, self._looks = self._searched, self._looks + 1
        same = before is not None and int(np.max(cv2.absdiff(small, before))) < _CHANGE
        if same and self._looks % _FULL_EVERY:
            return False
        self._searched = small
        return True

"""A virtual camera: a folder of pictures that a `[[camera]]` of agent.toml names as its file.

    camera = VirtualCamera(Path("/tmp/kiosk/camera"))
    camera.plug()                        # now it sees an empty counter
    camera.show(picture)                 # grey dots; held up until something else is shown
    camera.show(None)                    # taken away
    camera.unplug()

Fault switches, for whatever is shown next: `dark`, `covered`, `blurred`, `torn` (half a file, as a
cable that breaks).
"""

from __future__ import annotations

import shutil
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from edge_agent.devices.codes.libraries import Picture

WIDTH, HEIGHT = 1280, 720


class VirtualCamera:
    """One camera, reachable as `folder` while plugged in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dark = self.covered = self.blurred = self.torn = False

    def plug(self) -> None:
        """Appear with an empty counter in view. Raises OSError."""
        self.folder.mkdir(exist_ok=True)
        self.show(None)

    def unplug(self) -> None:
        """Vanish."""
        shutil.rmtree(self.folder)

    def show(self, picture: Picture | None) -> None:
        """Hold a picture into the middle of the view, or nothing. Raises OSError."""
        view = _counter()
        if picture is not None:
            high, wide = (
                min(have, want) for have, want in zip(picture.shape, view.shape, strict=True)
            )
            top, left = (HEIGHT - high) // 2, (WIDTH - wide) // 2
            view[top : top + high, left : left + wide] = picture[:high, :wide]
        if self.blurred:
            view = np.asarray(cv2.GaussianBlur(view, (0, 0), 14))
        if self.covered:
            view = np.full_like(view, 90)
        if self.dark:
            view = view // 24
        file = BytesIO()
        Image.fromarray(view).save(file, "PNG", compress_level=1)
        raw = file.getvalue()
        draft = self.folder / "view.draft"
        draft.write_bytes(raw[: len(raw) // 2] if self.torn else raw)
        draft.replace(self.folder / "view.png")


def _counter() -> Picture:
    """Draw an empty counter: its edge, its shade, and the corner of a till."""
    shade = np.linspace(150, 190, WIDTH, dtype=np.float32)
    view = np.tile(shade, (HEIGHT, 1)).astype(np.uint8)
    view[520:] //= 2
    view[60:300, 980:1200] = 40
    return view

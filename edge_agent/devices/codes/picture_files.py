"""Picture files as grey dots: what `tillpoints codes` is given, and a virtual camera shows.

Every file is somebody else's: its size is looked at before it is unpacked.
"""

from __future__ import annotations

import warnings
from io import BytesIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from edge_agent.devices.codes.libraries import Picture

_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
BYTES_MAX = 64 << 20
PIXELS_MAX = 60_000_000
_TOO_LARGE = f"a picture of more than {PIXELS_MAX // 10**6} million dots is too large"


class PictureError(ValueError):
    """It is no picture, a damaged or too large a one; the message says which."""


def grey(raw: bytes) -> Picture:
    """Return the dots of a picture file, its transparent ones as white. Raises PictureError."""
    if len(raw) > BYTES_MAX:
        raise PictureError(f"a file of {len(raw) >> 20} MiB is too large for a picture")
    try:
        with warnings.catch_warnings():
            # Pillow warns of what is refused here by a number of our own.
            warnings.simplefilter("ignore")
            picture = Image.open(BytesIO(raw), formats=_FORMATS)
            if picture.width * picture.height <= PIXELS_MAX:
                return np.asarray(_one_tone(picture))
    except UnidentifiedImageError as error:
        raise PictureError("no picture of a known kind") from error
    except Image.DecompressionBombError as error:
        raise PictureError(_TOO_LARGE) from error
    except Exception as error:  # Pillow stumbles over damage in any way there is
        raise PictureError(f"a damaged picture: {type(error).__name__}") from error
    raise PictureError(_TOO_LARGE)


def _one_tone(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith(("I", "F")):
        # 16 bits a dot, which Pillow would cut off at 255 instead of scaling.
        dots = np.asarray(picture, np.float64)
        return Image.fromarray((dots * (255 / max(float(dots.max()), 1))).astype(np.uint8))
    if picture.mode in {"RGBA", "LA", "PA", "P"}:
        coloured = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", coloured.size, "white"), coloured)
    return picture.convert("L")

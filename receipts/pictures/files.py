"""Photographs, scans and saved pages of receipts, as image files.

Owns the only contact with Pillow, which is imported when first needed. A file of black and white
dots as wide as a print head is a page like any raster job; everything else is a photograph, which
only OCR can read.
"""

from io import BytesIO

from receipts.pictures.page import PAGE_ROWS_MAX, Page

#: What image files begin with: PNG, JPEG, GIF, BMP, WebP, TIFF.
SIGNATURES = (
    b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF", b"II*\x00", b"MM\x00*",
)  # fmt: skip
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")

PIXELS_MAX = 60_000_000
#: Print heads have 384 to 832 dots; a picture no wider whose dots are black or white is a page.
_HEAD_DOTS_MAX = 832
_SIDE_MAX = 2000
_CLEAR_PART = 0.995


def is_image(raw: bytes) -> bool:
    """Return whether the bytes begin like an image file."""
    return raw.startswith(SIGNATURES)


def load(raw: bytes) -> Page | bytes:
    """Return the dots of a saved page, or a photograph made ready for OCR as PNG.

    Raises ValueError when the bytes are no image or too large a one, and when Pillow is missing.
    """
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise ValueError("reading image files needs Pillow: install tillpoints[ocr]") from error
    try:
        picture = Image.open(BytesIO(raw), formats=_FORMATS)
        if picture.width * picture.height > PIXELS_MAX:
            raise ValueError(f"a picture of {picture.width} x {picture.height} dots is too large")
        upright = ImageOps.exif_transpose(picture)
        if upright.mode in ("RGBA", "LA", "P"):
            upright = upright.convert("RGBA")
            upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
        grey = upright.convert("L")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"a damaged picture: {type(error).__name__}") from error
    counts = grey.histogram()
    clear = sum(counts[:32]) + sum(counts[224:])
    as_printed = grey.width <= _HEAD_DOTS_MAX and grey.height <= PAGE_ROWS_MAX
    if as_printed and clear >= _CLEAR_PART * sum(counts):
        dots = grey.point([255 if level < 128 else 0 for level in range(256)]).convert("1")
        return Page(-(-dots.width // 8) * 8, dots.tobytes())
    grey.thumbnail((_SIDE_MAX, _SIDE_MAX))
    out = BytesIO()
    ImageOps.autocontrast(grey, cutoff=1).save(out, "PNG")
    return out.getvalue()

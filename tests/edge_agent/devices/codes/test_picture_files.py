"""Picture files as grey dots, and those that are none."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from edge_agent.devices.codes import picture_files
from edge_agent.devices.codes.picture_files import PictureError, grey
from edge_agent.devices.codes.reading import read_all
from tests.edge_agent.devices.codes.test_reading import KIND, texts
from tillpoints.bench.ground.frames import symbol_picture

MEMBER = "TPM123456789018"


def saved(picture, form="PNG", **more):
    file = BytesIO()
    picture.save(file, form, **more)
    return file.getvalue()


def member():
    return Image.fromarray(symbol_picture(MEMBER, KIND.QRCode))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM"])
def test_every_usual_kind_of_file_is_read(form):
    assert texts(read_all(grey(saved(member(), form)))) == [MEMBER]


def test_transparent_dots_are_white():
    clear = Image.new("RGBA", member().size, (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), mask=member().point(lambda tone: 255 - tone))
    assert texts(read_all(grey(saved(clear)))) == [MEMBER]


def test_sixteen_bits_a_dot_are_scaled():
    dots = np.asarray(member(), np.uint16) * 200
    assert texts(read_all(grey(saved(Image.fromarray(dots))))) == [MEMBER]


@pytest.mark.parametrize("raw", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_named_so(raw):
    with pytest.raises(PictureError):
        grey(raw)


def test_a_tiff_whose_numbers_became_text_is_a_damaged_picture():
    whole = saved(Image.new("I", (40, 40)), "TIFF")
    at = 72  # the kind of the field StripOffsets, a long; 2 is text
    assert whole[at] == 4
    with pytest.raises(PictureError, match="damaged"):
        grey(whole[:at] + b"\x02" + whole[at + 1 :])


def test_a_picture_cut_anywhere_is_refused_or_whole():
    whole = saved(member())
    for at in range(0, len(whole), 31):
        try:
            dots = grey(whole[:at])
        except PictureError:
            continue
        assert np.array_equal(dots, np.asarray(member()))


def test_a_picture_that_unpacks_to_too_much_is_refused_unseen():
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header
    bomb += struct.pack(">I", zlib.crc32(header))
    with pytest.raises(PictureError, match="too large"):
        grey(bomb + saved(member())[33:])


def test_a_file_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(picture_files, "BYTES_MAX", 100)
    with pytest.raises(PictureError, match="too large"):
        grey(saved(member()))

"""Pictures to codes: what is plain, what must be mended, and what must never be made up."""

import cv2
import numpy as np
import pytest
import zxingcpp

from edge_agent.devices.codes import libraries, reading
from edge_agent.devices.codes.libraries import Code, with_zbar, with_zxing
from edge_agent.devices.codes.reading import read_all, read_soon
from tillpoints.bench.ground.frames import KINDS, frame, frames, symbol_picture

KIND = zxingcpp.BarcodeFormat
PATIENT_S = 60.0


def texts(codes):
    return [code.text for code in codes]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (KIND.QRCode, "TPM123456789018"),
        (KIND.MicroQRCode, "1234"),
        (KIND.DataMatrix, "hello"),
        (KIND.Aztec, "hello"),
        (KIND.PDF417, "hello"),
        (KIND.EAN13, "6901234567892"),
        (KIND.EAN8, "12345670"),
        (KIND.Code128, "TPM123456789018"),
        (KIND.Code39, "ABC-123"),
        (KIND.Code93, "ABC123"),
        (KIND.ITF, "12345670"),
        (KIND.Codabar, "A12345B"),
    ],
)
def test_every_kind_of_code_is_read_from_a_clear_picture(kind, text):
    assert read_all(symbol_picture(text, kind)) == [Code(kind.name, text, text.encode())]


def test_gs1_content_is_told_as_scanners_send_it():
    code = zxingcpp.create_barcode("(01)09501101020917(10)ABC(21)12", KIND.DataMatrix, gs1=True)
    picture = np.array(code.to_image(scale=4))
    assert texts(read_all(picture)) == ["010950110102091710ABC\x1d2112"]


def test_all_codes_of_a_picture_are_told():
    one, two = symbol_picture("one", KIND.QRCode), symbol_picture("two", KIND.QRCode)
    assert sorted(texts(read_all(np.hstack([one, two])))) == ["one", "two"]


def test_a_camera_frame_is_read_where_zxing_alone_reads_nothing():
    rescued = 0
    for made in frames(1, seed=1):
        if made.text is None:
            continue
        alone = made.text in texts(with_zxing(made.picture))
        ours = made.text in texts(read_soon(made.picture, PATIENT_S))
        assert ours or not alone, made.kind
        rescued += ours and not alone
    assert rescued >= 2  # more of them with zbar


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_made_up(kind):
    for number in range(2):
        made = frame(kind, np.random.default_rng([7, number]))
        read = {*texts(read_soon(made.picture, PATIENT_S)), *texts(read_all(made.picture))}
        assert read <= {made.text}


def test_bars_that_were_mended_must_be_read_alike_in_two_ways(monkeypatch):
    """One wrong code of ten has the right check digit."""
    answers = iter(["6901234567892", "5901234567893", "6901234567892"])

    def reader(_):
        text = next(answers, None)
        return [Code("EAN13", text, text.encode())] if text else []

    mend = np.copy
    monkeypatch.setattr(reading, "_WAYS", ((mend, reader), (mend, reader), (mend, reader)))
    monkeypatch.setattr(reading, "patches", lambda picture: [picture])
    monkeypatch.setattr(reading, "with_zxing", lambda *_: [])
    assert texts(read_all(np.zeros((100, 100), np.uint8))) == ["6901234567892"]


def test_bars_that_grain_makes_another_number_are_not_believed():
    """zxing-cpp 3.1.1 alone read a number here that has the right check digit and is not there."""
    made = frame("low_light", np.random.default_rng([3, 8, 8]))
    assert texts(read_all(made.picture)) in ([], [made.text])


def test_bars_that_lean_are_read():
    drawn = symbol_picture("TPM123456789018", KIND.Code128)
    side = int(np.hypot(*drawn.shape)) + 10
    turn = cv2.getRotationMatrix2D((drawn.shape[1] / 2, drawn.shape[0] / 2), 38, 1)
    turn[:, 2] += (side / 2 - drawn.shape[1] / 2, side / 2 - drawn.shape[0] / 2)
    leaning = cv2.warpAffine(drawn, turn, (side, side), borderValue=255)
    assert texts(with_zxing(leaning)) == []
    assert texts(read_all(leaning)) == ["TPM123456789018"]


def test_a_spent_budget_ends_the_mending(monkeypatch):
    asked = []
    monkeypatch.setattr(reading, "_WAYS", ((np.copy, lambda _: asked.append(1) or []),) * 50)
    assert read_soon(frame("nothing", np.random.default_rng(1)).picture, -1.0) == []
    assert len(asked) == 1


def test_zbar_says_nothing_of_what_it_had_to_guess():
    if libraries.zbar_library() is None:
        pytest.skip("needs the Debian package libzbar0")
    assert texts(with_zbar(symbol_picture("TPM123456789018", KIND.QRCode))) == ["TPM123456789018"]
    assert with_zbar(symbol_picture("会员", KIND.QRCode)) == []


def test_without_zbar_the_rest_goes_on(monkeypatch):
    monkeypatch.setattr(libraries, "zbar_library", lambda: None)
    picture = symbol_picture("TPM123456789018", KIND.QRCode)
    assert with_zbar(picture) == []
    assert texts(read_soon(255 - picture, PATIENT_S)) == ["TPM123456789018"]


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (31, 31), (40, 3)])
def test_tiny_pictures_hold_nothing(shape):
    assert read_all(np.full(shape, 128, np.uint8)) == []

"""One paper ends where a printer or a till ends it."""

import pytest

from receipts.reading import is_unfinished, read_job
from receipts.stream.decoder import Decoder
from receipts.stream.segmenter import Document, split
from tests.receipts.jobs import plain, text_of

PAPER = "".join(f"line {number}\n" for number in range(6)).encode()


def documents(raw: bytes) -> list[Document]:
    decoder = Decoder()
    return split(decoder.feed(raw) + decoder.close())


@pytest.mark.parametrize(
    ("end", "name"),
    [
        (b"\x1dV\x00", "full cut"),
        (b"\x1dVB\x00", "feed and partial cut"),
        (b"\x1bi", "ESC i"),
        (b"\x1bm", "ESC m"),
        (b"\x0c", "form feed"),
        (b"\x1bd\x06", "feed on a printer without a cutter"),
        (b"\x1bJ\xf0", "feed by dots"),
        (b"\x1b@", "the next paper's reset"),
    ],
)
def test_a_paper_ends_at_a(end, name):
    assert [len(each.lines) for each in documents(PAPER + end + PAPER + end)] == [6, 6], name


def test_a_reset_inside_the_head_ends_nothing():
    assert len(documents(b"\x1b@SHOP\n\x1b@" + PAPER)) == 1


def test_a_short_feed_ends_nothing():
    assert len(documents(PAPER + b"\x1bd\x03" + PAPER)) == 1


def test_a_drawer_pulse_and_a_cut_alone_are_no_paper():
    assert documents(b"\x1b@\x1bp\x00\x19\x19\n\n\x1dV\x00") == []


def test_what_the_till_cancelled_is_no_paper():
    assert [len(each.lines) for each in documents(PAPER + b"\x10\x05\x02" + PAPER)] == [6]


def test_a_paper_printed_upside_down_is_turned():
    text = text_of("01_restaurant_checkout_58").splitlines()
    raw = plain("\n".join(reversed(text)), "gb18030", b"\x1b@\x1b{\x01")
    (document,) = documents(raw)
    assert [line.text for line in document.lines if line.runs] == [line for line in text if line]


LOGO = b"\x1b@\x1dv0\x00\x02\x00\x02\x00\xff\xff\xff\xff"
CASE = "01_restaurant_checkout_58"


@pytest.mark.parametrize(
    ("raw", "unfinished"),
    [
        (LOGO, True),
        (LOGO + PAPER, True),
        (LOGO + PAPER + b"\x1dV\x00", False),
        (plain(text_of(CASE), "gb18030").removesuffix(b"\x1dV\x00"), False),
        (b"\x1b@\x1bp\x00\x19\x19", False),
    ],
)
def test_a_paper_without_a_cut_and_without_sums_goes_on_in_the_next_job(raw, unfinished):
    assert is_unfinished(raw) is unfinished


def test_a_receipt_in_three_jobs_is_one_receipt_once_they_are_joined():
    whole = LOGO + plain(text_of(CASE), "gb18030")
    parts = [whole[: len(LOGO)], whole[len(LOGO) : -400], whole[-400:]]
    assert [is_unfinished(part) for part in parts] == [True, True, False]
    (reading,) = read_job(b"".join(parts))
    assert (reading.owed_fen, reading.decision) == (21_400, "award")

"""A paper in review, packed: the same after unpacking, under its own name, bounded."""

import random
import zlib

import pytest

from receipts import kept_paper
from receipts.kept_paper import KeptPaper, believed_lines, drawing, pack, unpack
from receipts.reading import read_job
from receipts.reasons import reason

TEXT = "禾鹿小馆\n单号:HL7\n结账:2026-11-08 13:16:42\n茶  1  88.00\n应收 88.00\n"
JOB = b"\x1b@" + TEXT.encode("gb18030") + b"\x1dV\x00"


def a_paper(job: bytes = JOB, place: int = 0) -> KeptPaper:
    return KeptPaper(place, "", (reason("no_check"),), read_job(JOB)[0], job)


def test_a_packed_paper_comes_back_as_it_was_under_its_name() -> None:
    name, packed = pack(a_paper())
    assert unpack(packed, name) == a_paper()


def test_a_paper_under_another_name_is_refused() -> None:
    _, packed = pack(a_paper())
    with pytest.raises(ValueError, match="not the one it is named for"):
        unpack(packed, "00" * 32)


@pytest.mark.parametrize("cut", [0, 1, 20, -1])
def test_half_a_paper_is_refused(cut: int) -> None:
    name, packed = pack(a_paper())
    with pytest.raises(ValueError, match="paper"):
        unpack(packed[:cut], name)


def test_bytes_that_unpack_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_paper, "_UNPACKED_BYTES_MAX", 1 << 16)
    with pytest.raises(ValueError, match="paper"):
        unpack(zlib.compress(bytes(1 << 20)))


def test_a_job_too_large_to_send_is_left_out_and_its_reading_stays() -> None:
    noise = random.Random(5).randbytes(kept_paper.PACKED_BYTES_MAX + 1)
    paper = unpack(pack(a_paper(noise))[1])
    assert paper.job == b""
    assert paper.reading is not None
    assert drawing(paper) is None


def test_the_paper_is_drawn_as_it_was_printed() -> None:
    svg = drawing(a_paper())
    assert svg is not None
    assert "禾鹿小馆" in svg
    assert drawing(a_paper(place=1)) is None


def test_each_fact_names_the_line_it_was_read_from() -> None:
    lines = believed_lines(a_paper())
    assert lines["number"] == "单号:HL7"
    assert lines["total"] == "应收 88.00"

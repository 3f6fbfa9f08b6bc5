"""Print jobs made by other people's encoders are read as what they say.

The bytes were made once with the encoder that `made_by` names, from invented receipts. A capture of
a till is added in the same way: a folder with `input.bin` and `expected.json`.
"""

import json
import random

import pytest

from receipts.reading import read_job
from receipts.stream.decoder import Decoder
from receipts.stream.elements import Doubt, Element
from tests.receipts.jobs import CASES, captured, captured_names
from tillpoints.commands.read import document_of

SPLITS = 40


def decoded(raw: bytes, *cuts: int) -> list[Element]:
    decoder = Decoder()
    out: list[Element] = []
    for start, end in zip((0, *cuts), (*cuts, len(raw)), strict=True):
        out += decoder.feed(raw[start:end])
    return out + decoder.close()


@pytest.mark.parametrize("case", captured_names())
def test_a_captured_job_is_read_as_expected(case):
    expected = json.loads((CASES / case / "expected.json").read_text(encoding="utf-8"))
    got = [document_of(reading) for reading in read_job(captured(case))]
    assert [
        {name: document[name] for name in want}
        for document, want in zip(got, expected["documents"], strict=True)
    ] == expected["documents"]


@pytest.mark.parametrize("case", captured_names())
def test_a_captured_job_decodes_alike_however_it_is_cut(case):
    raw = captured(case)
    whole = decoded(raw)
    chance = random.Random(case)
    cuts = [chance.randrange(len(raw) + 1) for _ in range(SPLITS)]
    assert [cut for cut in cuts if decoded(raw, cut) != whole] == []
    assert decoded(raw, *range(1, len(raw))) == whole


@pytest.mark.parametrize("case", captured_names())
def test_nothing_in_a_captured_job_is_left_unknown(case):
    raw = captured(case)
    dialect = "star" if "star" in case else None
    decoder = Decoder(dialect)
    elements = decoder.feed(raw) + decoder.close()
    assert [each for each in elements if isinstance(each, Doubt)] == []

"""Papers in review on their way to central: in pieces, checked as a whole, bounded, let go."""

import msgspec
import pytest

from central import schema
from central.sync import papers
from loyalty.reviewing import (
    PAPER_BYTES_MAX,
    PAPER_CHUNK_MAX,
    PAPER_DAYS,
    PAPER_PATH,
    PaperAnswer,
    PaperRequest,
)
from receipts.kept_paper import KeptPaper, pack
from receipts.reading import read_job
from tests.central.ledger.test_reviews import at_desk, opened
from tests.central.programme import DAY_MS

JOB = "禾鹿小馆\n单号:N7\n应收 100.00\n".encode("gb18030")


def a_paper(job=JOB):
    return pack(KeptPaper(0, "", (), read_job(JOB)[0], job))


def send(till, name, packed, offset=0, size=None):
    data = packed[offset : offset + (size or len(packed))]
    return till.ask(PAPER_PATH, PaperRequest(name, len(packed), offset, data), PaperAnswer)


def whole(programme, name):
    return programme.read(papers.whole, name)


def test_a_paper_comes_in_pieces_and_goes_on_where_it_stopped(programme):
    till, (name, packed) = programme.till, a_paper()
    till.push(opened(till, paper_hash=name))
    assert send(till, name, packed, 0, 10).held == 10
    assert whole(programme, name) is None
    assert send(till, name, packed, 0, 10).held == 10  # a repeat changes nothing
    assert send(till, name, packed, 10).held == len(packed)
    assert whole(programme, name) == packed
    assert send(till, name, packed).held == len(packed)


def test_a_paper_that_no_review_names_is_not_wanted(sqlite_programme):
    till, (name, packed) = sqlite_programme.till, a_paper()
    assert send(till, name, packed) == PaperAnswer(0, wanted=False)
    assert sqlite_programme.rows(schema.review_paper) == []


def test_bytes_that_are_not_the_paper_they_are_named_for_are_dropped(sqlite_programme):
    till, (name, packed) = sqlite_programme.till, a_paper()
    till.push(opened(till, paper_hash=name))
    _, other = a_paper(JOB + b"more")
    assert send(till, name, other).held == 0
    assert send(till, name, packed).held == len(packed)


@pytest.mark.parametrize(
    ("total", "data"),
    [(PAPER_BYTES_MAX + 1, b"x"), (0, b""), (PAPER_BYTES_MAX, bytes(PAPER_CHUNK_MAX + 1))],
)
def test_a_paper_beyond_its_bounds_is_refused(sqlite_programme, total, data):
    till = sqlite_programme.till
    status, _ = till.call(PAPER_PATH, PaperRequest("ab" * 32, total, 0, data))
    assert status == 413


def test_a_name_that_is_no_hash_is_refused(sqlite_programme):
    status, body = sqlite_programme.till.call(PAPER_PATH, PaperRequest("../x", 1, 0, b"x"))
    assert (status, msgspec.msgpack.decode(body)["code"]) == (400, "malformed")


def test_a_paper_goes_some_time_after_the_decision_and_not_before(programme):
    till, (name, packed) = programme.till, a_paper()
    till.push(opened(till, paper_hash=name))
    send(till, name, packed)
    late = PAPER_DAYS * DAY_MS + 1

    def gone():
        with programme.engine.begin() as connection:
            return papers.expire(connection, programme.shard_key, programme.now_ms)

    programme.now_ms += late
    assert gone() == 0
    programme.service.run(at_desk(None, why="x"))
    assert gone() == 0
    programme.now_ms += late
    assert gone() == 1

"""Papers in review on their way from a till to central."""

import pytest

from edge_agent.journal.papers.reviews import ReviewPaper
from loyalty.events import ReviewOpened
from loyalty.reviewing import PAPER_CHUNK_MAX
from tests.edge_agent.journal.conftest import WANG, at, sale
from tests.edge_agent.sync.conftest import settle


def in_review(till, number, packed):
    """Record a paper in review; return its name."""
    review_id, paper_hash = f"{number:064x}", f"{number + 100:064x}"
    opened = ReviewOpened(at(), "00" * 32, "s1", (), review_id=review_id, paper_hash=paper_hash)
    till.append([opened], papers=[ReviewPaper(review_id, paper_hash, packed)])
    return paper_hash


@pytest.mark.parametrize("head", [0, 1, 3])
def test_a_central_that_lost_the_papers_gets_each_of_them_again(till, central, syncer, head):
    """Also where the backup has the event that opened the review, and lacks its paper alone."""
    large = bytes(range(256)) * (PAPER_CHUNK_MAX // 256 + 1)
    papers = {in_review(till, 1, large): large, in_review(till, 2, b"small"): b"small"}
    till.append([sale(1, WANG, 1)])
    settle(syncer)
    assert central.papers == papers
    central.restore(head)
    settle(syncer)
    assert central.papers == papers
    assert till.queue_depth() == 0


def test_a_paper_that_central_has_is_not_sent_twice(till, central, syncer, monkeypatch):
    in_review(till, 1, b"small")
    settle(syncer)
    monkeypatch.setattr(central, "_paper", None)
    settle(syncer)
    assert till.unsent_paper() is None

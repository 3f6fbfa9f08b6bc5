"""A card on the reader at a till or kiosk that is worth nothing is answered in words."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.devices.ports import NotTaken
from edge_agent.phrases import own_words
from tests.edge_agent.counter import Counter


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    try:
        counter.start()
        yield counter
    finally:
        counter.close()


@pytest.mark.parametrize("why", ["card_random", "card_unread"])
def test_a_phone_on_the_card_reader_is_told_what_to_do_instead(counter: Counter, why: str) -> None:
    assert counter.agent is not None
    counter.agent._inbox.put(NotTaken(why, "cards"))
    state = counter.wait(lambda state: state["notice"])
    words = own_words(why)
    assert state["notice"]["phrase"] == {"code": why, "zh": words.zh, "en": words.en}
    assert state["sound"]["kind"] == "error"
    assert state["member"] is None

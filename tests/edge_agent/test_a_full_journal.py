"""A till whose journal has no room: claim slips come out at once, and are good (SYNC 2.1)."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from loyalty.codes import claim_hash
from tests.edge_agent.counter import WANG, Counter, sale_text

SALES_MAX = 12


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    try:
        counter.start()
        yield counter
    finally:
        counter.close()


def room(counter: Counter, *, pages: int) -> None:
    """Let the journal's database have so many pages more than it has."""
    assert counter.agent is not None

    def limit(db):
        now = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {now + pages}").fetchone()

    counter.agent._journal._writer.transact(limit)


def first(state: dict) -> dict:
    return state["recent"][0] if state["recent"] else {}


def became(state: dict, number: str) -> str:
    """Return what became of a sale; nothing while that is not known."""
    if first(state).get("number") == number:
        return "recorded"
    notice = state["notice"]
    return "full" if notice and notice["phrase"]["code"] == "not_recorded" else ""


def sell_until_full(counter: Counter) -> str:
    """Sell to a member until a sale is not recorded; return its number."""
    for number in (f"HL{one}" for one in range(SALES_MAX)):
        counter.scanner.scan("TPM" + WANG)
        counter.wait(lambda state: state["member"])
        counter.print(sale_text(number))
        told = counter.wait(lambda state, number=number: became(state, number))
        if became(told, number) == "full":
            return number
    raise AssertionError("the journal was never full")


def codes_of(counter: Counter, number: str) -> list[str]:
    """Return the claim codes of the slips that came out for a sale."""
    slips = ["".join(lines).replace(" ", "") for lines in counter.paper()]
    mine = [text for text in slips if number in text and "认领" in text]
    return [re.search("认领码(C[0-9A-Z]{15})", one)[1] for one in mine]


def claim_hash_of(counter: Counter, number: str) -> str | None:
    assert counter.agent is not None
    (sale,) = counter.agent._journal.sales_by_number("s1", number)
    assert sale.holder is None
    return sale.sale.claim_hash


def test_a_sale_that_has_no_room_gets_its_claim_slip_at_once_and_counts_for_it(counter):
    room(counter, pages=0)
    number = sell_until_full(counter)
    counter.wait_for_paper(number, "认领")
    (code,) = codes_of(counter, number)
    room(counter, pages=1_000)
    counter.wait(lambda state: first(state).get("number") == number)
    assert claim_hash_of(counter, number) == claim_hash(code)
    assert codes_of(counter, number) == [code]  # and no second slip


def test_the_slip_is_good_though_the_agent_starts_again_before_there_is_room(counter):
    room(counter, pages=0)
    number = sell_until_full(counter)
    counter.wait_for_paper(number, "认领")
    (code,) = codes_of(counter, number)
    counter.stop()
    counter.start()  # the limit was the connection's
    counter.wait(lambda state: first(state).get("number") == number)
    assert claim_hash_of(counter, number) == claim_hash(code)

"""Claim slips for sales that the journal has no room for: once each, a second one says so."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.effects import HeldSlip, Terms
from edge_agent.till.inputs import JobRead
from edge_agent.till.intake import Sold
from edge_agent.till.unrecorded import Unrecorded
from loyalty.receipt import Kind, Receipt, fingerprint
from tests.edge_agent.conftest import now

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


class Paper:
    def __init__(self) -> None:
        self.copies: list[bool] = []

    def wake(self) -> None:
        raise AssertionError("nothing of it is in the journal")

    def at_once(self, slip: HeldSlip, *, copy: bool) -> None:
        self.copies.append(copy)


def job(ended_s: float) -> JobRead:
    paper = Receipt("s1", Kind.SALE, "N1", "2026-11-08T13:16:42", "CNY", 21_400)
    sold = Sold(paper, 21_400, fingerprint(paper).hex(), "C1")
    return JobRead("job-1", (sold,), ended_s - 1, ended_s)


@pytest.mark.parametrize(
    ("ended_s", "copy"),
    [(100, False), (99, True), (float("-inf"), True)],
    ids=["printed in this run", "printed before it began", "printed in an earlier boot"],
)
def test_a_sale_of_an_earlier_run_gets_a_copy(terms: Terms, ended_s: float, copy: bool) -> None:
    paper = Paper()
    unrecorded = Unrecorded(KEY, paper)
    unrecorded.begin(now(100))
    unrecorded.give_slips(job(ended_s), now(200), terms)
    unrecorded.give_slips(job(ended_s), now(210), terms)
    assert paper.copies == [copy]

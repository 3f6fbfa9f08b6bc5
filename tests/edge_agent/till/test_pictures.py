"""Whose a picture is that OCR reads late: its place in time counts, not when it was read."""

import pytest

from edge_agent.till.inputs import JobRead, JobStarted, PictureSeen
from edge_agent.till.intake import Nothing
from loyalty.events import Claim, Holder, Sale
from tests.edge_agent.conftest import some_terms
from tests.edge_agent.till.test_checkout import Till, job, sold


@pytest.fixture
def till() -> Till:
    return Till(some_terms())


def picture(till: Till, at_s: float = 100.0) -> None:
    till.feed(JobStarted("P", at_s), at_s)
    till.feed(PictureSeen("P", at_s, at_s + 1), at_s + 1)


def late(number: str = "P1", started_s: float = 100.0) -> JobRead:
    return JobRead("P", (sold(number),), started_s, started_s + 1)


def holders(till: Till) -> dict[str | None, str | None]:
    sales = [body for body in till.bodies() if isinstance(body, Sale)]
    return {sale.receipt.number: sale.holder.key if sale.holder else None for sale in sales}


def test_a_scan_before_a_picture_is_not_taken_by_the_text_job_read_first(till: Till) -> None:
    till.scan(90)
    picture(till)
    till.print_sale("N1", 103)
    till.feed(late(), 105)
    assert holders(till) == {"N1": None, "P1": "wang"}


def test_a_scan_after_a_picture_counts_for_it(till: Till) -> None:
    picture(till)
    till.scan(110)
    till.feed(late(), 112)
    assert holders(till) == {"P1": "wang"}


def test_a_scan_behind_the_next_job_is_for_the_next_sale(till: Till) -> None:
    picture(till)
    till.feed(JobStarted("N1", 103), 103)
    till.scan(104)
    till.feed(job("N1", 103), 104.5)
    till.feed(late(), 106)
    assert holders(till) == {"N1": "wang", "P1": None}


def test_the_window_of_a_sale_printed_behind_it_stays_open(till: Till) -> None:
    picture(till)
    till.print_sale("N1", 103)
    till.feed(late(), 105)
    till.scan(110)
    (claim,) = [body for body in till.bodies() if isinstance(body, Claim)]
    sales = {body.receipt.number: body for body in till.bodies() if isinstance(body, Sale)}
    assert claim.claim_hash == sales["N1"].claim_hash
    assert claim.holder == Holder("member", "wang")


def test_a_picture_alone_waits_for_a_scan_as_any_sale(till: Till) -> None:
    picture(till)
    till.feed(late(), 105)
    till.scan(110)
    assert [body.holder.key for body in till.bodies() if isinstance(body, Claim)] == ["wang"]


def test_the_scan_of_a_picture_that_is_no_sale_goes_to_the_sale_behind_it(till: Till) -> None:
    till.scan(90)
    picture(till)
    till.print_sale("N1", 103)
    till.feed(JobRead("P", (Nothing("kitchen_ticket", ()),), 100, 101), 105)
    assert [body.holder.key for body in till.bodies() if isinstance(body, Claim)] == ["wang"]


def test_a_picture_seen_twice_keeps_its_scan(till: Till) -> None:
    till.scan(90)
    picture(till)
    till.feed(PictureSeen("P", 100, 101), 102)
    till.feed(late(), 105)
    assert holders(till) == {"P1": "wang"}

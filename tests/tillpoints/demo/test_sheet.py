from datetime import datetime
from random import Random

import pytest

from tillpoints.demo.pos.boutique import Boutique
from tillpoints.demo.pos.printing import Pos
from tillpoints.demo.sheet import sheets, without_jobs

JOBS = [b"first job\n\x1dV\x00", b"second job\n\x1dV\x00"]
SLIP = "积分联 TILLPOINTS\n积分凭条\n+12\n".encode("gb18030") + b"\x1dV\x00"


def test_paper_is_cut_into_sheets_that_say_what_is_on_them():
    noon = datetime(2026, 11, 21, 12, 30)  # noqa: DTZ001 - a shop's own clock
    printed = Pos(Boutique(), lambda raw: None, Random(1), lambda: noon).sell()
    [receipt, slip] = sheets(printed.raw + SLIP)
    assert receipt.says("织野 ZHIYE", printed.number)
    assert not receipt.ours
    assert slip.says("积分凭条", "+12")
    assert slip.ours


def test_what_stands_between_jobs_is_what_is_left():
    assert without_jobs(JOBS[0] + SLIP + JOBS[1] + b"\x10\x04\x02", JOBS) == SLIP + b"\x10\x04\x02"


@pytest.mark.parametrize(
    "paper",
    [
        JOBS[1] + JOBS[0],
        JOBS[0] + JOBS[1][:-1],
        JOBS[0][:4] + SLIP + JOBS[0][4:] + JOBS[1],
        JOBS[0],
    ],
    ids=["in another order", "cut short", "with a slip inside", "missing"],
)
def test_a_job_that_is_not_on_the_paper_as_it_was_sent_is_named(paper):
    with pytest.raises(ValueError, match=r"job [12] of 2 is not on the paper as it was sent"):
        without_jobs(paper, JOBS)

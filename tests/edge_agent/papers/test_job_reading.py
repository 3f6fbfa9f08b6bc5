"""What a job says that is not whole: never an award, and never nothing in silence."""

import pytest

from edge_agent.config import Tap
from edge_agent.devices.job_file import Job, Moment
from edge_agent.papers.job_reading import JobReader
from tests.edge_agent.counter import sale_text

CUT = b"\x1dV\x00"


def decisions(data: bytes, *, complete: bool) -> list[str] | None:
    job = Job(
        job_id="1",
        tap="counter-1",
        connection="a",
        part=1,
        started=Moment.now(),
        last=True,
        complete=complete,
        why="" if complete else "killed",
        ended=None,
        byte_count=None,
        data=data,
    )
    readings = JobReader(Tap("spool"), lambda: None).read(job)
    return None if readings is None else [one.decision for one in readings]


@pytest.mark.parametrize(
    ("data", "whole", "cut_short"),
    [
        (sale_text("HL1").encode("gb18030") + CUT, ["award"], ["review"]),
        ("欢迎光临\n会员日全场八折\n".encode("gb18030") + CUT, ["ignore"], ["review"]),
        ("厨房单\n桌号 5\n鱼香肉丝 x1\n".encode("gb18030") + CUT, ["ignore"], ["ignore"]),
        (b"\x1b@", [], None),
        (b"", [], None),
    ],
)
def test_a_job_that_is_not_whole_is_for_a_person_unless_it_surely_earns_nothing(
    data: bytes, whole: list[str], cut_short: list[str] | None
) -> None:
    assert decisions(data, complete=True) == whole
    assert decisions(data, complete=False) == cut_short

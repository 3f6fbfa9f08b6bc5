"""Slips on their way to paper: printed once, and what became of each is the truth."""

import queue
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from edge_agent.devices.printer_wires import NetworkPrinter
from edge_agent.devices.printers import Answer, SlipPrinter, Status, TapPrinter
from edge_agent.devices.slip_folder import Outcome, Result, Slips
from edge_agent.devices.virtual.printer import VirtualPrinter
from edge_agent.effects import HeldSlip
from edge_agent.journal.journal import Journal
from edge_agent.journal.papers.slips import Slip, SlipState
from edge_agent.slips.compose import AnySlip, BalanceSlip, Expiring, Origin
from edge_agent.slips.printing import SlipPrinting
from paper.encode import PAPER_80MM, encode_slip
from receipts.reading import read_job
from tests.edge_agent.devices.conftest import wait_for
from tests.edge_agent.journal.conftest import enrolment

ENCODE = partial(encode_slip, profile=PAPER_80MM)
CONTENT: AnySlip = BalanceSlip(
    Origin("澄湖天地", "禾鹿小馆", "till-1", "2026-11-08 13:16:42", "N1"),
    "王** ****0014",
    "金卡",
    1214,
    "2026-11-08 13:16",
)


class Stage:
    """A journal with slips, and a printer that can break."""

    def __init__(self, folder: Path, printer: VirtualPrinter) -> None:
        self.journal = Journal.open(folder)
        self.journal.enrol(enrolment(), "http://central")
        self.virtual = printer
        self.inbox: queue.Queue[object] = queue.Queue(10)

    def slip(self, slip_id: str, state: SlipState = "queued", content: AnySlip = CONTENT) -> None:
        data = msgspec.json.encode(content)
        self.journal.note(slips=[Slip(slip_id, "balance", slip_id, data, state)])

    def state(self, slip_id: str) -> str:
        record = self.journal.slip(slip_id)
        assert record is not None
        return record.slip.state

    def run(self, printer: SlipPrinter) -> SlipPrinting:
        out = SlipPrinting(self.journal, printer, ENCODE, "zh", self.inbox)
        out.start()
        return out

    def direct(self) -> NetworkPrinter:
        return NetworkPrinter("127.0.0.1", self.virtual.port, 2.0)

    def papers(self) -> list[str]:
        return ["\n".join(each.lines) for each in read_job(self.virtual.paper)]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with VirtualPrinter() as printer:
        stage = Stage(tmp_path / "state", printer)
        yield stage
        stage.journal.close()


def test_a_queued_slip_is_printed_once_and_a_held_one_waits(stage: Stage) -> None:
    stage.slip("a")
    stage.slip("b", "held")
    out = stage.run(stage.direct())
    try:
        wait_for(lambda: stage.state("a") == "printed")
        stage.journal.slip_state("b", "queued")
        out.wake()
        wait_for(lambda: stage.state("b") == "printed")
    finally:
        out.stop()
    assert len(stage.papers()) == 2


def test_a_slip_asked_for_again_is_marked_as_a_copy(stage: Stage) -> None:
    stage.slip("a")
    out = stage.run(stage.direct())
    try:
        wait_for(lambda: stage.state("a") == "printed")
        stage.journal.copy_slip("a")
        out.wake()
        wait_for(lambda: len(stage.papers()) == 2)
    finally:
        out.stop()
    first, second = stage.papers()
    assert "COPY" not in first
    assert "COPY" in second


def test_a_slip_that_was_on_its_way_when_the_agent_died_is_unknown_and_not_printed_again(
    stage: Stage,
) -> None:
    stage.slip("a", "handed_over")
    out = stage.run(stage.direct())
    try:
        assert stage.state("a") == "unknown"
        stage.slip("b")
        out.wake()
        wait_for(lambda: stage.state("b") == "printed")
    finally:
        out.stop()
    assert len(stage.papers()) == 1


def test_without_paper_a_slip_is_not_printed_and_the_screen_is_told(stage: Stage) -> None:
    stage.virtual.paper_out = True
    stage.slip("a")
    out = stage.run(stage.direct())
    try:
        wait_for(lambda: stage.state("a") == "not_printed")
        wait_for(lambda: out.status.obstacle)
    finally:
        out.stop()
    assert stage.papers() == []
    assert not stage.inbox.empty()


class FailsOnce:
    """A driver with a bug: it prints the first slip, and fails where it should not."""

    def __init__(self) -> None:
        self.printed: list[str] = []

    def print_slip(self, slip_id: str, data: bytes) -> Outcome:
        self.printed.append(slip_id)
        if len(self.printed) == 1:
            raise OverflowError(data)
        return Outcome(Result.PRINTED, "")

    def outcomes(self) -> dict[str, Outcome]:
        return {}

    def status(self) -> Status:
        return Status()


def test_a_bug_in_a_driver_costs_one_slip_its_outcome_and_no_other(stage: Stage) -> None:
    stage.slip("a")
    stage.slip("b")
    driver = FailsOnce()
    out = stage.run(driver)
    try:
        wait_for(lambda: stage.state("b") == "printed")
    finally:
        out.stop()
    assert stage.state("a") == "unknown"
    assert driver.printed == ["a", "b"]


def test_what_the_tap_says_of_a_slip_is_written_down(stage: Stage, tmp_path: Path) -> None:
    slips = Slips(tmp_path / "slips")
    stage.slip("a")
    stage.slip("b")
    out = stage.run(TapPrinter(slips))
    try:
        wait_for(lambda: slips.waiting() == ["a", "b"])
        for slip_id, result in (("a", Result.PRINTED), ("b", Result.UNKNOWN)):
            slips.begin(slip_id)
            slips.settle(slip_id, Outcome(result, ""))
        wait_for(lambda: (stage.state("a"), stage.state("b")) == ("printed", "unknown"))
        assert out.status == Status()
    finally:
        out.stop()


def test_a_slip_the_tap_was_handed_before_a_crash_is_not_handed_over_twice(
    stage: Stage, tmp_path: Path
) -> None:
    slips = Slips(tmp_path / "slips")
    stage.slip("a")
    slips.hand_over("a", b"as the agent that died had encoded it")
    out = stage.run(TapPrinter(slips))
    try:
        wait_for(lambda: stage.state("a") == "handed_over")
    finally:
        out.stop()
    assert slips.waiting() == ["a"]


def test_a_slip_too_long_for_the_tap_holds_up_no_other(stage: Stage, tmp_path: Path) -> None:
    slips = Slips(tmp_path / "slips")
    expiring = tuple(Expiring(1, f"2027-01-{day:02d}") for day in range(1, 32)) * 4
    stage.slip("a", content=msgspec.structs.replace(CONTENT, expiring=expiring))
    stage.slip("b")
    out = stage.run(TapPrinter(slips))
    try:
        wait_for(lambda: slips.waiting() == ["b"])
        wait_for(lambda: stage.state("a") == "not_printed")
    finally:
        out.stop()


def test_a_slip_that_the_journal_has_not_waits_for_paper(stage: Stage) -> None:
    stage.virtual.paper_out = True
    out = stage.run(stage.direct())
    try:
        out.at_once(HeldSlip("a", "a", CONTENT), copy=False)
        out.at_once(HeldSlip("b", "b", CONTENT), copy=True)
        wait_for(lambda: out.status.paper is Answer.NO)
        assert not stage.papers()
        stage.virtual.paper_out = False
        wait_for(lambda: len(stage.papers()) == 2)
    finally:
        out.stop()
    assert ["COPY" in "".join(lines) for lines in stage.papers()] == [False, True]

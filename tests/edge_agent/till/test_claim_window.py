"""How long a claim slip counts at its own till: as its paper says, whatever the wall clock says."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from edge_agent import clocks
from edge_agent.desks import desk
from edge_agent.devices.ports import Scanned
from edge_agent.effects import HeldSlip, Record
from edge_agent.journal.journal import Journal
from edge_agent.recording import record
from edge_agent.slips.compose import ClaimSlip, Origin, Receipt
from loyalty.codes import CLAIM_PREFIX, claim_hash, make_short_code
from loyalty.events import Moment
from loyalty.wire import PushAnswer
from tests.edge_agent.conftest import PaperBox, some_terms
from tests.edge_agent.journal.conftest import key, open_till, sale

CODE = make_short_code("C", lambda below: 3 % below)
DAY_MS = 86_400_000
#: Central's clock when this boot began: noon of 8 November in Shanghai.
BOOT_MS = int(datetime(2026, 11, 8, 4, tzinfo=UTC).timestamp() * 1000)
WALL_CLOCKS = [0, BOOT_MS, BOOT_MS + 400 * DAY_MS]


def nothing(*_: object) -> None:
    """Stand for what is not asked, synced or printed here."""


class Counter:
    def __init__(self, journal: Journal) -> None:
        identity = journal.identity()
        assert identity is not None
        self.journal = journal
        self.till = desk(journal, identity, nothing, bool, nothing, PaperBox())

    def meet_central(self, boot_id: str) -> None:
        answer = PushAnswer("ok", 0, 1, (), 0, BOOT_MS, b"i")
        self.journal.acknowledge(answer, Moment(0, boot_id, 0), 0)

    def sell(self, until: str) -> None:
        sold = structs.replace(sale("A7"), claim_hash=claim_hash(CODE))
        origin = Origin("", "", "", "", "")
        words = ClaimSlip(origin, Receipt("A7", "", 100), 1, CODE, CODE, until, "")
        slip = HeldSlip("claim", key(sold), words)
        record(self.journal, [Record((sold,), (slip,))])

    def scan(self, wall_ms: int, boot_id: str, since_boot_ms: int) -> str:
        at = Moment(wall_ms, boot_id, since_boot_ms)
        now = clocks.now(self.journal, ZoneInfo("Asia/Shanghai"), at)
        self.till.handle(Scanned(CLAIM_PREFIX + CODE, "s", now.boottime_s), now, some_terms())
        assert self.till.state.notice is not None
        return self.till.state.notice.phrase.code


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    with open_till(tmp_path) as journal:
        yield Counter(journal)


@pytest.mark.parametrize("wall_ms", WALL_CLOCKS)
def test_a_claim_counts_up_to_the_printed_day_by_central_s_clock(
    counter: Counter, wall_ms: int
) -> None:
    counter.sell(until="2026-11-15")
    counter.meet_central("boot")
    assert counter.scan(wall_ms, "boot", 7 * DAY_MS) == "claim_ready"
    assert counter.scan(wall_ms, "boot", 8 * DAY_MS) == "claim_expired"


@pytest.mark.parametrize("wall_ms", WALL_CLOCKS)
def test_a_till_that_is_not_sure_of_the_day_leaves_a_claim_to_central(
    counter: Counter, wall_ms: int
) -> None:
    counter.sell(until="2026-11-15")
    counter.meet_central("boot before this one")
    assert counter.scan(wall_ms, "boot", 30 * DAY_MS) == "claim_ready"


def test_a_slip_printed_without_a_day_is_left_to_central(counter: Counter) -> None:
    counter.sell(until="")
    counter.meet_central("boot")
    assert counter.scan(BOOT_MS, "boot", 30 * DAY_MS) == "claim_ready"

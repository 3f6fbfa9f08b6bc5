"""A redemption that the journal does not take: what was lent for it goes back (SYNC 2.5)."""

import random

import pytest
from msgspec import structs

from edge_agent.desks import desk
from edge_agent.journal.file.writer import Writer
from edge_agent.journal.journal import Journal
from edge_agent.kiosk.state import State
from edge_agent.messages import LeaseAnswered
from edge_agent.phrases import own_words
from loyalty.wire import LeaseAnswer, RewardRow
from tests.edge_agent.conftest import PaperBox, member, now, some_terms
from tests.edge_agent.journal.conftest import WANG, at, enrolment
from tillpoints.simulation.machines.disk import Disk
from tillpoints.simulation.machines.vfs import installed

TEA = RewardRow("tea", "茶", "Tea", 50, None)
LENT = LeaseAnswer("l1", 50, "VCHR0001", valid_until="2027-01-01", ttl_s=900)


class SmallDisk:
    """A disk without room until somebody makes some."""

    def __init__(self, folder):
        self.full = False
        self.disk = Disk(folder, random.Random(0), lambda _: None)

    def no_room(self):
        """The journal's writer asks for room: there is none, and none for the next write."""
        if self.full:
            self.disk.arm("full", 0)
        return False

    def fill(self):
        self.full = True
        self.disk.arm("full", 0)

    def clear(self):
        self.full = False
        self.disk.disarm()


def nothing(*_):
    """Stand for what is not asked, synced or printed here."""


@pytest.fixture
def kiosk(tmp_path):
    with installed() as vfs:
        small = SmallDisk(tmp_path)
        vfs.disks[str(tmp_path)] = small.disk
        with Journal.open(
            tmp_path, clock=at, writer=lambda connect: Writer(connect, small.no_room)
        ) as journal:
            identity = journal.enrol(enrolment(), "http://127.0.0.1:9")
            kiosk = structs.replace(identity, role="kiosk")
            yield desk(journal, kiosk, nothing, bool, nothing, PaperBox()), journal, small


def test_a_lease_whose_spend_the_disk_refuses_is_given_back_once_there_is_room(kiosk):
    stand, journal, small = kiosk
    journal.lease_asked("s1", "r1", WANG, "tea")
    journal.lease_answered("r1", LENT)
    shown = State(step="working", member=member(), chosen=TEA, place=own_words("anywhere"))
    stand.state = structs.replace(shown, request_id="r1", pieces=1)
    small.fill()
    stand.handle(LeaseAnswered("r1", LENT), now(1), some_terms())
    assert stand.state.step == "welcome"  # and not waiting for an answer for ever
    stand.tick(now(2), some_terms())
    assert journal.stranded_leases("s1") == []  # there is no room to note even that
    small.clear()
    stand.tick(now(3), some_terms())
    (lease,) = journal.stranded_leases("s1")
    assert lease.request.request_id == "r1"


def test_a_lease_that_was_spent_is_never_given_back(kiosk):
    stand, journal, _ = kiosk
    journal.lease_asked("s1", "r1", WANG, "tea")
    journal.lease_answered("r1", LENT)
    shown = State(step="working", member=member(), chosen=TEA, place=own_words("anywhere"))
    stand.state = structs.replace(shown, request_id="r1", pieces=1)
    stand.handle(LeaseAnswered("r1", LENT), now(1), some_terms())
    assert stand.state.step == "done"
    stand.tick(now(2), some_terms())
    assert journal.stranded_leases("s1") == []

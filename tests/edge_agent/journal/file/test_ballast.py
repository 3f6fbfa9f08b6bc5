"""The reserve for the day the disk is full: sales go on for a while, lending stops."""

import os
import random
import shutil
import subprocess
from contextlib import suppress

import pytest

from edge_agent.journal.errors import JournalFull
from edge_agent.journal.file import ballast
from edge_agent.journal.file.ballast import BALLAST_BYTES, Ballast
from edge_agent.journal.file.writer import Writer
from edge_agent.journal.journal import Journal
from edge_agent.sync.online import Online
from loyalty.rules.earning import Reason
from loyalty.wire import LeaseAnswer, LeaseRequest
from tests.edge_agent.journal.conftest import WANG, at, enrolment, sale
from tillpoints.simulation.machines.disk import Disk
from tillpoints.simulation.machines.vfs import installed


def test_the_reserve_takes_real_room_and_gives_it_back(tmp_path):
    reserve = Ballast(tmp_path)
    assert reserve.fill()
    file = tmp_path / ballast.FILE
    assert file.stat().st_blocks * 512 >= BALLAST_BYTES
    assert (reserve.is_there, reserve.release(), reserve.is_there) == (True, True, False)
    assert not reserve.release()


def test_a_reserve_that_would_fill_the_disk_is_not_taken(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=BALLAST_BYTES)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert not Ballast(tmp_path).fill()
    assert not (tmp_path / ballast.FILE).exists()


def test_half_a_reserve_is_none(tmp_path):
    (tmp_path / ballast.FILE).write_bytes(b"x")
    assert not Ballast(tmp_path).is_there
    assert Ballast(tmp_path).fill()


@pytest.fixture
def till(tmp_path):
    """A till above a disk that can be told to be full, with a reserve."""
    with installed() as vfs:
        disk = vfs.disks[str(tmp_path)] = Disk(tmp_path, random.Random(0), lambda _: None)
        reserve = Ballast(tmp_path)
        with Journal.open(
            tmp_path, clock=at, writer=lambda connect: Writer(connect, reserve.release)
        ) as journal:
            journal.enrol(enrolment(), "http://127.0.0.1:9")
            reserve.fill()
            yield journal, disk, reserve


def test_on_a_full_disk_the_reserve_is_given_back_and_the_sale_recorded(till):
    journal, disk, reserve = till
    disk.arm("full", 0)
    assert journal.append([sale(1)]) == [1]
    assert not reserve.is_there
    disk.arm("full", 0)
    with pytest.raises(JournalFull):
        journal.append([sale(2)])
    assert journal.append([sale(3)]) == [2]
    assert journal.verify().problems == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_till_that_starts_on_a_full_disk_starts_on_its_reserve(tmp_path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", tmp_path], check=True)
    try:
        with Journal.open(tmp_path, clock=at) as journal:
            journal.enrol(enrolment(), "http://127.0.0.1:9")
        reserve = Ballast(tmp_path)
        assert reserve.fill()
        with (tmp_path / "filler").open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass
        with Journal.open(
            tmp_path, clock=at, writer=lambda connect: Writer(connect, reserve.release)
        ) as journal:
            assert not reserve.is_there
            assert journal.append([sale(1)]) == [1]
        with suppress(OSError), (tmp_path / "filler").open("ab", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        with pytest.raises(JournalFull, match="no room on the disk"):
            Journal.open(tmp_path, clock=at)
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_without_the_reserve_nothing_is_lent_and_nobody_is_asked(till):
    journal, _, reserve = till
    reserve.release()
    nobody = None  # a call would fail
    online = Online(journal, nobody, session="s1", has_room=lambda: reserve.is_there)
    assert online.lease(LeaseRequest("r1", WANG, "tea")) == LeaseAnswer(refusal=Reason("disk_full"))
    assert journal.stranded_leases("other") == []

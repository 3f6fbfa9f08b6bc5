"""Databases and disks that come back from copies, under tills and a central that really run.

Central's database is restored from a backup that is too old, a till's disk from an image that is,
and a till's disk runs in two machines: nothing that a till said is lost, and nothing counts twice.
"""

import shutil

import pytest
from sqlalchemy import select, update

from central import schema
from central.database import reading, writing
from central.sync.reward_offers import LEASE_TTL_S
from tests.central.commands.conftest import database
from tests.central.mall import DEMO, Mall
from tests.central.serving.process import serving
from tests.faults.till_runs import Till, all_counts_once

#: On SQLite whole agents go through this (test_a_mall_of_processes.py).
ON_POSTGRESQL = pytest.mark.parametrize("any_mall", ["postgresql"], indirect=True)


@pytest.fixture
def empty_mall(request, any_mall, tmp_path):
    """A mall with the keys of `any_mall`, on a database of its kind in which nothing is."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    shutil.copy(any_mall.folder / "central.keys", folder)
    if any_mall.url.startswith("sqlite"):
        yield Mall(folder)
        return
    with database(request.getfixturevalue("databases"), "template0") as url:
        yield Mall(folder, url)


@pytest.fixture
def tills(any_mall, tmp_path, memory):
    """Two machines that became devices of the mall and have sold nothing."""
    any_mall.run("central", "import", "members", str(DEMO / "members.csv"))
    return [Till.in_mall(any_mall, number, tmp_path, memory) for number in range(2)]


def test_central_restored_from_an_older_backup_gets_everything_back(
    any_mall, empty_mall, tills, tmp_path
):
    """Each third sale of a till asks for a voucher, behind the backup too."""
    first, second = tills
    with serving(any_mall) as (_, url):
        for till in tills:
            till.goes_on(url, sales=3)
        any_mall.run("central", "backup", str(tmp_path / "mall.backup"))
        for till in tills:
            till.goes_on(url, sales=6)
    # Killed, as `serving` ends: what came after the backup is on the tills alone.
    empty_mall.run("central", "restore", str(tmp_path / "mall.backup"))
    with serving(empty_mall) as (_, url):
        first.goes_on(url, sales=9)
        assert len(first.told("none")) == 1  # no lease while a lost one may be alive
        second.goes_on(url, sales=8)
        the_longest_lease_runs_out(empty_mall)
        first.goes_on(url, sales=12)
        assert [len(till.told("redeemed")) for till in tills] == [3, 2]
    all_counts_once(empty_mall, tills)


def the_longest_lease_runs_out(mall):
    with mall.parts() as parts, writing(parts.engine) as connection:
        t = schema.restored
        connection.execute(update(t).values(restored_ms=t.c.restored_ms - LEASE_TTL_S * 1000))


@ON_POSTGRESQL
def test_a_till_put_back_to_an_older_image_doubles_and_loses_nothing(any_mall, tills, tmp_path):
    till, _ = tills
    with serving(any_mall) as (_, url):
        till.goes_on(url, sales=3)
        shutil.copytree(till.folder, tmp_path / "image")
        till.goes_on(url, sales=6)
        shutil.rmtree(till.folder)
        shutil.copytree(tmp_path / "image", till.folder)
        till.reboots()
        till.goes_on(url, sales=6, numbered="X")  # it knows of three
    all_counts_once(any_mall, [till])
    assert len(told_by(any_mall, schema.epoch_grant)) == 1


@ON_POSTGRESQL
def test_a_till_s_disk_in_two_machines_counts_each_sale_once(any_mall, tills, tmp_path, memory):
    till, _ = tills
    with serving(any_mall) as (_, url):
        till.goes_on(url, sales=2)
        copy = till.copied(tmp_path / "copy", memory)
        till.goes_on(url, sales=5)
        copy.goes_on(url, sales=5, numbered="X")  # the chains part: it gets an epoch of its own
        till.goes_on(url, sales=6, ends="fenced")
        assert len(told_by(any_mall, schema.fence)) == 1
        words = ("--name", till.name, "--role", "till", "--shop", "helu", "--again")
        till.code = any_mall.json("fleet", "enrol", *words)["code"]
        till.goes_on(url, sales=6)
    all_counts_once(any_mall, [till, copy])


@ON_POSTGRESQL
def test_a_copy_that_comes_first_to_a_restored_central_hides_nothing(
    any_mall, empty_mall, tills, tmp_path, memory
):
    """What central had acknowledged to the one stands there by the same numbers as the other's."""
    till, _ = tills
    with serving(any_mall) as (_, url):
        till.goes_on(url, sales=2)
        any_mall.run("central", "backup", str(tmp_path / "mall.backup"))
        copy = till.copied(tmp_path / "copy", memory)
        till.goes_on(url, sales=5)
    empty_mall.run("central", "restore", str(tmp_path / "mall.backup"))
    with serving(empty_mall) as (_, url):
        copy.goes_on(url, sales=6, numbered="X")
        the_longest_lease_runs_out(empty_mall)
        till.goes_on(url, sales=7)
    all_counts_once(empty_mall, [till, copy])


def told_by(mall, table):
    with mall.parts() as parts, reading(parts.engine) as connection:
        return connection.execute(select(table)).all()

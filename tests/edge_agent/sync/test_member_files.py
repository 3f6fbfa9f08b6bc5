import errno
import os
import random
import shutil
import sqlite3
from contextlib import closing

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from edge_agent.journal.file.database import FILE
from edge_agent.journal.journal import Journal
from edge_agent.journal.pulled.member_files import path_of
from edge_agent.journal.pulled.members import InUse
from edge_agent.sync import member_files
from edge_agent.sync.calls import Caller
from edge_agent.sync.syncer import Syncer
from edge_agent.sync.transport import HttpTransport
from loyalty import member_delta
from loyalty.directory import NewKey, key_message
from loyalty.events import Holder, Moment
from loyalty.member_file import key_check
from loyalty.wire import MemberRow, Topic
from tests.edge_agent.journal.conftest import at, sale
from tests.edge_agent.sync.conftest import settle
from tests.loyalty.directories import TENANT_KEY, member_file, name_of, opened

LATER = Moment(1_000_000, "boot-a", 1_000_000 + 11 * 60 * 1000)


def mall(count=400, seed=1, **changes):
    """Return members and cards; `changes` are new balances by the number of a member."""
    rng = random.Random(seed)
    members = {f"{rng.getrandbits(64):016x}": ("gold", number, "王**") for number in range(count)}
    cards = {f"{rng.getrandbits(64):016x}": member for member in members}
    names = list(members)
    for number, balance in changes.items():
        members[names[int(number[1:])]] = ("gold", balance, "王**")
    return members, cards, {}


def balances(till, tables):
    members, cards, _ = tables
    return {tag: till.standing(Holder("card", tag)).balance for tag in cards} == {
        tag: members[member][1] for tag, member in cards.items()
    }


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of a kilobyte, so that a file of ours has some twenty."""
    for name in ("PART_BYTES_MIN", "PART_BYTES_MAX", "_PART_BYTES_FIRST"):
        monkeypatch.setattr(member_files, name, 1024)


def files_of(till):
    return sorted(path.name for path in till.directory.glob("*.members*"))


def test_a_new_till_fetches_the_file_and_knows_every_member(till, central, syncer):
    data = member_file(*mall(), position=3)
    name = central.offer_file(data, 3)
    settle(syncer)
    assert till.member_file() == InUse(name, 3, 3)
    assert balances(till, mall())
    assert syncer.status().problem is None
    assert files_of(till) == [f"{name}.members"]
    assert path_of(till.directory, name).stat().st_size == len(data)


def test_a_till_asks_more_often_while_its_first_file_is_being_made(till, central, syncer):
    name = central.offer_file(member_file(*mall(), position=3), 3)
    offer, central.offer = central.offer, None
    usual = syncer.step(at())
    pulled = central._pull
    central._pull = lambda request: structs.replace(pulled(request), through=3)
    assert syncer.step(at()) == 2.0 < usual
    central._pull, central.offer = pulled, offer
    settle(syncer)
    assert till.member_file().name == name
    assert syncer.step(at()) == usual


def test_sales_and_sync_go_on_between_the_parts(small_parts, till, central, syncer):
    """In its first minutes a till gives points to the card; they are pushed meanwhile."""
    tables = mall()
    name = central.offer_file(member_file(*tables, position=3), 3)
    tag, member = next(iter(tables[1].items()))
    syncer.step(at())
    for number in range(3):
        holder = till.holder_of(tag)
        assert holder.kind == "card"
        till.append([sale(number, holder, 10)])
        syncer.step(at())
        assert till.queue_depth() == 0
        assert till.member_file().name == ""
    settle(syncer)
    assert till.member_file().name == name
    assert till.standing(Holder("card", tag)).holder == Holder("member", member)


def test_a_line_that_breaks_at_every_part_costs_no_part_twice(small_parts, till, central, syncer):
    data = member_file(*mall(), position=3)
    central.offer_file(data, 3)
    parts = range(0, len(data), 1024)
    for start in parts:
        central.cut_after = start
        syncer.step(at())
        assert syncer.in_trouble
        assert syncer.step(at()) == 0.0
    settle(syncer)
    assert balances(till, mall())
    starts = [int(wanted[6:].split("-")[0]) for _, wanted in central.ranges]
    assert starts == [start for start in parts for _ in range(2)]


def test_a_restart_goes_on_behind_the_last_part(till, central, url, small_parts):
    data = member_file(*mall(), position=3)
    name = central.offer_file(data, 3)
    folder = till.directory
    till.close()
    for _ in range(100):
        with Journal.open(folder, clock=at) as again:
            transport = HttpTransport(url)
            syncer_of(again, transport).step(at())
            transport.close()
            if again.member_file().name == name:
                assert balances(again, mall())
                break
    starts = [int(wanted[6:].split("-")[0]) for file, wanted in central.ranges]
    assert starts == list(range(0, len(data), 1024))


def syncer_of(journal, transport):
    return Syncer(journal, Caller(journal, transport), session="s2", rng=random.Random(1))


class Cut(BaseException):
    """The power goes."""


#: Every call that writes, in a download and in an update by delta.
STEPS = ("fsync", "replace", "sync_folder", "use_member_file", "unlink")


@pytest.mark.parametrize("with_delta", [False, True])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_any_step_leaves_the_old_file_in_use_and_the_next_start_goes_on(
    till, central, url, monkeypatch, with_delta, step, after
):
    before, now = mall(), mall(m5=9999, m6=-4)
    old, new = member_file(*before, position=3), member_file(*now, position=5)
    names = (name_of(old), name_of(new))
    delta = member_delta.difference(opened(old), opened(new), names) if with_delta else b""
    central.offer_file(old, 3)
    transport = HttpTransport(url)
    settle(syncer_of(till, transport))
    assert balances(till, before)
    central.offer_file(new, 5, delta)
    died = []

    def dying(call):
        def run(*args, **kwargs):
            if after:
                call(*args, **kwargs)
            died.append(step)
            raise Cut

        return run

    with monkeypatch.context() as patch:
        where = {
            "fsync": (member_files.os, "fsync"),
            "replace": (member_files.Path, "replace"),
            "sync_folder": (member_files, "sync_folder"),
            "use_member_file": (Journal, "use_member_file"),
            "unlink": (member_files.Path, "unlink"),
        }[step]
        patch.setattr(*where, dying(getattr(*where)))
        dead = syncer_of(till, transport)
        with pytest.raises(Cut):
            settle(dead)
    assert died
    folder = till.directory
    till.close()
    with Journal.open(folder, clock=at) as again:
        in_use = again.member_file().name
        assert in_use in names
        assert balances(again, before if in_use == names[0] else now)
        settle(syncer_of(again, transport))
        assert balances(again, now)
        settle(syncer_of(again, transport))
        assert files_of(again) == [f"{names[1]}.members"]
    transport.close()


def test_a_delta_makes_the_next_file_without_fetching_it(till, central, syncer):
    before, now = mall(), mall(m1=77, m2=0)
    old, new = member_file(*before, position=3), member_file(*now, position=5)
    central.offer_file(old, 3)
    settle(syncer)
    names = (name_of(old), name_of(new))
    delta = member_delta.difference(opened(old), opened(new), names)
    central.offer_file(new, 5, delta)
    central.ranges.clear()
    settle(syncer)
    assert till.member_file() == InUse(names[1], 5, 5)
    assert balances(till, now)
    assert [file for file, _ in central.ranges] == [name_of(delta)]
    settle(syncer)
    assert files_of(till) == [f"{names[1]}.members"]


@pytest.mark.parametrize("wrong", ["flipped", "of another file", "with another result", "noise"])
def test_a_delta_that_does_not_result_in_its_file_is_replaced_by_the_whole_file(
    till, central, syncer, wrong, caplog
):
    before, now = mall(), mall(m1=77, m2=0)
    old, new = member_file(*before, position=3), member_file(*now, position=5)
    central.offer_file(old, 3)
    settle(syncer)
    names = (name_of(old), name_of(new))
    delta = member_delta.difference(opened(old), opened(new), names)
    other = member_file(*mall(m1=78), position=5)
    if wrong == "of another file":
        delta = member_delta.difference(opened(other), opened(new), (name_of(other), names[1]))
    elif wrong == "with another result":
        delta = member_delta.difference(opened(old), opened(other), names)
    elif wrong == "noise":
        delta = b"<html>hotel Wi-Fi</html>"
    central.offer_file(new, 5, delta)
    if wrong == "flipped":
        central.files[name_of(delta)] = delta[:-1] + bytes([delta[-1] ^ 1])
    for _ in range(3):
        syncer.step(at())
    settle(syncer)
    syncer.step(LATER)
    settle_at(syncer, LATER)
    assert till.member_file().name == names[1]
    assert balances(till, now)


def settle_at(syncer, now):
    for _ in range(30):
        if syncer.step(now) > 0:
            return


def test_a_file_that_is_not_what_its_name_says_is_not_used_and_fetched_again(
    till, central, syncer, caplog
):
    data = member_file(*mall(), position=3)
    name = central.offer_file(data, 3)
    central.files[name] = data[:-1] + bytes([data[-1] ^ 1])
    settle(syncer)
    assert till.member_file().name == ""
    assert syncer.status().problem.code == "directory_broken"
    assert syncer.status().online
    asked = len(central.ranges)
    settle(syncer)
    assert len(central.ranges) == asked  # not before a while
    central.files[name] = data
    settle_at(syncer, LATER)
    assert till.member_file().name == name
    assert syncer.status().problem is None


def test_a_file_that_is_gone_at_central_is_let_go_and_the_next_one_fetched(till, central, syncer):
    gone = central.offer_file(member_file(*mall(), position=3), 3)
    del central.files[gone]
    settle(syncer)
    assert syncer.status().problem is None
    name = central.offer_file(member_file(*mall(m1=5), position=4), 4)
    settle(syncer)
    assert till.member_file().name == name


@pytest.mark.parametrize("status", [403, 500, 200])
def test_a_central_that_cannot_give_the_file_leaves_sync_itself_alone(
    till, central, syncer, status
):
    name = central.offer_file(member_file(*mall(), position=3), 3)
    part = central._part
    central._part = lambda environ, name: (status, b"not a part")
    central.tell(Topic.MEMBER, "aa" * 8, MemberRow("aa" * 8, (), "gold", 10, "王**"))
    till.append([sale(1, Holder("member", "aa" * 8), 5)])
    settle(syncer)
    assert till.queue_depth() == 0
    assert (syncer.status().online, syncer.status().problem.code) == (True, "directory_broken")
    central._part = part
    settle_at(syncer, LATER)
    assert till.member_file().name == name


# ---- a disk without room


def test_without_room_for_the_file_and_the_reserve_nothing_is_fetched(
    till, caller, central, syncer
):
    data = member_file(*mall(), position=3)
    name = central.offer_file(data, 3)
    free = [member_files.RESERVE_BYTES + len(data) - 1]
    syncer._fetcher = member_files.MemberFileFetcher(till, caller, lambda _: free[0])
    settle(syncer)
    assert central.ranges == []
    problem = syncer.status().problem
    assert (problem.code, syncer.status().online) == ("directory_disk", True)
    till.append([sale(1, Holder("card", "00" * 8), 5)])
    settle(syncer)
    assert till.queue_depth() == 0
    free[0] += 1
    settle_at(syncer, LATER)
    assert till.member_file().name == name
    assert syncer.status().problem is None


@pytest.mark.parametrize("with_delta", [False, True])
def test_a_disk_that_fills_up_in_the_middle_keeps_the_old_file_and_frees_the_part(
    small_parts, till, central, syncer, monkeypatch, with_delta, caplog
):
    before, now = mall(), mall(m1=77)
    old, new = member_file(*before, position=3), member_file(*now, position=5)
    central.offer_file(old, 3)
    settle(syncer, 200)
    names = (name_of(old), name_of(new))
    delta = member_delta.difference(opened(old), opened(new), names) if with_delta else b""
    central.offer_file(new, 5, delta)
    synced = []

    def full(handle):
        synced.append(handle)
        if len(synced) == (1 if with_delta else 4):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(member_files.os, "fsync", full)
        settle(syncer, 200)
    assert syncer.status().problem.code == "directory_disk"
    assert "No space left" in caplog.text
    assert files_of(till) == [f"{names[0]}.members"]
    assert balances(till, before)
    for _ in range(200):
        if syncer.step(LATER) > 0:
            break
    assert balances(till, now)


def test_what_lies_about_from_earlier_is_deleted(till, central, syncer):
    stale = till.directory / ("ab" * 32 + ".members.part")
    stale.write_bytes(b"x")
    name = central.offer_file(member_file(*mall(), position=3), 3)
    settle(syncer)
    settle(syncer)
    assert files_of(till) == [f"{name}.members"]
    assert shutil.disk_usage(till.directory).free > 0


# ---- another tenant key


NEW_KEY = b"n" * 32


def rotated(till, central, central_key, tables, file_key=NEW_KEY):
    """Let central offer a file under another key, and hand that key out; return the file's name."""
    handed = NewKey(NEW_KEY, central_key.sign(key_message(till.identity().device_id, NEW_KEY)))
    name = central.offer_file(member_file(*tables, position=5, tenant_key=file_key), 5)
    pulled, known = central._pull, key_check(NEW_KEY)
    central._pull = lambda request: structs.replace(
        pulled(request), new_key=None if request.held.key_check == known else handed
    )
    return name


def test_key_and_file_are_taken_together_and_until_then_members_are_found_as_before(
    small_parts, till, central, syncer
):
    central_key = with_real_key(till)
    before, now = mall(), mall(seed=2)
    old = central.offer_file(member_file(*before, position=3), 3)
    settle(syncer)
    name = rotated(till, central, central_key, now)
    seen = set()
    for _ in range(100):
        syncer.step(at())
        key, used = till.identity().tenant_key, till.member_file().name
        seen.add((key, used))
        assert balances(till, before if used == old else now)
        if used == name:
            break
    assert seen == {(TENANT_KEY, old), (NEW_KEY, name)}
    assert till.holder_of(next(iter(before[1]))).kind == "card"


def test_a_restart_between_key_and_file_loses_neither(small_parts, till, central, syncer, url):
    central_key = with_real_key(till)
    central.offer_file(member_file(*mall(), position=3), 3)
    settle(syncer, 200)
    name = rotated(till, central, central_key, mall(seed=2))
    for _ in range(3):
        syncer.step(at())
    folder = till.directory
    till.close()
    with Journal.open(folder, clock=at) as again:
        assert again.identity().tenant_key == TENANT_KEY
        assert balances(again, mall())
        transport = HttpTransport(url)
        settle(syncer_of(again, transport), 200)
        transport.close()
        assert (again.identity().tenant_key, again.member_file().name) == (NEW_KEY, name)
        assert balances(again, mall(seed=2))


def test_a_file_under_a_key_that_is_not_the_one_handed_out_is_not_used(till, central, syncer):
    central_key = with_real_key(till)
    old = central.offer_file(member_file(*mall(), position=3), 3)
    settle(syncer)
    rotated(till, central, central_key, mall(seed=2), file_key=b"x" * 32)
    settle(syncer)
    assert (till.identity().tenant_key, till.member_file().name) == (TENANT_KEY, old)
    assert balances(till, mall())
    assert syncer.status().problem.code == "directory_broken"


@pytest.mark.parametrize("wrong", ["signature", "length", "device"])
def test_a_key_that_central_has_not_signed_is_not_used(till, central, syncer, wrong):
    central_key = with_real_key(till)
    key = b"n" * (31 if wrong == "length" else 32)
    device_id = bytes(16) if wrong == "device" else till.identity().device_id
    signature = central_key.sign(key_message(device_id, key))
    if wrong == "signature":
        signature = Ed25519PrivateKey.generate().sign(key_message(device_id, key))
    pulled = central._pull
    central._pull = lambda request: structs.replace(pulled(request), new_key=NewKey(key, signature))
    syncer.step(at())
    assert till.identity().tenant_key == TENANT_KEY
    assert syncer.status().problem.code == "nonsense"


def with_real_key(till):
    """Let the till know a central that can sign."""
    central_key = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
    with closing(sqlite3.connect(till.directory / FILE)) as db:
        public = central_key.public_key().public_bytes_raw()
        db.execute("UPDATE identity SET central_key = ?", (public,))
        db.commit()
    return central_key

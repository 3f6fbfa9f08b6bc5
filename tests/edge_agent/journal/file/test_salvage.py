"""A journal whose file is damaged: what can be read is kept, and the rest is told as lost."""

import random
import shutil
import sqlite3
from contextlib import closing

import msgspec
import pytest
from msgspec import structs

from edge_agent.journal import projections
from edge_agent.journal.clock import moment
from edge_agent.journal.errors import Duplicate, JournalBroken
from edge_agent.journal.file.database import FILE, reading
from edge_agent.journal.file.mark import Mark
from edge_agent.journal.file.migrate import steps
from edge_agent.journal.file.pages import records
from edge_agent.journal.file.salvage import opened, salvage
from edge_agent.journal.file.writer import Writer
from edge_agent.journal.journal import Journal
from edge_agent.journal.log import Place
from edge_agent.journal.papers.slips import JobOutcome, Slip
from edge_agent.journal.spending.coupons import KeptCoupon
from loyalty.chain import SPELLED_KIND
from loyalty.coupons import Coupon
from loyalty.damage import Damage, read
from loyalty.events import Bill, LeaseClose, VoucherUse, body_of, origin_of
from loyalty.wire import HeldEpoch, PullAnswer, PushAnswer, RehomeAnswer
from tests.edge_agent.journal.conftest import (
    DEVICE,
    LI,
    WANG,
    at,
    correction,
    key,
    lend,
    open_till,
    redeem,
    refund_of,
    sale,
)

SALES = 40
PAGE = 4096


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A closed journal of sales with their slips and jobs."""
    folder = tmp_path_factory.mktemp("whole")
    with open_till(folder) as till:
        for number in range(SALES):
            till.append(
                [sale(number, WANG, 1)],
                slips=[Slip(f"slip-{number}", "award", "", b"paper" * 20)],
                job=JobOutcome(f"job-{number}", b""),
            )
    return folder


@pytest.fixture
def folder(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "state")
    return tmp_path / "state"


def places(folder):
    with closing(sqlite3.connect(folder / FILE)) as db:
        return {row[0]: (row[1], row[2]) for row in db.execute("SELECT seq, hash, body FROM event")}


def spoil_page(folder, number, data):
    with (folder / FILE).open("r+b") as file:
        file.seek(number * PAGE)
        file.write(data)


def told_to_central(journal):
    """Return what is pushed, by seq: the event's number, or what became of it."""
    found = {}
    for seq, frame in enumerate(journal.batch(1, 1000, 1 << 20).frames, 1):
        if frame.kind == SPELLED_KIND:
            damage, rest = read(frame)
            alone = damage is Damage.ALONE
            found[seq] = body_of(rest).receipt.number if alone else damage
        else:
            found[seq] = body_of(frame).receipt.number
    return found


def test_whichever_page_is_spoilt_every_row_elsewhere_is_kept_and_no_gap_is_silent(whole, tmp_path):
    pages = (whole / FILE).stat().st_size // PAGE
    chance = random.Random(5)
    salvaged, refused = 0, []
    for page in range(1, pages, 2):
        folder = tmp_path / str(page)
        shutil.copytree(whole, folder)
        held = page_events(whole, page)
        spoil_page(folder, page, chance.randbytes(PAGE))
        try:
            with opened(folder, Writer, Mark(), moment()) as journal:
                told = told_to_central(journal)
                head = journal.outbox().head_seq
                assert journal.append([sale("after", WANG, 1)]) == [head + 1]
        except JournalBroken as error:
            refused.append(str(error))  # the page of the identity
            continue
        salvaged += (folder / f"{FILE}.damaged-1").exists()
        assert head == SALES
        assert sorted(told) == [*range(1, SALES + 1)]
        lost = {seq for seq, what in told.items() if what is Damage.LOST}
        assert lost <= held
        assert all(told[seq] == str(seq - 1) for seq in set(told) - lost)
    assert salvaged > pages // 4
    # The pages of the schema, of the identity and of the epochs: without them nobody knows whose.
    assert all("enrol the device again" in why for why in refused)
    assert len(refused) <= 4


def page_events(folder, page):
    """Return which events lie on one page of the file."""
    data = bytearray((folder / FILE).read_bytes())
    every = {row[1] for row in records(bytes(data)) if len(row) == 6}
    data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    return every - {row[1] for row in records(bytes(data)) if len(row) == 6}


def test_the_raw_pages_hold_what_the_tree_holds(folder):
    raw = {
        row[1]: (row[2], row[5]) for row in records((folder / FILE).read_bytes()) if len(row) == 6
    }
    assert raw == places(folder)


def test_a_body_that_spills_over_pages_is_found_whole(folder):
    with Journal.open(folder, clock=at) as till:
        big = [sale("7" * 1500, WANG, 1), sale("8" * 3000, WANG, 1)]
        till.append(big)
    rows = [row for row in records((folder / FILE).read_bytes()) if len(row) == 6]
    assert {row[1]: row[5] for row in rows} == {
        seq: body for seq, (_, body) in places(folder).items()
    }


def test_the_tail_that_only_the_mark_knows_is_told_as_lost(folder):
    last = max(places(folder))
    drop(folder, last - 4)
    done = salvage(folder, told=Place(1, last))
    assert (done.events, done.lost) == (SALES - 5, 5)
    with Journal.open(folder, clock=at) as journal:
        told = told_to_central(journal)
        assert [told[seq] for seq in range(last - 4, last + 1)] == [Damage.LOST] * 5
        assert journal.append([sale("after")]) == [last + 1]
        assert told_to_central(journal)[last + 1] == "after"


def test_what_is_written_under_a_lost_number_is_to_be_sent_whatever_was_acknowledged(folder):
    last = max(places(folder))
    with Journal.open(folder, clock=at) as till:
        till.acknowledge(PushAnswer("ok", last, last + 1, (), 1, 0, b"i"), at(), 0)
        till.take_page(PullAnswer(b"i", 1, (), more=False))
    drop(folder, last - 4)
    salvage(folder)
    with Journal.open(folder, clock=at) as till:
        assert (till.outbox().acked_seq, till.outbox().contained_seq) == (last - 5, last - 5)
        till.append([sale("after")])
        assert till.queue_depth() == 1
        held = HeldEpoch(1, last, ((last, bytes(32)), (last - 5, till.links()[-2].hash)))
        assert till.rehome(RehomeAnswer(2, bytes(32), (held,))) == 1


def drop(folder, seq):
    """Take the events from `seq` on away, and what else would tell of them."""
    with closing(sqlite3.connect(folder / FILE)) as db:
        db.execute("DROP TRIGGER event_is_never_deleted")
        db.execute("DELETE FROM event WHERE seq >= ?", (seq,))
        db.execute("DELETE FROM slip WHERE seq >= ?", (seq,))
        db.execute("DELETE FROM job WHERE seq >= ?", (seq,))
        db.commit()
        db.execute("VACUUM")


def lose(folder, where):
    with closing(sqlite3.connect(folder / FILE)) as db:
        db.execute("DROP TRIGGER event_is_never_deleted")
        db.execute(f"DELETE FROM event WHERE {where}")  # noqa: S608 ours
        db.commit()
        db.execute("VACUUM")


def test_slips_and_jobs_tell_of_events_that_are_lost(folder):
    last = max(places(folder))
    lose(folder, f"seq > {last - 2}")
    assert salvage(folder).lost == 2


def test_projections_are_made_again_without_what_is_lost(folder):
    with Journal.open(folder, clock=at) as till:
        till.append([correction(sale(4, WANG, 1), None)])
    lose(folder, "seq = 5")
    assert salvage(folder).lost == 1
    with Journal.open(folder, clock=at) as till:
        assert till.standing(WANG).pending == SALES - 1
        assert till.cursor().position == 0
        assert till.job_seen("job-4") is not None


def damage_before_an_upgrade(folder, where):
    with closing(sqlite3.connect(folder / FILE)) as db:
        db.execute("DROP TRIGGER event_is_never_changed")
        db.execute(f"UPDATE event SET body = substr(body, 2) WHERE {where}")  # noqa: S608 ours
        db.execute("UPDATE projection SET version = version - 1")
        db.commit()


@pytest.mark.parametrize("seq", [1, 3])
@pytest.mark.parametrize("salvaged", [True, False])
def test_a_coupon_that_was_used_again_stays_with_its_later_bill(tmp_path, salvaged, seq):
    """It came back with its first bill; a row that says so, the sale or the refund, is lost."""
    folder, coupon = tmp_path / "state", "V0000000000000AA"
    first, second = sale(1), sale(2)

    def use(sold):
        bill = Bill(12_000, 2_000)
        return VoucherUse(at(), coupon, DEVICE.hex(), "", bill, key(sold))

    with open_till(folder) as till:
        till.append([first, use(first)])
        till.append([refund_of(first, "R1", None)])
        till.append([second, use(second)])
    if salvaged:
        lose(folder, f"seq = {seq}")
        salvage(folder)
    else:
        damage_before_an_upgrade(folder, f"seq = {seq}")
    with Journal.open(folder, clock=at) as till:
        assert till.voucher_used(coupon)
        till.append([refund_of(second, "R2", None)])
        assert not till.voucher_used(coupon)


@pytest.mark.parametrize("salvaged", [True, False])
def test_what_is_lost_but_for_the_row_in_which_it_was_written_again_is_known(tmp_path, salvaged):
    """In its turn too: what was refunded and handed out behind it hangs on it as it did."""
    folder, sold = tmp_path / "state", sale(1, WANG, 10)
    with open_till(folder) as till:
        spend = lend(till, redeem("V0000000000000AA"))
        till.append([sold, spend, LeaseClose(at(), spend.lease_id, spend.points)])
        till.append([refund_of(sold, "R1", 4, 4_000), correction(sold, LI, 6)])
        till.rehome(RehomeAnswer(2, bytes(32), ()))
        with reading(folder / FILE) as db:
            live = projections.dump(db)
    if salvaged:
        lose(folder, "epoch = 1 AND seq IN (1, 2)")
        salvage(folder)
    else:
        damage_before_an_upgrade(folder, "epoch = 1 AND seq IN (1, 2)")
    with Journal.open(folder, clock=at) as till:
        with reading(folder / FILE) as db:
            assert projections.dump(db) == live
        with pytest.raises(Duplicate):
            till.append([sold])


def test_what_had_been_written_again_in_a_row_that_is_lost_is_written_again(tmp_path):
    """Central takes nothing more of the earlier epoch: there it would wait for ever."""
    folder = tmp_path / "state"
    with open_till(folder) as till:
        till.append([sale(1, WANG, 10), sale(2, WANG, 20)])
        till.rehome(RehomeAnswer(2, bytes(32), ()))
    lose(folder, "epoch = 2 AND seq = 1")
    salvage(folder)
    with Journal.open(folder, clock=at) as till:
        again = [origin_of(link.frame) for link in till.links(Place(2, 2))]
        assert [(first.epoch, first.seq) for first in again] == [(1, 1)]
        assert till.outbox().stranded == 0
        assert till.standing(WANG).pending == 30


def test_a_row_that_was_written_again_and_cannot_be_read_stops_nothing(tmp_path):
    folder = tmp_path / "state"
    with open_till(folder) as till:
        till.append([sale(1, WANG, 10), sale(2, WANG, 20), sale(3, WANG, 30)])
        till.rehome(RehomeAnswer(2, bytes(32), ()))
    with closing(sqlite3.connect(folder / FILE)) as db:
        db.execute("DROP TRIGGER event_is_never_changed")
        spoilt = "replace(CAST(body AS TEXT), '\"receipt\"', '\"recelpt\"')"
        where = "WHERE epoch = 2 AND seq = 2"
        db.execute(f"UPDATE event SET body = CAST({spoilt} AS BLOB) {where}")  # noqa: S608 ours
        db.commit()
    lose(folder, "(epoch, seq) IN ((1, 2), (2, 1))")
    salvage(folder)
    with Journal.open(folder, clock=at) as till:
        assert till.standing(WANG).pending == 40


def test_a_file_without_an_identity_is_left_as_it_is(folder):
    before = (folder / FILE).read_bytes()
    spoil_page(folder, 0, b"x" * PAGE)
    spoilt = (folder / FILE).read_bytes()
    with pytest.raises(JournalBroken, match="enrol the device again"):
        opened(folder, Writer, Mark(), moment())
    assert (folder / FILE).read_bytes() == spoilt != before


def test_a_sound_journal_is_not_touched(folder):
    with opened(folder, Writer, Mark(), moment()) as journal:
        assert journal.outbox().head_seq == SALES
    assert [*folder.glob(f"{FILE}.damaged*")] == []


def test_what_was_only_in_the_log_is_kept(folder):
    """The log holds the last sales when the process dies; the damage is elsewhere."""
    live = Journal.open(folder, clock=at)
    live.append([sale("in the log", WANG, 1)])
    killed = folder.with_name("killed")
    shutil.copytree(folder, killed)
    live.close()
    with closing(sqlite3.connect(f"file:{folder / FILE}?mode=ro", uri=True)) as db:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'slip'"
        root = db.execute(query).fetchone()[0] - 1
    spoil_page(killed, root, bytes(PAGE))
    with opened(killed, Writer, Mark(), moment()) as journal:
        told = told_to_central(journal)
        assert told[SALES + 1] == "in the log"
        assert Damage.LOST not in told.values()


def test_a_file_that_was_damaged_before_its_upgrade_keeps_its_coupons(folder):
    """Those that were used up stay so, and the one that is kept for a bill stays kept."""
    older, kept = (
        folder.with_name("older"),
        KeptCoupon("B", "r", Coupon(1), "2026-12-31", "u", at()),
    )
    older.mkdir()
    with closing(sqlite3.connect(older / FILE)) as db:
        for number in range(1, 14):
            db.executescript(steps()[number])
        db.execute("PRAGMA user_version = 13")
        db.execute("ATTACH ? AS new", (str(folder / FILE),))
        for table in ("epoch", "event"):
            db.execute(f"INSERT INTO {table} SELECT * FROM new.{table}")  # noqa: S608 ours
        names = ", ".join(row[1] for row in db.execute("PRAGMA table_info(identity)"))
        db.execute(f"INSERT INTO identity ({names}) SELECT {names} FROM new.identity")  # noqa: S608
        for one in (structs.replace(kept, voucher_code="A", outcome="used"), kept):
            row = (one.voucher_code, msgspec.json.encode(one).decode())
            db.execute("INSERT INTO coupon VALUES (?, ?)", row)
        db.commit()
    assert salvage(older).events == SALES
    with Journal.open(older, clock=at) as till:
        assert till.coupon_awaiting() == kept
        assert till.coupon("A").outcome == "used"
        assert till.verify().problems == ()
    assert [*older.glob("*.part*")] == []

"""What happens to disks, clocks and processes; each sale earns once, and nothing is said too soon.

The disk is full by RLIMIT_FSIZE: no file of that process may grow, which fails a write the way a
full disk does and needs no root.
"""

import json
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.devices.virtual.printer import VirtualPrinter
from edge_agent.journal.file.ballast import BALLAST_BYTES
from edge_agent.journal.file.pages import records
from edge_agent.journal.reader import Reader
from tests.faults.paid_with_points import earned, let_points_pay, pay, print_receipt
from tillpoints.demo.ports import Ports
from tillpoints.demo.pos.printing import Pos, send
from tillpoints.demo.processes import Service, run, wait_for
from tillpoints.demo.screens import Screens

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
REWARD = "parking-2h"
REWARD_POINTS = 200


def full_disk(pid, *, full):
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0 if full else hard, hard))


def until_ready(station):
    wait_for(
        f"{station.name} to be ready",
        lambda: (state := station.screens.state()) and state["online"] and state["books"],
        timeout_s=60,
    )


def sell_to(stage, station, pos, person):
    """Scan a member, sell, and hold screen, slip and later the ledger to the award."""
    stage.scan_member(station, f"TPM{person.number}", person.number[-4:])
    sale = stage.told(station, pos.sell())
    stage.awarded(station, sale, person)
    return sale


def test_a_full_disk_awards_nothing_prints_everything_and_loses_nothing(stage):
    till, person = stage.world.bistro, stage.gold
    stage.scan_member(till, f"TPM{person.number}", person.number[-4:])
    full_disk(till.agent.pid, full=True)
    sale = stage.told(till, stage.bistro.sell())
    on_paper = stage.teller.until
    on_paper("the receipt is on paper", True, lambda: sale.raw in till.printer.paper)
    not_recorded = stage.shows(till, "notice", "phrase", "code")
    stage.teller.until("the till says that it could not record it", "not_recorded", not_recorded)
    stage.teller.check("no award on the screen", {}, stage.row(till, sale.number, "sale"))
    stage.teller.check("no slip", False, any(slip.says(sale.number) for slip in stage.slips(till)))
    full_disk(till.agent.pid, full=False)
    stage.awarded(till, sale, person)


@contextmanager
def small_disk(station, megabytes):
    """Let a station's state lie on a disk of its own, as it is when the machine is full."""
    state, kept = station.folder / "state", station.folder / "state.kept"
    station.agent.stop()
    state.rename(kept)
    state.mkdir(mode=0o700)
    size = f"size={megabytes}m,mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", state], check=True)
    try:
        without = shutil.ignore_patterns("ballast")
        shutil.copytree(kept, state, dirs_exist_ok=True, ignore=without)
        station.agent.start()
        until_ready(station)
        yield state
    finally:
        station.agent.stop()
        shutil.rmtree(kept)
        shutil.copytree(state, kept)
        subprocess.run(["umount", state], check=True)
        state.rmdir()
        kept.rename(state)
        station.agent.start()
        until_ready(station)


def fill_up(folder):
    """Write until the kernel says ENOSPC, to the last byte."""
    with (folder / "filler").open("ab", buffering=0) as file:
        for size in (65_536, 4096, 1):
            with suppress(OSError):
                while file.write(bytes(size)):
                    pass


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_till_on_a_full_disk_sells_on_its_reserve_and_then_keeps_jobs_until_there_is_room(stage):
    till, person = stage.world.bistro, stage.gold
    with small_disk(till, 24) as disk:
        assert (disk / "ballast").stat().st_size == BALLAST_BYTES
        fill_up(disk)
        sell_to(stage, till, stage.bistro, person)  # the reserve is given back for it
        assert not (disk / "ballast").exists()
        assert "its reserve is given back" in till.agent.tail()
        fill_up(disk)
        till.scanner.scan(f"TPM{person.number}")
        sale = stage.told(till, stage.bistro.sell())
        on_paper = stage.teller.until
        on_paper("the receipt is on paper", True, lambda: sale.raw in till.printer.paper)
        not_recorded = stage.shows(till, "notice", "phrase", "code")
        stage.teller.until("the till says it could not record it", "not_recorded", not_recorded)
        stage.teller.check("no award on the screen", {}, stage.row(till, sale.number, "sale"))
        stage.slip_says(till, "积分认领凭条", sale.number)
        (disk / "filler").unlink()
        waits = stage.shows(till, "queue")
        on_paper("what was kept is recorded and sent", 0, waits)
        stage.teller.until(
            "for whoever has the slip",
            "claim_slip",
            lambda: stage.row(till, sale.number, "sale").get("state"),
        )
    assert (till.folder / "state" / "ballast").exists()  # taken again by the start above


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_kiosk_without_a_reserve_lends_nothing_and_says_why(stage):
    kiosk, person = stage.world.kiosk, stage.gold
    while stage.owned[person.number] < REWARD_POINTS:
        sell_to(stage, stage.world.bistro, stage.bistro, person)
    stage.settled()
    with small_disk(kiosk, 7) as disk:
        assert not (disk / "ballast").exists()
        redeem(stage, person)
        refused = stage.shows(kiosk, "refusal", "code")
        stage.teller.until("the kiosk says that its disk is full", "disk_full", refused)


def test_a_till_whose_journal_is_damaged_mends_it_and_goes_on(stage):
    till, person = stage.world.bistro, stage.gold
    for _ in range(3):
        sell_to(stage, till, stage.bistro, person)
    stage.settled()  # so that what is lost here is only lost here
    till.agent.stop()
    journal = till.folder / "state" / "journal.sqlite"
    spoil_leaf_of_events(journal)
    till.agent.start()
    until_ready(till)
    assert "the journal was damaged" in till.agent.tail()
    assert journal.with_name("journal.sqlite.damaged-1").exists()
    sell_to(stage, till, stage.bistro, person)
    stage.settled()
    sell_to(stage, till, stage.bistro, person)


def spoil_leaf_of_events(path):
    """Put rubbish over a page that holds events, and not the first of them."""
    data = path.read_bytes()
    for start in range(len(data) - 4096, 0, -4096):
        page = data[start : start + 4096]
        rows = [row for row in records(data[:4096] + page) if len(row) == 6]
        if page[0] == 0x0A and rows and isinstance(rows[0][5], bytes) and rows[0][5][:1] == b"{":
            break
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"rubbish." * 512)


def test_central_may_be_killed_while_both_tills_push(stage):
    world = stage.world
    for _ in range(2):
        sell_to(stage, world.bistro, stage.bistro, stage.gold)
        world.central.kill()
        sell_to(stage, world.boutique, stage.boutique, stage.silver)
    stage.settled()


def key_and_file(station):
    with Reader(station.folder / "state") as journal:
        return journal.identity().tenant_key, journal.member_file().name


def test_a_till_that_is_offline_while_the_tenant_key_changes_knows_its_members_all_along(stage):
    world, away = stage.world, stage.world.bistro
    before = {station.name: key_and_file(station) for station in world.stations}
    away.relay.cut()
    world.on_central("central", "rotate-key", "tenant")
    world.central.stop()
    world.central.start()
    for station in (world.boutique, world.kiosk):
        wait_for(
            f"{station.name} to use another key and file",
            lambda one=station: not set(key_and_file(one)) & set(before[one.name]),
            timeout_s=60,
        )
    assert key_and_file(away) == before[away.name]
    stage.scan_member(away, f"TPM{stage.gold.number}", stage.gold.number[-4:])
    stage.awarded(away, stage.told(away, stage.bistro.sell()), stage.gold)
    sell_to(stage, world.boutique, stage.boutique, stage.gold)
    away.relay.plug()
    wait_for(
        f"{away.name} to use the others' key",
        lambda: key_and_file(away) == key_and_file(world.boutique),
        timeout_s=60,
    )
    sell_to(stage, away, stage.bistro, stage.silver)


def test_a_till_whose_disk_is_restored_from_an_older_copy_goes_on(stage):
    till = stage.world.boutique
    sell_to(stage, till, stage.boutique, stage.silver)
    stage.settled()
    till.agent.stop()
    state, copy = till.folder / "state", till.folder / "state.copy"
    shutil.copytree(state, copy)
    till.agent.start()
    until_ready(till)
    sell_to(stage, till, stage.boutique, stage.silver)
    sell_to(stage, till, stage.boutique, stage.gold)
    stage.settled()
    till.agent.stop()
    shutil.rmtree(state)
    copy.rename(state)
    till.agent.start()
    until_ready(till)
    sell_to(stage, till, stage.boutique, stage.silver)
    stage.settled()
    sell_to(stage, till, stage.boutique, stage.gold)
    assert count(stage, "epoch_grant") > 0


def count(stage, sql):
    """Count at central, straight from its database."""
    with closing(sqlite3.connect(stage.world.folder / "central.db", timeout=5)) as db:
        return db.execute(f"SELECT count(*) FROM {sql}").fetchone()[0]  # noqa: S608 ours


def redeem(stage, person):
    """Have a member confirm a reward at the kiosk."""
    kiosk = stage.world.kiosk
    stage.scan_member(kiosk, f"TPM{person.number}", person.number[-4:])
    kiosk.screens.do("choose", reward_id=REWARD)
    stage.teller.until("asks to confirm", "confirm", stage.shows(kiosk, "step"))
    kiosk.screens.do("confirm")


@pytest.mark.parametrize("moment", ["at once", "with the lease", "before the slip"])
def test_a_kiosk_that_dies_between_lease_and_slip_spends_once_or_not_at_all(stage, moment):
    kiosk, person = stage.world.kiosk, stage.gold
    while stage.owned[person.number] < 2 * REWARD_POINTS:
        sell_to(stage, stage.world.bistro, stage.bistro, person)
    stage.settled()
    leases, slips = count(stage, "lease"), len(stage.slips(kiosk))
    if moment == "before the slip":
        kiosk.switch_printer(on=False)
    redeem(stage, person)
    if moment == "with the lease":
        wait_for("the lease", lambda: count(stage, "lease") > leases, every_s=0.002)
    if moment == "before the slip":
        stage.teller.until("done", "done", stage.shows(kiosk, "step"))
    kiosk.agent.kill()
    kiosk.switch_printer(on=True)
    until_ready(kiosk)
    stage.teller.until("nothing to send", 0, stage.shows(kiosk, "queue"))
    left = stage.ledger.read().balances[person.number]
    spent = stage.owned[person.number] - left
    stage.teller.check("spent once or not at all", True, spent in {0, REWARD_POINTS})
    if moment == "before the slip":
        stage.teller.check("what the screen said is so", REWARD_POINTS, spent)
    stage.owned[person.number] = left
    if not spent:
        stage.teller.check("no slip", slips, len(stage.slips(kiosk)))
    redeem(stage, person)  # the next in line need not wait until that lease has run out
    stage.teller.until("done", "done", stage.shows(kiosk, "step"))
    stage.owned[person.number] -= REWARD_POINTS
    stage.settled()


def test_a_copy_of_a_till_beside_the_original_doubles_and_loses_nothing(stage):
    """One of the two goes on; the other keeps what it sold until a person enrols it anew."""
    till = stage.world.boutique
    sell_to(stage, till, stage.boutique, stage.silver)
    stage.settled()
    with Copy(till, stage.world) as copy:
        sell_to(stage, till, stage.boutique, stage.silver)
        kept = copy.sell(stage)
        sell_to(stage, till, stage.boutique, stage.gold)
        pair = (till, copy)
        refused = stage.teller.until
        refused("one of them is refused", ["fenced"], lambda: sorted(problems(stage, pair)))
        wait_for("central to tell of it", lambda: count(stage, "fence") == 1)
        fenced, other = (copy, till) if problems(stage, (copy,)) else (till, copy)
        stage.teller.check("the other one goes on", True, stage.state(other)["online"])
        left = stage.state(fenced)["queue"]
        stage.teller.check("what the refused one sold waits", True, left > 0)
        other.agent.stop()
        for machine in (copy, till) if fenced is copy else (till,):
            machine.agent.stop()
            machine.enrol(new_code(stage, till))
            machine.agent.start()
            until_ready(machine)
            stage.teller.until("all is sent", 0, stage.shows(machine, "queue"))
            if machine is copy:
                machine.agent.stop()
        sold = [one.number for one in stage.ledger.sales()]
        stage.teller.check("the copy's sale is at central once", 1, sold.count(kept.number))


def test_points_pay_at_a_till_and_what_they_paid_is_settled_and_earns_nothing(stage):
    till, person = stage.world.boutique, stage.gold
    let_points_pay(stage, till)
    sell_to(stage, till, stage.boutique, person)
    stage.settled()
    owed = settlement(stage)
    ticket, points, paid_fen = pay(stage, till, stage.boutique, person)
    print_receipt(stage, till, ticket, paid_fen)
    earned(stage, till, ticket, paid_fen, person)
    step = stage.shows(till, "paying", "step")
    stage.teller.until("the payment is matched", "", step)
    due = {"points": points, "owed_fen": paid_fen, "open": 0}
    stage.teller.until("the shop is owed it", grown(owed, due), lambda: settlement(stage))


def test_a_receipt_without_the_points_that_paid_is_raised_and_they_can_come_back(stage):
    till, person = stage.world.boutique, stage.gold
    let_points_pay(stage, till)
    sell_to(stage, till, stage.boutique, person)
    stage.settled()
    owed = settlement(stage)
    ticket, points, paid_fen = pay(stage, till, stage.boutique, person)
    print_receipt(stage, till, ticket, 0)
    earned(stage, till, ticket, 0, person)
    why = stage.shows(till, "paying", "why", "code")
    stage.teller.until("the till says what is wrong", "tender_no_line", why)
    due = {"points": points, "owed_fen": paid_fen, "open": 1}
    stage.teller.until("it waits for a person", grown(owed, due), lambda: settlement(stage))
    till.screens.do("pay_take_back", why="keyed in as card")
    stage.owned[person.number] += points
    stage.teller.until("nothing is awaited", "", stage.shows(till, "paying", "step"))
    stage.teller.until("the shop is owed no more", owed, lambda: settlement(stage))


def settlement(stage):
    """Return what the mall owes the boutique for this month."""
    month = f"{stage.world.clock():%Y-%m}"
    told = stage.world.on_central("central", "settlement", "--month", month, "--json")
    mine = [one for one in json.loads(told) if one["shop_id"] == stage.world.boutique.shop_id]
    return {name: sum(one[name] for one in mine) for name in ("points", "owed_fen", "open")}


def grown(before, more):
    return {name: before[name] + more[name] for name in before}


def new_code(stage, till):
    words = ("--name", till.name, "--role", "till", "--shop", till.shop_id, "--again", "--json")
    return json.loads(stage.world.on_central("fleet", "enrol", *words))["code"]


def problems(stage, stations):
    found = (stage.state(station).get("problem") for station in stations)
    return [problem for problem in found if problem]


class Copy:
    """A till's disk in another machine: the same identity, its own screens, spool and printer.

    In a `with` block both run.
    """

    name = "copy"

    def __init__(self, till, world):
        self._till = till
        self._world = world
        ports = Ports()  # while the original holds its own
        self._ports = [ports.take() for _ in range(3)]
        self._folder = till.folder.with_name("copy")
        self._stack = ExitStack()

    def __enter__(self):
        till, (printer_port, screens_port, pos_port) = self._till, self._ports
        till.agent.stop()
        folder = self._folder
        shutil.copytree(till.folder, folder, ignore=shutil.ignore_patterns("scanner", "spool"))
        self._stack.callback(shutil.rmtree, folder)
        self.printer = self._stack.enter_context(VirtualPrinter(printer_port))
        self.screens = Screens(screens_port)
        for name, old, new in (
            ("agent.toml", till.screens.url.rpartition("/")[2], f"127.0.0.1:{screens_port}"),
            ("agent.toml", str(till.scanner.link), str(folder / "scanner")),
            ("tap.toml", f":{till.pos_port}", f":{pos_port}"),
            ("tap.toml", f":{till.printer.port}", f":{printer_port}"),
        ):
            path = folder / name
            path.write_text(path.read_text().replace(old, new))
        self.tap = self._run("tap", folder)
        self.agent = self._run("agent", folder)
        till.agent.start()
        until_ready(till)
        until_ready(self)
        self.pos = Pos(
            till.vendor,
            lambda raw: send("127.0.0.1", pos_port, raw),
            random.Random(99),
            self._world.clock,
        )
        self.pos._serial = 500
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _run(self, kind, folder):
        words = [kind, "run", "--config", str(folder / f"{kind}.toml")]
        service = Service(f"copy-{kind}", words, folder, self._world._leash)
        service.start()
        self._stack.callback(service.stop)
        return service

    def enrol(self, code):
        """Give this machine the identity that a person means it to have."""
        run(["agent", "enrol", "--config", str(self._folder / "agent.toml"), "--code", code])

    def sell(self, stage):
        """Sell to the silver member, with the number typed in; return the receipt."""
        person = stage.silver
        self.screens.do("scan", text=person.number)
        knows = stage.shows(self, "member", "number_tail")
        stage.teller.until("the copy knows the member", f"****{person.number[-4:]}", knows)
        sale = self.pos.sell()
        stage.awarded(self, sale, person)
        return sale


@contextmanager
def faked_clock(station, folder):
    """Run a station's agent with a clock that a file sets; give what sets it, in days from now."""
    file = folder / "clock"
    file.write_text("+0d")
    faked = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    station.agent.stop()
    os.environ.update(faked)
    try:
        station.agent.start()
    finally:
        for name in faked:
            del os.environ[name]
    until_ready(station)
    yield lambda days: file.write_text(f"{days:+d}d")
    station.agent.stop()
    station.agent.start()
    until_ready(station)


@pytest.mark.skipif(FAKETIME is None, reason="needs the Debian package faketime")
def test_a_clock_that_jumps_while_the_till_sells_changes_no_balance_and_no_day(stage, tmp_path):
    till = stage.world.bistro
    with faked_clock(till, tmp_path) as jump:
        for days, year in ((-20_500, 1970), (26_700, 2099), (-1, 0), (0, 0)):
            jump(days)
            sale = sell_to(stage, till, stage.bistro, stage.gold)
            shown = datetime.fromtimestamp(till.screens.state()["now_ms"] / 1000, UTC).year
            assert not year or shown == year
            slip = next(one for one in stage.slips(till) if one.says(sale.number))
            assert "1970" not in slip.text
            assert "2099" not in slip.text
        stage.settled()


@pytest.mark.skipif(FAKETIME is None, reason="needs the Debian package faketime")
def test_a_clock_set_back_by_a_day_changes_no_balance(stage):
    till = stage.world.bistro
    sell_to(stage, till, stage.bistro, stage.gold)
    till.agent.stop()
    os.environ.update(LD_PRELOAD=str(FAKETIME), FAKETIME="-1d", FAKETIME_DONT_FAKE_MONOTONIC="1")
    try:
        till.agent.start()
    finally:
        for name in ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC"):
            del os.environ[name]
    until_ready(till)
    sell_to(stage, till, stage.bistro, stage.gold)
    behind_ms = time.time() * 1000 - till.screens.state()["now_ms"]
    assert 86_000_000 < behind_ms < 87_000_000
    stage.settled()
    till.agent.stop()
    till.agent.start()
    until_ready(till)
    sell_to(stage, till, stage.bistro, stage.gold)

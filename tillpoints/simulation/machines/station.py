"""One till or kiosk of the run: its disk, its clocks, and the agent's real journal and sync.

The process can be killed at any write and at any wait for the network; it comes back from what its
disk kept. Its machine can be rebooted, put back to an old image, or copied to a second machine.
"""

import random
from collections.abc import Callable
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.journal.errors import JournalBroken, JournalFailure
from edge_agent.journal.file.mark import Mark
from edge_agent.journal.identity import KEY_FILE, Identity
from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Offline, Refused
from edge_agent.sync.enrol import enrol
from edge_agent.sync.online import Online
from edge_agent.sync.syncer import Syncer
from loyalty.events import Moment
from tillpoints.simulation.invariants.facts import Facts
from tillpoints.simulation.machines.disk import Disk, Fault
from tillpoints.simulation.machines.network import Died, Line
from tillpoints.simulation.machines.versions import OlderCaller
from tillpoints.simulation.world import HOUR_MS, Violation, World

#: How often tills ask when nothing happens: drawn for each run.
_POLLS_S = (10_800.0, 21_600.0)
_URL = "http://central"


class Memory:
    """What a machine remembers while it is up: a kill leaves it, a boot does not."""

    def __init__(self) -> None:
        self.data = b""

    def read(self) -> bytes:
        """Return what was written last."""
        return self.data

    def write(self, data: bytes) -> None:
        """Keep `data`."""
        self.data = data


class Station:
    """A device. `journal`, `online` and `syncer` are there while it is `up`."""

    def __init__(
        self,
        world: World,
        name: str,
        shop: str,
        facts: Facts,
        line: Line,
        image: dict[str, bytes] | None = None,
    ) -> None:
        """Set a machine up, on a copy of another one's disk if there is an `image`."""
        self.world = world
        self.name = name
        self.shop = shop
        self.sells = not name.startswith("kiosk")
        self.facts = facts
        self.line = line
        self.up = False
        self.run = 0
        #: Whether its software is of the version before, which knows nothing of paying with points.
        self.older = False
        self.checked: Callable[[Station], None] = lambda _: None
        self.opened: Callable[[Station], None] = lambda _: None
        self.chance = world.chance(name)
        self.images: list[tuple[dict[str, bytes], int]] = []
        self._folders = 0
        self._syncing = False
        self._woken = False
        self._newest = False
        self._planned = 0
        self._clock_off_ms = 0
        self._rate = 0.0
        self._boot = 1
        self._memory = Memory()
        self._poll_s = random.Random(f"{world.seed}/polls").choice(_POLLS_S)
        self._since_ms, self._boottime_ms = world.now_ms, 10_000
        if image is None:
            drawn = random.Random(f"{world.seed}/{name}/key").randbytes(32)
            key = Ed25519PrivateKey.from_private_bytes(drawn)
            image = {KEY_FILE: key.private_bytes_raw()}
        rng = world.chance(f"{name} disk")
        self.disk = Disk(world.folder / f"{name}.0", rng, world.mark, image)
        line.alive = self._witness

    # ---- clocks

    def moment(self) -> Moment:
        """Return now by this machine's clocks."""
        passed_ms = self.world.now_ms - self._since_ms
        wrong_ms = int(passed_ms * self._rate)
        moment = Moment(
            self.world.now_ms + self._clock_off_ms + wrong_ms,
            f"{self.name}-boot-{self._boot}",
            self._boottime_ms + passed_ms + wrong_ms,
        )
        self.facts.true_ms[moment.boot_id, moment.boottime_ms] = self.world.now_ms
        return moment

    def jump(self, by_ms: int) -> None:
        """Set the wall clock wrong."""
        self._clock_off_ms += by_ms

    def skew(self, rate: float) -> None:
        """Let both clocks run fast or slow from now on."""
        passed_ms = self.world.now_ms - self._since_ms
        wrong_ms = int(passed_ms * self._rate)
        self._boottime_ms += passed_ms + wrong_ms
        self._clock_off_ms += wrong_ms
        self._since_ms, self._rate = self.world.now_ms, rate

    def _reboot(self) -> None:
        """Begin another boot: its clock starts at 0, its memory is empty."""
        self._memory = Memory()
        self._boot += 1
        self._since_ms, self._boottime_ms = self.world.now_ms, 0

    # ---- life and death

    def start(self) -> None:
        """Start the agent on the disk as it is; a start that the disk spoils is tried again."""
        if self.up or self.name in self.facts.taken_away:
            return
        self.world.vfs.disks[str(self.disk.folder)] = self.disk
        own = f"{self.name}-run-{self.run + 1}"
        mark = Mark(self._memory, own)
        try:
            self.journal = Journal.open(self.disk.folder, clock=self.moment, mark=mark)
        except JournalFailure:
            self.disk.disarm()
            if self.disk.dead:
                self._bring_back()
            self.world.after(10_000, self.start)
            return
        except JournalBroken as error:
            raise Violation("D2 journal opens after a crash", f"{self.name}: {error}") from error
        self.up = True
        self.run += 1
        self.session = self.journal.session
        if self.session != own:
            self.world.mark("session goes on after a kill")
        self.world.hold("M1 no false alarm of a swapped journal", self.journal.swapped)
        draw = random.Random(f"{self.world.seed}/{own}")
        self.older = not self._newest and self.world.fault("older_agent", 0.5)
        version = OlderCaller if self.older else Caller
        caller = version(
            self.journal, self.line, nonce=lambda: draw.randbytes(16).hex(), now=self.journal.now
        )
        self.online = Online(self.journal, caller, session=self.session)
        self.syncer = Syncer(
            self.journal, caller, session=self.session, rng=draw, poll_s=self._poll_s
        )
        self._syncing = False
        self.world.trace(self.name, "starts")
        if self.journal.identity() is not None:
            self.facts.survived(self.name, self.journal)
            self.opened(self)
            self.sync_soon()

    def identity(self) -> Identity:
        """Return who this device is."""
        found = self.journal.identity()
        if found is None:
            raise Violation("D2", f"{self.name} forgot its enrolment")
        return found

    def enrol(self, code: str) -> Identity | Offline | Refused:
        """Trade a code for an identity."""
        return enrol(self.journal, self.line, url=_URL, code=code)

    def die(self, fault: Fault, back_ms: int | None = None) -> None:
        """Kill the process, or cut the machine's power; it comes back after a while."""
        if not self.up:
            return
        self.up = False
        self.disk.die(fault)
        fault = self.disk.died_of or fault
        self.journal.close()
        self.world.trace(self.name, "died", fault)
        if fault == "power":
            self._reboot()
        self._bring_back()
        wait_ms = self.chance.randrange(1_000, HOUR_MS) if back_ms is None else back_ms
        self.world.after(wait_ms, self.start)

    def _bring_back(self) -> None:
        old = self.disk.folder
        self._folders += 1
        folder = self.world.folder / f"{self.name}.{self._folders}"
        self.disk = self.disk.restart(folder)
        self.world.vfs.disks.pop(str(old), None)

    def switch_off(self) -> None:
        """Take the machine away for good, with what only its disk knows."""
        self.facts.gone(self.name)
        if self.up:
            self.up = False
            self.disk.die("kill")
            self.journal.close()

    def snapshot(self) -> None:
        """Keep an image of the disk, as whoever looks after the machines does."""
        if self.up and not self.disk.dead:
            self.images.append((self.disk.image(), self.world.now_ms))

    def roll_back(self) -> None:
        """Put an old image back: what came after it is gone from this machine."""
        if not (self.up and self.images):
            return
        image, _ = self.chance.choice(self.images)
        self.world.mark("rollback")
        self.world.trace(self.name, "rolled back")
        self.facts.note(self.name, self.journal)
        self.facts.forgive(self.name, self.identity().device_id)
        self.up = False
        self.disk.die("kill")
        self.journal.close()
        self._reboot()
        self._folders += 1
        folder = self.world.folder / f"{self.name}.{self._folders}"
        rng = self.world.chance(f"{self.name} disk")
        self.disk = Disk(folder, rng, self.world.mark, image)
        self.start()

    def _witness(self) -> Callable[[], bool]:
        run = self.run
        return lambda: self._is_run(run)

    # ---- acting

    def act(self, work: Callable[[], None]) -> None:
        """Do something as this device's process, which may die in the middle of it."""
        if not self.up:
            return
        run = self.run
        self._arm()
        try:
            work()
        except Died:
            return
        except JournalFailure as error:
            self.world.trace(self.name, "failed", type(error).__name__)
        if not self._is_run(run):
            return
        if self.disk.dead:
            self.die("kill")
            return
        self.disk.disarm()
        self.facts.note(self.name, self.journal)

    def sleep(self, for_ms: int) -> None:
        """Let the machine sleep in the middle of what it does. Raises Died if it never goes on."""
        alive = self._witness()
        self.world.pass_time(for_ms)
        if not alive():
            raise Died(self.name)

    def sync(self) -> None:
        """Make one step of sync and plan the next."""
        if self._syncing or not self.up:
            return
        wait_s: list[float] = []
        run, self._syncing = self.run, True
        try:
            self.act(lambda: wait_s.append(self.syncer.step(self.moment())))
        finally:
            if self.run == run:
                self._syncing = False
        if self._is_run(run):
            status = self.syncer.status()
            self.world.trace(self.name, "sync", status.queue, status.problem, status.refused)
            self.checked(self)
            if status.problem is not None and status.problem.code == "too_old":
                self._upgrade_soon()
            wait_ms = wait_s[0] * 1000 if wait_s else 5_000
            if self.syncer.in_trouble:
                wait_ms += self.line.dead_ms() // 2  # what is tried meanwhile fails all the same
            self._plan_sync(wait_ms)
            if self._woken:
                self.sync_soon()

    def sync_soon(self) -> None:
        """Let the sync thread wake up, which it does at once while all is well."""
        self._woken = self._syncing
        if not (self._syncing or self.syncer.in_trouble):
            self._plan_sync(self.chance.randrange(50, 1_500))

    def _upgrade_soon(self) -> None:
        """Let store IT bring the newest version to a device that central says is too old."""
        if not self._newest:
            self._newest = True
            self.world.mark("too old for central")
            upgrade = partial(self.die, "kill", back_ms=1_000)
            self.world.after(self.chance.randrange(300_000), upgrade)

    def _is_run(self, run: int) -> bool:
        """Tell whether the process of then still lives."""
        return self.up and self.run == run

    def _plan_sync(self, wait_ms: float) -> None:
        """Plan the next step, in place of one that was planned before."""
        self._planned += 1
        planned = self._planned
        self.world.after(wait_ms, lambda: self.sync() if planned == self._planned else None)

    def _arm(self) -> None:
        for kind, fault in _FAULTS.items():
            if self.world.fault(kind, 0.004):
                self.disk.arm(fault, self.chance.randrange(14))
                return


_FAULTS: dict[str, Fault] = {
    "kill_till": "kill",
    "power_till": "power",
    "disk_error": "eio",
    "disk_full": "full",
    "fsync": "fsync",
}

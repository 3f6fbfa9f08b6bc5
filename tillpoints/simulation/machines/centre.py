"""Central as one machine of the run: its disk, its clock, and the real service on them."""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from msgspec import structs
from sqlalchemy import Connection, Engine, Table, insert, select
from sqlalchemy.exc import DataError, OperationalError

from central import backup, schema
from central.database import reading, writing
from central.jobs import release, voucher_expiry
from central.ledger.commands import SetMember
from central.ledger.directory import announce, of_rule_book
from central.ledger.judging.ageing import HOLDERS_MAX
from central.ledger.lease_commands import ReleaseLease
from central.ledger.shards import open_shard
from central.ledger.writing.items import Command, Item, Push
from central.sync.api import blueprint
from central.sync.callers import DeviceState
from central.sync.combiner import RunTurn
from central.sync.enrolment import code_hash
from central.sync.member_files import MemberFiles
from central.sync.retention import Policy
from central.sync.service import Service
from loyalty.chain import Frame
from loyalty.events import KINDS, Body, ReviewOpened, UnknownKind, body_of
from loyalty.rules.expiry import day_of
from tillpoints.simulation.machines.calling import call
from tillpoints.simulation.machines.database import CHECKPOINT_PAGES, FILE, empty, opened
from tillpoints.simulation.machines.disk import Disk, Fault
from tillpoints.simulation.machines.inline import InlineCombiner
from tillpoints.simulation.programme import activities, wares
from tillpoints.simulation.world import DAY_MS, HOUR_MS, World

SHARD = 1
TENANT_KEY = bytes([8]) * 32
CENTRAL_KEY = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
#: Few files and rows, often: so that tills come back to find their rows gone.
_POLICY = Policy(every_ms=3 * HOUR_MS, files=3, rows=200)

_REVIEW = next(kind for kind, body in KINDS.items() if body is ReviewOpened)


class Central:
    """The server: answers while it is up; killed, it comes back from what its disk kept."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.up = False
        self.runs = 0
        self.errors: list[str] = []
        self.backup: Path | None = None
        #: When it starts again after it died last.
        self.back_ms = 0
        #: Whether this is the version before, which does not know what a review is.
        self.old = world.fault("older_central", 0.5)
        self._refuses = world.fault("refusing_database", 0.5)
        self._book = activities.WAITING if world.points_wait() else activities.BOOK
        self.looked: Callable[[], None] = lambda: None
        self._chance = world.chance("central")
        self._checkpoint_pages = world.chance("checkpoints").choice(CHECKPOINT_PAGES)
        self._clock_off_ms = 0
        rng = world.chance("central disk")
        self.disk = Disk(world.folder / "central.0", rng, world.mark, empty(world.folder))

    @property
    def file(self) -> Path:
        """The database as it is now."""
        return self.disk.folder / FILE

    def now_ms(self) -> int:
        """Return central's own time, ms since 1970 UTC."""
        return self.world.now_ms + self._clock_off_ms

    def start(self) -> None:
        """Start the process on the disk as it is."""
        self.world.vfs.disks[str(self.disk.folder)] = self.disk
        self.engine: Engine = opened(self.file, self._checkpoint_pages)
        self.service = Service(
            self.engine,
            CENTRAL_KEY,
            TENANT_KEY,
            now_ms=self.now_ms,
            draw=self._chance.randrange,
            member_files=MemberFiles(
                self.engine,
                SHARD,
                self.world.folder / "central.directory",
                TENANT_KEY,
                self.now_ms,
                _POLICY,
                start=_at_once,
            ),
            shard_key=SHARD,
            combiner=self._combiner,
        )
        with structlog.testing.capture_logs():
            self.service.start()
        self._app = Flask("central")
        self._app.register_blueprint(blueprint(self.service))
        self.up = True

    def die(self, fault: Fault) -> None:
        """Kill the process; it starts again after a while."""
        if not self.up:
            return
        self.up = False
        self.disk.die(fault)
        self.engine.dispose()
        self.world.trace("central", "died", fault)
        # A process is started again at once; a machine waits for its power.
        longest_ms = 900_000 if self.disk.died_of == "power" else 60_000
        self.back_ms = self.world.now_ms + self._chance.randrange(1_000, longest_ms)
        self.world.at(self.back_ms, self.restart)

    def restart(self) -> None:
        """Start again after a death."""
        if self.up:
            return
        old = self.disk.folder
        if self.old and (self.world.healing or self._chance.random() < 0.5):
            self.old = False
            self.world.mark("central upgraded")
        self.runs += 1
        self.disk = self.disk.restart(self.world.folder / f"central.{self.runs}")
        self.world.vfs.disks.pop(str(old), None)
        self.start()
        self.world.trace("central", "starts")
        self.looked()

    def back_up(self) -> None:
        """Copy the whole database off the machine; what it holds counts as durable from now on."""
        if not self.up:
            return
        self.runs += 1
        file = self.world.folder / f"central.{self.runs}.backup"
        with reading(self.engine) as connection:
            backup.write(connection, file, self.world.folder / "pictures")
        sound = backup.check(file)
        with writing(self.engine) as connection:
            backup.note_durable(connection, sound)
        self.backup = file
        self.world.trace("central", "backed up", sound.rows)

    def restore(self) -> bool:
        """Lose the machine, and go on with another one and the last backup, if there is one."""
        if self.backup is None:
            return False
        if self.up:
            self.up = False
            self.disk.die("kill")
            self.engine.dispose()
        self.world.vfs.disks.pop(str(self.disk.folder), None)
        self.runs += 1
        folder = self.world.folder / f"central.{self.runs}"
        folder.mkdir()
        engine = opened(folder / FILE, self._checkpoint_pages)
        with writing(engine) as connection:
            draw = iter([self._chance.randbytes(16)])
            backup.restore(
                connection, self.backup, self.world.folder / "pictures", self.now_ms(), draw
            )
        engine.dispose()
        # Only now: what was restored before the server starts is on the disk, all of it.
        self.disk = Disk(folder, self.world.chance("central disk"), self.world.mark)
        self.world.trace("central", "restored")
        self.start()
        return True

    def answer(
        self, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, bytes] | None:
        """Return status and bytes of a call's answer, None if central did not live to give it.

        Without a body a file is asked for.
        """
        if not self.up:
            return None
        self._arm()
        with structlog.testing.capture_logs() as said:
            status, reply = call(self._app, path, headers, body)
        self.disk.disarm()
        if self.disk.dead:
            self.die("kill")
            return None
        if status == 500:
            self.errors.append(str(said))
        self.looked()
        return status, reply

    def read(self, frame: Frame) -> Body:
        """Return what a frame says to central as old as it is. Raises as `body_of` does."""
        if self.old and frame.kind == _REVIEW:
            raise UnknownKind("a review, which comes with the next version")
        return body_of(frame)

    def release(self) -> str | None:
        """Let somebody give an open lease up: what is still spent is the house's. Return which."""
        if not self.up:
            return None
        query = select(schema.lease.c.lease_id).where(schema.lease.c.state == 0)
        with reading(self.engine) as connection:
            found = sorted(connection.execute(query).scalars())
        if not found:
            return None
        lease_id = str(self._chance.choice(found))
        if not self._desk(ReleaseLease(lease_id, "overdue")):
            return None
        self.world.mark("lease released")
        return lease_id

    def set_member(self, command: SetMember) -> bool:
        """Let the desk set a member's tier and cards, as an import does; tell if that was done."""
        done = self._desk(command)
        if done:
            self.looked()
        return done

    def _desk(self, command: Command) -> bool:
        """Run what a person asks for, whose turn may be one of a device that meets a bad disk."""
        try:
            self.service.run(command)
        except OperationalError:
            return False
        return True

    def seal(self) -> None:
        """Seal the ledger, as its worker does now and then."""
        if not self.up:
            return
        self._arm()
        with structlog.testing.capture_logs(), suppress(OperationalError):
            if self.service.seal() is not None:
                self.world.mark("ledger sealed")
            self._nightly()
        self.disk.disarm()
        if self.disk.dead:
            self.die("kill")
        else:
            self.looked()

    def _nightly(self) -> None:
        """Do as often as it seals what the worker does each night: what is over, what counts."""
        today = day_of(self.now_ms(), ZoneInfo("Asia/Shanghai"))
        with reading(self.engine) as connection:
            found = release.due(connection, SHARD, today.isoformat())
        if found:
            day = today.isoformat()
            self.service.run(release.Release(day, tuple(found[:HOLDERS_MAX])))
            self.world.mark("pending points released")
        done, waiting = voucher_expiry.expire(self.engine, SHARD, today, self.now_ms())
        if done:
            self.world.mark("voucher expired")
        if waiting:
            self.world.mark("voucher waits for its home till")

    def set_up(self, devices: Mapping[str, tuple[str, str]]) -> None:
        """Bring in rules, shops, rewards and devices (name: role and shop), before any fault."""
        row = activities.signed_row(CENTRAL_KEY, self._book)
        with writing(self.engine) as connection:
            open_shard(connection, SHARD, "澄湖天地", "Asia/Shanghai", bytes(15) + b"1")
            _put(connection, schema.rule_book, **structs.asdict(row))
            for name, (role, shop_id) in devices.items():
                device_id = random.Random(f"{self.world.seed}/{name}").randbytes(16)
                expected = int(DeviceState.EXPECTED)
                what = {"name": name, "role": role, "shop_id": shop_id, "state": expected}
                _put(connection, schema.device, device_id=device_id, **what)
                self._add_code(connection, f"CODE-{name}", device_id)
            announce(connection, SHARD, [of_rule_book(row), *wares.bring(connection)])
            activities.make_codes(connection, self.now_ms(), row.version)

    def new_code(self, device_id: bytes, code: str) -> None:
        """Let store IT hand out a new code for a device whose chain is refused."""
        with writing(self.engine) as connection:
            self._add_code(connection, code, device_id)

    def _add_code(self, connection: Connection, code: str, device_id: bytes) -> None:
        expires_ms = self.now_ms() + 400 * DAY_MS
        what = {"code_hash": code_hash(code), "device_id": device_id, "expires_ms": expires_ms}
        _put(connection, schema.enrolment, **what)

    def jump(self, by_ms: int) -> None:
        """Set the server's clock wrong."""
        self._clock_off_ms += by_ms

    def _combiner(self, run_turn: RunTurn) -> InlineCombiner:
        def gather() -> None:
            if self._chance.random() < 0.3:
                self.world.pass_time(5)

        def turn(items: Sequence[Item]) -> list[object]:
            if self._refuses and any(map(_is_refused, items)):
                self.world.mark("bisected")
                raise DataError("INSERT", None, ValueError("the database does not take this"))
            return run_turn(items)

        return InlineCombiner(turn, gather)

    def _arm(self) -> None:
        for kind, fault in _FAULTS.items():
            if self.world.fault(kind, 0.01):
                self.disk.arm(fault, self._chance.randrange(20))
                return


_FAULTS: dict[str, Fault] = {
    "kill_central": "kill",
    "power_central": "power",
    "disk_central": "eio",
}


def _is_refused(item: Item) -> bool:
    """Tell whether a push has an event that the database does not take, unless it is set aside."""
    if not isinstance(item, Push):
        return False
    reviews = (place for place, one in enumerate(item.frames) if one.kind == _REVIEW)
    return any(item.first_seq + place not in item.poison for place in reviews)


def _at_once(job: Callable[[], None]) -> None:
    job()


def _put(connection: Connection, table: Table, **values: object) -> None:
    connection.execute(insert(table), {"shard_key": SHARD, **values})

"""The mall of one run: central, its devices and its people, from opening to the last check.

Owns the phases: set up without faults, live through chaos, heal, and hold what must then hold.
"""

import random
from collections.abc import Callable, Mapping
from functools import partial

import msgspec
from msgspec import Struct

from central.ledger.commands import SetMember
from edge_agent.journal.identity import Identity
from loyalty import wire
from loyalty.wire import LeaseAnswer, LeaseRequest, PushAnswer, PushRequest
from tillpoints.simulation.deeds import DEEDS, Deed
from tillpoints.simulation.invariants.checks import Checks
from tillpoints.simulation.invariants.facts import Facts
from tillpoints.simulation.invariants.leases import Leases
from tillpoints.simulation.invariants.observer import Observer
from tillpoints.simulation.machines.centre import Central
from tillpoints.simulation.machines.network import Line
from tillpoints.simulation.machines.station import Station
from tillpoints.simulation.people.cards import CARDS, tag_of
from tillpoints.simulation.people.everybody import Crowd, People
from tillpoints.simulation.world import DAY_MS, HOUR_MS, MINUTE_MS, START_MS, World

_CHECKPOINTS = 10
#: How many people come together at most: drawn for each run, as everything is that it meets.
_RUSHES = (1, 4, 8, 8)
_HEAL_ROUNDS = 60


class Size(Struct, frozen=True):
    """How large a run is. `stations` 0 lets the seed choose 3 to 8; events are per till and day.

    `crowd` is a kind of visitor that every second one is of; empty: all come as they do.
    """

    stations: int = 0
    days: float = 1.0
    events_min: int = 30
    events_max: int = 100
    crowd: Crowd = ""


class Mall:
    """Everything in one run."""

    def __init__(self, world: World, count: int, size: Size) -> None:
        self.world = world
        self._size = size
        self.facts = Facts(world)
        self.central = Central(world)
        self.observer = Observer(world, self.central, self.facts)
        self.checks = Checks(world, self.central, self.observer, self.facts)
        self.leases = Leases(world, self.central, self.observer, self.facts)
        self.people = People(world, self.facts, size.crowd)
        self.central.looked = self.observer.look
        self.observer.catch_up = self._note_all
        names = [f"till-{n}" for n in range(1, count)] + ["kiosk-1"]
        self._roles = {
            name: (name.split("-")[0], f"S{n // 2 % 4 + 1}") for n, name in enumerate(names)
        }
        self.stations = [
            Station(world, name, shop, self.facts, self._line(name))
            for name, (_, shop) in self._roles.items()
        ]
        self.people.redeemers.stations = self.stations
        for station in self.stations:
            station.checked, station.opened = self._after_sync, self.checks.directory
        self._tiers: dict[int, str] = {}  # of the cards whose members were imported
        self._copies: list[Station] = []

    def live(self) -> None:
        """Set up without faults, live through chaos, heal, and check the end."""
        self.world.healing = True
        self._set_up()
        self.world.healing = False
        self._plan()
        self._tend()
        end_ms = START_MS + int(self._size.days * DAY_MS)
        step_ms = (end_ms - self.world.now_ms) // _CHECKPOINTS
        for number in range(_CHECKPOINTS):
            self.world.run_until(self.world.now_ms + step_ms)
            self._checkpoint(number)
        self._heal()

    def close(self) -> None:
        """Let go of every file."""
        for station in (*self.stations, *self._copies):
            if station.up:
                station.disk.die("kill")
                station.journal.close()
        self.observer.close()
        if self.central.up:
            self.central.disk.die("kill")
            self.central.engine.dispose()

    def _line(self, name: str) -> Line:
        return Line(self.world, name, self._deliver, lambda: self.central.back_ms)

    def _deliver(
        self, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, bytes] | None:
        reply = self.central.answer(path, headers, body)
        errors, self.central.errors = self.central.errors, []
        disk_failed = any("OperationalError" in error for error in errors)
        self.world.hold("S2 central never fails by itself", not disk_failed and errors)
        if reply is None or reply[0] != 200 or body is None:
            return reply
        if path == wire.PUSH_PATH:
            answer = msgspec.msgpack.decode(reply[1], type=PushAnswer)
            self._pushed(msgspec.msgpack.decode(body, type=PushRequest), answer)
        if path == wire.PULL_PATH:
            page = msgspec.msgpack.decode(reply[1], type=wire.PullAnswer)
            if page.refetch:
                self.world.mark("refetch")
        if path == wire.LEASE_PATH:
            asked = msgspec.msgpack.decode(body, type=LeaseRequest)
            told = msgspec.msgpack.decode(reply[1], type=LeaseAnswer)
            self._note_all()
            self.leases.answered(bytes.fromhex(headers[wire.DEVICE_HEADER]), asked, told)
        return reply

    def _pushed(self, request: PushRequest, answer: PushAnswer) -> None:
        self.observer.pushed(request, answer)
        word = (answer.status, answer.acked_through, answer.expected_seq)
        self.world.trace("pushed", request.device_id.hex()[:6], request.epoch, *word)

    def _note_all(self) -> None:
        for station in (*self.stations, *self._copies):
            if station.up:
                self.facts.note(station.name, station.journal)

    def _after_sync(self, station: Station) -> None:
        if self.central.up:
            self.checks.after_sync(station)

    # ---- the phases

    def _set_up(self) -> None:
        self.central.start()
        self.central.set_up(self._roles)
        for station in self.stations:
            station.start()
            who = station.enrol(f"CODE-{station.name}")
            self.world.hold("S3 a device can enrol", not isinstance(who, Identity) and who)
            station.sync()
        for card in range(CARDS // 2):
            self._import_member(card)

    def _import_member(self, card: int) -> None:
        """Let a member own a card, which may have earned already."""
        if self.central.up:
            tier = self._tiers.get(card) or self.world.chance("members").choice(("base", "gold"))
            self._tiers[card] = tier
            if not self.central.set_member(SetMember(f"{card:016x}", tier, (tag_of(card),))):
                self.world.after(MINUTE_MS, partial(self._import_member, card))

    def import_again(self) -> None:
        """Bring in all members once more: central was restored, and may lack some."""
        for card in sorted(self._tiers):
            self._import_member(card)
        self.world.mark("members imported again")

    def _plan(self) -> None:
        rng = self.world.chance("plan")
        rush = rng.choice(_RUSHES)
        for station in self.stations:
            size = self._size
            left = int(rng.randrange(size.events_min, size.events_max + 1) * size.days)
            while left > 0:
                people = min(left, rng.randrange(1, rush + 1))
                self._sometime(rng, partial(self._come, station, people))
                left -= people
        for card in range(CARDS // 2, CARDS):
            self._sometime(rng, partial(self._import_member, card))
        for kind, (times, deed) in DEEDS.items():
            for _ in range(rng.randrange(1, times + 1)):
                station = rng.choice(self.stations)
                self._sometime(rng, partial(self._perhaps, kind, deed, station))

    def _tend(self) -> None:
        """Let central's worker look after it, and again in a while."""
        self.central.seal()
        self.world.after(HOUR_MS, self._tend)

    def _come(self, station: Station, people: int) -> None:
        """Let people come to a device one close behind the other."""
        self.people.do_something(station)
        if people > 1:
            next_ms = self.world.chance("rushes").randrange(2_000)
            self.world.after(next_ms, partial(self._come, station, people - 1))

    def _perhaps(self, kind: str, deed: Deed, station: Station) -> None:
        if self.world.fault(kind):
            deed(self, station)

    def _sometime(self, rng: random.Random, action: Callable[[], None]) -> None:
        when_ms = (
            START_MS + HOUR_MS // 2 + rng.randrange(int(self._size.days * DAY_MS) - HOUR_MS // 2)
        )
        self.world.at(when_ms, action)

    def _checkpoint(self, number: int) -> None:
        if not self.central.up:
            self.central.restart()
        self.checks.ledger()
        self.leases.exposed()
        station = self.world.chance("checkpoint").choice(self.stations)
        if station.up:
            self.checks.journal(station)
            self.checks.directory(station)
            if number % 2:
                self.checks.tampered_journal(station)
        if not number % 2:
            self.checks.tampered_ledger()

    def _heal(self) -> None:
        """Stop every fault, and see that all comes to rest, complete and equal."""
        world = self.world
        world.healing = True
        self._switch_copies_off()
        self.central.disk.disarm()
        self.central.restart()
        if self.observer.restored:
            self.import_again()
        world.run_until(
            world.now_ms + 2 * HOUR_MS
        )  # what is under way arrives, who is down is back
        for station in self.stations:
            station.line.heal()
            station.die("kill", back_ms=1_000)
        world.run_until(world.now_ms + 10_000)
        for _ in range(_HEAL_ROUNDS):
            self._enrol_refused()
            world.run_until(world.now_ms + HOUR_MS)
            left = [what for station in self.stations for what in self.checks.at_rest(station)]
            if not left:
                break
        world.hold("I19 progress", left)
        world.run_until(world.now_ms + 2 * HOUR_MS)
        self.central.seal()
        for station in self.stations:
            station.sync()
        self.observer.look()
        self.checks.nothing_lost()
        self.checks.leases_returned()
        self.checks.same_everywhere(self.stations)
        self.checks.ledger()
        self.checks.settled(self.stations)
        for station in self.stations:
            self.checks.journal(station)
            self.checks.directory(station)

    def copy_machine(self, station: Station) -> None:
        """Let a second machine run on a copy of a device's disk, both with the same identity."""
        if not station.up or self._copies:
            return
        name = f"{station.name}-copy"
        image = station.disk.image()
        copy = Station(self.world, name, station.shop, self.facts, self._line(name), image)
        copy.sells = station.sells
        copy.checked, copy.opened = self._after_sync, self.checks.directory
        self._copies.append(copy)
        self.facts.unreliable.add(station.identity().device_id)
        self.world.mark("cloned")
        copy.start()
        rng = self.world.chance("copies")
        for _ in range(rng.randrange(1, 12)):
            wait_ms = rng.randrange(4 * HOUR_MS)
            self.world.after(wait_ms, lambda: self.people.do_something(copy))

    def _switch_copies_off(self) -> None:
        for copy in self._copies:
            copy.switch_off()

    def _enrol_refused(self) -> None:
        """Do what store IT does when central takes no more of a device's chain."""
        for station in self.stations:
            outbox = station.journal.outbox()
            if outbox.refused:
                code = f"AGAIN-{station.name}-{outbox.epoch}"
                self.central.new_code(station.identity().device_id, code)
                who = station.enrol(code)
                self.world.hold("S3 a device can enrol", not isinstance(who, Identity) and who)
                self.world.mark("enrolled again")
                station.sync_soon()

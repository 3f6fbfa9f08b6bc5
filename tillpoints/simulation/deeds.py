"""The faults that are planned ahead: what each does to a device, or to central."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from tillpoints.simulation.machines.station import Station
from tillpoints.simulation.world import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from tillpoints.simulation.mall import Mall

#: When those come who come right after a restore: what was lent before it may still be spent.
_SOON_MS = 10 * 60_000
#: When at the latest the members are imported again that the backup does not know.
_IMPORTED_MS = 2 * HOUR_MS


def _partition(mall: "Mall", station: Station) -> None:
    station.line.cut(mall.world.chance("cuts").randrange(60_000, 6 * HOUR_MS))


def _stop_central(mall: "Mall", _station: Station) -> None:
    mall.central.die("power" if mall.world.chance("stops").random() < 0.5 else "kill")


def _reboot(mall: "Mall", station: Station) -> None:
    station.die("power" if mall.world.chance("stops").random() < 0.5 else "kill")


def _jump(mall: "Mall", station: Station) -> None:
    years = 365 * DAY_MS
    by_ms = mall.world.chance("clocks").choice((-50 * years, 70 * years, -HOUR_MS, HOUR_MS, 90_000))
    station.jump(by_ms)


def _skew(mall: "Mall", station: Station) -> None:
    station.skew(mall.world.chance("clocks").uniform(-0.001, 0.001))


def _roll_back(_mall: "Mall", station: Station) -> None:
    if station.images:
        station.roll_back()
    else:
        station.snapshot()


def _restore(mall: "Mall", station: Station) -> None:
    rng, world = mall.world.chance("stops"), mall.world
    if mall.central.backup is None or rng.random() < 0.3:
        mall.central.back_up()
        return
    if rng.random() < 0.5:  # somebody has just been lent what the backup does not know
        station.act(partial(mall.people.borrowers.visit, station))
    if mall.central.restore():
        world.mark("central restored")
        mall.observer.start_over()
        world.after(world.chance("imports").randrange(_IMPORTED_MS), mall.import_again)
    for other in mall.stations if rng.random() < 0.5 else ():
        visit = partial(mall.people.borrowers.visit, other)
        world.after(rng.randrange(_SOON_MS), partial(other.act, visit))


def _release(mall: "Mall", _station: Station) -> None:
    lease_id = mall.central.release()
    if lease_id is not None:
        mall.facts.released.add(lease_id)
        mall.facts.granted.pop(lease_id, None)  # it arms nobody any more, by a person's word
        mall.observer.look()


def _copy(mall: "Mall", station: Station) -> None:
    mall.copy_machine(station)


#: What a planned fault does to a device.
Deed = Callable[["Mall", Station], None]
#: Faults that are planned ahead: how often at most, and what happens.
DEEDS: dict[str, tuple[int, Deed]] = {
    "partition": (10, _partition),
    "stop_central": (3, _stop_central),
    "reboot": (5, _reboot),
    "clock_jump": (4, _jump),
    "skew": (3, _skew),
    "rollback": (8, _roll_back),
    "clone": (2, _copy),
    "restore": (4, _restore),
    "release": (6, _release),
}

"""The demo's world: a central, two tills of two shops and a kiosk, as processes on this machine.

Everything is set up with the commands that a mall would use. All state lies in one folder; leaving
the world ends every process and, unless it is kept, removes the folder.
"""

from __future__ import annotations

import contextlib
import csv
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

import requests
from msgspec import Struct

from edge_agent.devices.virtual.printer import VirtualPrinter
from tillpoints.demo.ports import Ports
from tillpoints.demo.pos.bistro import Bistro
from tillpoints.demo.pos.boutique import Boutique
from tillpoints.demo.processes import ChildFailed, Leash, Service, run, wait_for
from tillpoints.demo.station import Station

T = TypeVar("T")

PROGRAMME = "澄湖天地会员积分"
ZONE = "Asia/Shanghai"
MALL = Path(str(files("tillpoints"))) / "demo" / "mall"
READY_TIMEOUT_S = 180.0  # a machine may be busy with something else
#: On Linux a folder in memory that everybody may write in (shm_overview(7)).
MEMORY = "/dev/shm"  # noqa: S108 a folder of our own is made in it


class Person(Struct, frozen=True):
    """A member of the demo mall as its own records have them."""

    number: str
    name: str
    tier: str
    aliases: tuple[str, ...]


class World:
    """Use it in a `with` block; inside, everything runs and every device is enrolled.

    `folder` keeps the state where you say; without it a temporary folder is used and removed.
    `embedded_by` is an origin that may show the screens in a frame.
    """

    def __init__(self, folder: Path | None = None, *, embedded_by: str = "") -> None:
        self._temporary = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="tillpoints-demo-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self._stack = contextlib.ExitStack()
        self._memory = Path(tempfile.mkdtemp(prefix="tillpoints-demo-", dir=MEMORY))
        self._leash = Leash(self._memory, *([self.folder] if self._temporary else []))
        ports = Ports()
        self.central_port = ports.take()
        self.desk_printer = VirtualPrinter(ports.take())
        self.config = self.folder / "central.toml"
        self.central = Service(
            "central", ["central", "serve", "--config", str(self.config)], self.folder, self._leash
        )
        with_this = (self.folder, self._memory, ports, self.central_port, self._leash)
        self.bistro = Station("till-1", *with_this, Bistro(), embedded_by)
        self.boutique = Station("till-2", *with_this, Boutique(), embedded_by)
        self.kiosk = Station("kiosk-1", *with_this, None, embedded_by)

    @property
    def stations(self) -> tuple[Station, Station, Station]:
        """Both tills and the kiosk."""
        return self.bistro, self.boutique, self.kiosk

    @property
    def services(self) -> list[Service]:
        """Every process that should run."""
        return [self.central, *(each for station in self.stations for each in station.services)]

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def clock(self) -> datetime:
        """Return the mall's local time, as a POS there prints it."""
        return datetime.now(ZoneInfo(ZONE)).replace(tzinfo=None)

    def people(self) -> list[Person]:
        """Return the members that were imported."""
        with (MALL / "members.csv").open(encoding="utf-8-sig", newline="") as file:
            return [
                Person(row["number"], row["name"], row["tier"], _split(row["aliases"]))
                for row in csv.DictReader(file)
            ]

    def on_central(self, *arguments: str) -> str:
        """Run `tillpoints ARGUMENTS --config central.toml` and return what it wrote."""
        return run([*arguments, "--config", str(self.config)])

    def logs(self) -> str:
        """Return the end of every process's log."""
        return "\n".join(f"--- {one.name}\n{one.tail()}" for one in self.services if one.tail())

    def _start(self) -> None:
        for station in self.stations:
            station.plug_in()
            self._stack.callback(station.pull_out)
        self.desk_printer.start()
        self._stack.callback(self.desk_printer.power_off)
        self.config.write_text(
            f'programme = "{PROGRAMME}"\nzone = "{ZONE}"\n'
            f'[server]\nlisten = "127.0.0.1:{self.central_port}"\n'
            f'[desk_printer]\naddress = "127.0.0.1:{self.desk_printer.port}"\n',
            encoding="utf-8",
        )
        self.on_central("central", "init")
        self.central.start()
        codes = self._bring_mall_in()
        wait_for("central to serve", self._central_ready, timeout_s=READY_TIMEOUT_S)
        _at_once(self.stations, lambda station: station.enrol(codes[station.name]))
        for station in self.stations:
            station.agent.start()
        for station in self.stations:
            try:
                wait_for(
                    f"{station.name} to be online",
                    lambda station=station: not self._lacks(station),  # type: ignore[misc]
                    timeout_s=READY_TIMEOUT_S,
                )
            except TimeoutError as error:
                lacks = ", ".join(self._lacks(station))
                raise ChildFailed(f"{error}; it lacks: {lacks}\n{self.logs()}") from error

    def _bring_mall_in(self) -> dict[str, str]:
        """Import the mall's files; return each device's one-time code."""
        codes = self.folder / "codes.csv"
        _at_once(("rules.toml", "shops.csv"), self._import)
        with_codes = ("--codes", str(codes))
        _at_once(
            ("rewards.csv", "members.csv", "tills.csv"),
            lambda name: self._import(name, *(with_codes if name == "tills.csv" else ())),
        )
        with codes.open(encoding="utf-8-sig", newline="") as file:
            found = {row["name"]: row["code"] for row in csv.DictReader(file)}
        codes.unlink()
        return found

    def _import(self, name: str, *options: str) -> None:
        kind = name.partition(".")[0]
        self.on_central("central", "import", kind, str(MALL / name), *options)

    def _central_ready(self) -> bool:
        if self.central.restarts > 2:
            raise ChildFailed(f"central does not stay up\n{self.central.tail()}")
        try:
            return requests.get(f"http://127.0.0.1:{self.central_port}/readyz", timeout=2).ok
        except requests.RequestException:
            return False

    def _lacks(self, station: Station) -> list[str]:
        """Return what keeps a station from being ready, nothing when it is."""
        if station.agent.restarts > 2:
            raise ChildFailed(f"{station.name} does not stay up\n{station.agent.tail()}")
        state = station.screens.state()
        if state is None:
            return ["screens"]
        devices = ("scanner", "tap") if station.vendor else ("scanner",)
        lacks = [each for each in devices if state[each] != "yes"]
        lacks += [each for each in ("online", "books") if not state[each]]
        known = station.knows(each.number for each in self.people())
        return lacks if known else [*lacks, "members"]

    def _stop(self) -> None:
        """End everything, agents and taps first, so that central hears their last words."""
        for group in ([s for s in self.services if s is not self.central], [self.central]):
            for service in group:
                service.ask_to_stop()
            for service in group:
                service.wait_stopped()
        self._stack.close()
        self._leash.let_go()
        shutil.rmtree(self._memory, ignore_errors=True)
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)


def _split(aliases: str) -> tuple[str, ...]:
    return tuple(alias for alias in aliases.split(";") if alias)


def _at_once(items: Iterable[T], do: Callable[[T], object]) -> None:
    """Do something for each item in threads; raise the first error."""
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(do, item) for item in items]:
            done.result()

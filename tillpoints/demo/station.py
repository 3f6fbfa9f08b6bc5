"""One till or kiosk of the demo: its processes, its devices and its cable to central.

The processes are the real ones, `tillpoints agent run` and `tillpoints tap run`. Scanner, printer,
POS and network are virtual and belong to the demo, as the hardware around a till does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from random import Random

from edge_agent.devices.virtual.printer import VirtualPrinter
from edge_agent.devices.virtual.scanner import VirtualScanner
from edge_agent.journal.reader import Reader
from loyalty.codes import card_tag
from tillpoints.demo.network import Relay
from tillpoints.demo.ports import Ports
from tillpoints.demo.pos.bistro import Bistro
from tillpoints.demo.pos.boutique import Boutique
from tillpoints.demo.pos.printing import Pos, send
from tillpoints.demo.processes import Leash, Service, run
from tillpoints.demo.screens import Screens

KIOSK_COLUMNS = 48
SYNC_EVERY_S = 2.0
_DOTS = {32: 384, 48: 576}


class Station:
    """A device and all that is plugged into it. A station with a `vendor` is a till."""

    def __init__(
        self,
        name: str,
        folder: Path,
        memory: Path,
        ports: Ports,
        central_port: int,
        leash: Leash,
        vendor: Bistro | Boutique | None,
        embedded_by: str,
    ) -> None:
        self.name = name
        self.vendor = vendor
        self.shop_id = vendor.shop_id if vendor else ""
        self.folder = folder / name
        self.folder.mkdir()
        self._memory = memory / name
        self._memory.mkdir()
        self.columns = vendor.width if vendor else KIOSK_COLUMNS
        self.relay = Relay(ports.take(), central_port)
        self.printer = VirtualPrinter(ports.take())
        self.scanner = VirtualScanner(self.folder / "scanner")
        self.powered = True
        self.pos_port = ports.take() if vendor else 0
        web_port = ports.take()
        self.screens = Screens(web_port)
        self._config = self.folder / "agent.toml"
        self._config.write_text(self._agent_toml(web_port, embedded_by), encoding="utf-8")
        self.agent = Service(f"{name}-agent", self._agent("run"), folder, leash)
        self.tap: Service | None = None
        if vendor:
            config = self.folder / "tap.toml"
            config.write_text(self._tap_toml(), encoding="utf-8")
            self.tap = Service(
                f"{name}-tap", ["tap", "run", "--config", str(config)], folder, leash
            )

    def pos(self, rng: Random, clock: Callable[[], datetime]) -> Pos:
        """Return a POS that prints to this till's tap."""
        assert self.vendor is not None
        return Pos(self.vendor, lambda raw: send("127.0.0.1", self.pos_port, raw), rng, clock)

    def plug_in(self) -> None:
        """Power the devices, open the cable, start the tap; the agent needs an identity first."""
        self.relay.start()
        self.printer.start()
        self.scanner.plug()
        if self.tap:
            self.tap.start()

    def enrol(self, code: str) -> None:
        """Give the device its identity, through its own cable. Raises ChildFailed."""
        run([*self._agent("enrol"), "--code", code])

    def switch_printer(self, *, on: bool) -> None:
        """Switch the printer's power; one that comes back has paper."""
        if on == self.powered:
            return
        self.powered = on
        if on:
            self.printer.paper_out = False
            self.printer.power_on()
        else:
            self.printer.power_off()

    @property
    def services(self) -> list[Service]:
        """The processes of this station."""
        return [self.agent, self.tap] if self.tap else [self.agent]

    def pull_out(self) -> None:
        """Power the devices off and unplug everything; the processes have ended before."""
        self.scanner.unplug()
        self.switch_printer(on=False)
        self.relay.stop()

    def _agent(self, verb: str) -> list[str]:
        return ["agent", verb, "--config", str(self._config)]

    def knows(self, numbers: Iterable[str]) -> bool:
        """Tell whether the device knows the members with these numbers."""
        with Reader(self.folder / "state") as journal:
            identity = journal.identity()
            if identity is None:
                return False
            tags = (card_tag(identity.tenant_key, number) for number in numbers)
            return all(journal.holder_of(tag).kind == "member" for tag in tags)

    def _agent_toml(self, web_port: int, embedded_by: str) -> str:
        printer: dict[str, object] = {"columns": self.columns, "dots": _DOTS[self.columns]}
        if not self.vendor:
            printer = {"kind": "network", "address": f"127.0.0.1:{self.printer.port}", **printer}
        tables: dict[str, dict[str, object]] = {
            "central": {
                "url": f"http://127.0.0.1:{self.relay.port}",
                "connect_timeout_s": 1.0,
                "read_timeout_s": 5.0,
                "sync_every_s": SYNC_EVERY_S,
            },
            "web": {
                "listen": self.screens.url.removeprefix("http://"),
                "embedded_by": [embedded_by] if embedded_by else [],
            },
            "printer": printer,
            "[scanner]": {"port": str(self.scanner.link)},
        }
        if self.vendor:
            tables["[tap]"] = {"spool": "spool"}
        return f'state = "state"\nruntime = "{self._memory}"\n' + _toml(tables)

    def _tap_toml(self) -> str:
        tap: dict[str, object] = {
            "name": self.name,
            "listen": f"127.0.0.1:{self.pos_port}",
            "printer": f"127.0.0.1:{self.printer.port}",
            "spool": "spool",
        }
        return _toml({"[tap]": tap})


def _toml(tables: dict[str, dict[str, object]]) -> str:
    # A JSON string, number or list is written the same way in TOML.
    lines = []
    for name, keys in tables.items():
        lines.append(f"\n[{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"

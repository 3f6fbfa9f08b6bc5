"""Looks at the world several times a second and says what the control room shows."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from typing import Any

import msgspec

from edge_agent.web.board import Board
from tillpoints.demo.ledger import Books, Ledger
from tillpoints.demo.processes import Service
from tillpoints.demo.room.roll import Roll
from tillpoints.demo.station import Station
from tillpoints.demo.world import World

LOOK_EVERY_S = 0.25
LATEST_BOOKINGS = 14
Json = dict[str, Any]


class Watch(threading.Thread):
    """Publishes a snapshot on `board` whenever something changed. `rolls` are the papers."""

    def __init__(self, world: World, rolls: dict[str, Roll], board: Board) -> None:
        super().__init__(name="control room watch", daemon=True)
        self._world = world
        self._rolls = rolls
        self._board = board
        self._stopping = threading.Event()
        self._ledger = Ledger(world.folder / "central.db")
        self._people = {person.number: person for person in world.people()}

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self.join()

    def run(self) -> None:
        """Look and publish until stopped."""
        while not self._stopping.is_set():
            self._board.publish(self._snapshot(), round(time.time() * 1000))
            self._stopping.wait(LOOK_EVERY_S)

    def _snapshot(self) -> Json:
        world = self._world
        self._rolls["desk"].grow(world.desk_printer.paper)
        try:
            books: Json | None = self._books(self._ledger.read(LATEST_BOOKINGS))
        except sqlite3.OperationalError:
            books = None  # the file is being checkpointed; the next look shows it
        return {
            "stations": [self._station(station) for station in world.stations],
            "central": {"url": f"http://127.0.0.1:{world.central_port}/", **_life(world.central)},
            "desk_papers": _papers(self._rolls["desk"]),
            "ledger": books,
        }

    def _station(self, station: Station) -> Json:
        roll = self._rolls[station.name]
        roll.grow(station.printer.paper)
        state = station.screens.state() or {}
        return {
            "name": station.name,
            "kind": "till" if station.vendor else "kiosk",
            "columns": station.columns,
            "goods": [each.name for each in station.vendor.goods] if station.vendor else [],
            "shop": state.get("shop", {"zh": "", "en": ""}),
            "screen": station.screens.url,
            "online": state.get("online"),
            "queue": state.get("queue"),
            "head": _head(station),
            "link": station.relay.link,
            "printer": _printer(station),
            "agent": _life(station.agent),
            "tap": _life(station.tap) if station.tap else None,
            "papers": _papers(roll),
        }

    def _books(self, books: Books) -> Json:
        members = [
            {
                "number": person.number,
                "name": person.name,
                "tier": person.tier,
                "balance": books.balances.get(person.number, 0),
            }
            for person in self._people.values()
        ]
        held = [member for member in members if member["balance"]]
        held.sort(key=lambda member: -abs(int(str(member["balance"]))))
        return {
            "transfers": books.transfers,
            "sum": books.sum_of_all,
            "owned": sum(books.balances.values()) + sum(books.cards.values()),
            "cards": sum(books.cards.values()),
            "latest": msgspec.to_builtins(books.latest),
            "members": held[:12],
        }


def _printer(station: Station) -> str:
    if not station.powered:
        return "off"
    return "paper_out" if station.printer.paper_out else "on"


def _life(service: Service) -> Json:
    return {"pid": service.pid, "restarts": service.restarts}


def _papers(roll: Roll) -> list[Json]:
    return [
        {
            "number": piece.number,
            "kind": piece.kind,
            "code": bool(piece.qr),
            "cut": piece.cut,
            "at_ms": piece.at_ms,
        }
        for piece in reversed(roll.pieces)
    ]


def _head(station: Station) -> Json | None:
    """Return the head of the station's journal, as its file has it; None before there is one."""
    path = station.folder / "state" / "journal.sqlite"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.2)) as db:
            row = db.execute(
                "SELECT epoch, seq, hex(hash) FROM event ORDER BY epoch DESC, seq DESC LIMIT 1"
            ).fetchone()
    except sqlite3.OperationalError:
        return None
    return None if row is None else {"epoch": row[0], "seq": row[1], "hash": row[2][:5].lower()}

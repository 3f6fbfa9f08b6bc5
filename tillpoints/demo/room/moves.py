"""What people and accidents do at the demo's stations, as buttons of the control room."""

from __future__ import annotations

import threading
from collections.abc import Callable
from random import Random
from typing import Annotated, Literal

from escpos.exceptions import DeviceNotFoundError
from msgspec import Meta, Struct
from requests import RequestException

from tillpoints.demo.pos.bistro import Bistro
from tillpoints.demo.pos.printing import Pos, Printed
from tillpoints.demo.processes import ChildFailed, wait_for
from tillpoints.demo.room.roll import Roll
from tillpoints.demo.screens import ScreenError
from tillpoints.demo.station import Station
from tillpoints.demo.world import World

UNKNOWN_CARD = "TPM505190672314"
PAYMENT_CODE = "134805190672318846"
ASKS_TIMEOUT_S = 3.0

Verb = Literal[
    "sell",
    "refund",
    "reprint",
    "other_paper",
    "unclear",
    "scan",
    "redeem",
    "cut",
    "plug",
    "paper_out",
    "refill",
    "printer_off",
    "printer_on",
    "kill_agent",
    "kill_tap",
    "statement",
]


class Move(Struct, frozen=True, forbid_unknown_fields=True):
    """One press of a button.

    `what` is what is scanned (a member's number, or a word below), the goods that are sold, or the
    id of the reward that is redeemed.
    """

    do: Verb
    station: Literal["till-1", "till-2", "kiosk-1", "desk"]
    what: Annotated[str, Meta(max_length=40)] = ""


class CannotNow(Exception):
    """The move makes no sense now; the message is (zh, en)."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        self.en = en
        super().__init__(en)


class Moves:
    """Carries out moves, one at a time at each station."""

    def __init__(self, world: World, rolls: dict[str, Roll], seed: int) -> None:
        self._world = world
        self._stations = {station.name: station for station in world.stations}
        self._rolls = rolls
        self._pos: dict[str, Pos] = {
            station.name: station.pos(Random(f"{seed} {station.name}"), world.clock)
            for station in world.stations
            if station.vendor
        }
        self._sold: dict[str, list[Printed]] = {name: [] for name in self._pos}
        self._locks = {name: threading.Lock() for name in self._stations}

    def make(self, move: Move) -> None:
        """Carry out a move. Raises CannotNow."""
        if move.do == "statement":
            self._statement(move.what)
            return
        if move.station not in self._stations:
            raise CannotNow("服务台只打印对账单", "The desk prints statements only")
        station = self._stations[move.station]
        table: dict[Verb, Callable[[], object]] = {
            "cut": station.relay.cut,
            "plug": station.relay.plug,
            "paper_out": lambda: _paper(station, out=True),
            "refill": lambda: _paper(station, out=False),
            "printer_off": lambda: station.switch_printer(on=False),
            "printer_on": lambda: station.switch_printer(on=True),
            "kill_agent": station.agent.kill,
            "kill_tap": lambda: station.tap and station.tap.kill(),
            "scan": lambda: self._scan(station, move.what),
            "redeem": lambda: _redeem(station, move.what),
        }
        with self._locks[move.station]:
            if move.do in table:
                table[move.do]()
            else:
                self._print(station, move)

    def _print(self, station: Station, move: Move) -> None:
        pos = self._pos.get(station.name)
        if pos is None:
            raise CannotNow("自助机没有收银系统", "A kiosk has no POS")
        try:
            self._on_pos(pos, move, self._sold[station.name])
        except (DeviceNotFoundError, OSError) as error:
            raise CannotNow(
                "收银系统打印失败：打印机没有响应", "The POS could not print: no printer answered"
            ) from error

    @staticmethod
    def _on_pos(pos: Pos, move: Move, sold: list[Printed]) -> None:
        if move.do == "sell":
            wanted = tuple(goods for goods in pos.vendor.goods if goods.name == move.what)
            sold.append(pos.sell(wanted))
            return
        if move.do == "unclear":
            if not isinstance(pos.vendor, Bistro):
                raise CannotNow("这家店的小票都看得清", "This shop's print is clear")
            pos.unclear()
            return
        if not sold:
            raise CannotNow("还没有小票", "Nothing was sold yet")
        last = sold[-1]
        if move.do == "reprint":
            pos.reprint(last.ticket)
        elif move.do == "refund":
            pos.give_back(last.ticket)
            sold.pop()
        elif isinstance(pos.vendor, Bistro):
            pos.kitchen_ticket()
        else:
            pos.card_slip(last.ticket)

    def _statement(self, number: str) -> None:
        today = self._world.clock().date().isoformat()
        days = ("--from", today, "--to", today)
        try:
            self._world.on_central("central", "statement", number, *days, "--print")
        except ChildFailed as error:
            raise CannotNow("对账单没有打印出来", "The statement was not printed") from error

    def _scan(self, station: Station, what: str) -> None:
        words = {
            "unknown": UNKNOWN_CARD,
            "payment": PAYMENT_CODE,
            "claim": self._newest("claim"),
            "voucher": self._newest("redemption", "parking"),
        }
        text = words.get(what, f"TPM{what}")
        if not text:
            raise CannotNow("还没有打印出这种凭条", "No such slip was printed yet")
        try:
            station.scanner.scan(text)
        except BlockingIOError as error:
            raise CannotNow("没有程序在读扫码枪", "Nobody reads the scanner") from error

    def _newest(self, *kinds: str) -> str:
        newest = (roll.newest(kind) for roll in self._rolls.values() for kind in kinds)
        found = [piece for piece in newest if piece]
        return max(found, key=lambda piece: piece.at_ms).qr if found else ""


def _redeem(station: Station, reward_id: str) -> None:
    """Touch a reward on the kiosk's screen, and confirm it, as whoever was scanned there."""
    try:
        station.screens.do("choose", reward_id=reward_id)
        wait_for("the kiosk to ask", lambda: _step(station) == "confirm", timeout_s=ASKS_TIMEOUT_S)
        station.screens.do("confirm")
    except (ScreenError, RequestException, ChildFailed) as error:
        raise CannotNow(
            "自助机现在换不了：请先扫一位积分足够的会员",
            "The kiosk cannot redeem it now: scan a member with enough points there first",
        ) from error


def _step(station: Station) -> object:
    return (station.screens.state() or {}).get("step")


def _paper(station: Station, *, out: bool) -> None:
    station.printer.paper_out = out

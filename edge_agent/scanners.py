"""The scanners, cameras and card readers of one machine, made of the lines in agent.toml."""

from __future__ import annotations

import functools
import queue
from collections.abc import Callable, Sequence
from typing import Any

from edge_agent.config import Config, HidScanner, Scanner
from edge_agent.devices.camera.config import Camera
from edge_agent.devices.cards.reader import CardScanner
from edge_agent.devices.hid.cards import CardNumbers, card_number, member_text
from edge_agent.devices.hid.wedge import Wedge
from edge_agent.devices.hotplug import HotPlug
from edge_agent.devices.scanner_thread import ScannerThread
from edge_agent.devices.serial_lines import Line
from edge_agent.devices.serial_scanner import SerialScanner
from edge_agent.devices.sources import Match
from loyalty.codes import ClaimCode, MemberNumber, MemberPass, SignedActivity, VoucherCode, classify


class Scanners:
    """All of them, and the news of what is plugged in, as one part of the agent."""

    def __init__(self, config: Config, inbox: queue.Queue[Any]) -> None:
        self._all: list[ScannerThread] = [
            SerialScanner(
                each.name,
                Line(each.port, each.match(), _all_but(each.port, config.scanner)),
                inbox,
                baud=each.baud,
                protocol=each.protocol,
            )
            for each in config.scanner
        ]
        hids, cameras = config.hid_scanner, config.camera
        self._all += [hid_scanner(each, inbox, _others(each, hids)) for each in hids]
        self._all += [camera(each, inbox, _others(each, cameras)) for each in cameras]
        self._all += [CardScanner(each, inbox) for each in config.card_reader]
        self._hotplug = HotPlug(self._look_again)

    def start(self) -> None:
        """Begin reading every scanner; absent ones are waited for."""
        for scanner in self._all:
            scanner.start()
        if self._all:
            self._hotplug.start()

    def stop(self) -> None:
        """Stop reading; returns when the threads have ended."""
        if self._all:
            self._hotplug.stop()
        for scanner in self._all:
            scanner.stop()

    def connected(self) -> list[bool]:
        """Tell of each scanner whether it can be read."""
        return [scanner.connected for scanner in self._all]

    def names(self) -> list[str]:
        """Name each of them, in the order of `connected`."""
        return [scanner.source for scanner in self._all]

    def trouble(self) -> str:
        """Return what keeps one of them from reading well, the first; empty: nothing does."""
        return next((scanner.trouble for scanner in self._all if scanner.trouble), "")

    def _look_again(self) -> None:
        for scanner in self._all:
            scanner.look_again()


def _others(mine: HidScanner | Camera, lines: Sequence[HidScanner | Camera]) -> list[Match]:
    return [each.match() for each in lines if each is not mine and each.match() != Match()]


def _all_but(port: str, lines: Sequence[Scanner]) -> tuple[str, ...]:
    return tuple(each.port for each in lines if each.port != port)


def hid_scanner(
    config: HidScanner, inbox: queue.Queue[Any], others: Sequence[Match] = ()
) -> ScannerThread:
    """Return the reader of one line of agent.toml; `others` are those of its neighbours."""
    # Imported here: they need a compiled library, and a till with serial scanners does not.
    if config.kind == "pos":
        from edge_agent.devices.hid.pos_scanner import PosScanner

        return PosScanner(config.name, config.match(), inbox, config.reports, others)
    from edge_agent.devices.hid.scanner import KeyboardScanner

    wedge = functools.partial(Wedge, config.layout, config.alt_codes, config.end)
    understand = _understanding(config)
    is_ours = _claiming(config, understand)
    return KeyboardScanner(config.name, config.match(), inbox, wedge, understand, is_ours, others)


def camera(config: Camera, inbox: queue.Queue[Any], others: Sequence[Match] = ()) -> ScannerThread:
    """Return the reader of one camera's lines of agent.toml."""
    # Imported here: OpenCV is large, and most tills have no camera.
    from edge_agent.devices.camera.camera import CameraScanner

    return CameraScanner(config, inbox, others)


def _claiming(config: HidScanner, understand: Callable[[str], str]) -> Callable[[str], bool] | None:
    """Return what tells our codes from the POS's, or None where the POS gets nothing."""
    match config.pass_on:
        case "nothing":
            return None
        case "all":
            return lambda _: False
        case "others":
            ours = (MemberNumber, MemberPass, ClaimCode, VoucherCode, SignedActivity)
            return lambda text: isinstance(classify(understand(text)), ours)


def _understanding(config: HidScanner) -> Callable[[str], str]:
    match config.reads:
        case "codes":
            return str
        case "stripe":
            return member_text
        case typed:
            numbers = CardNumbers(typed, config.kept_as or typed, config.reversed)
            return functools.partial(card_number, numbers=numbers)

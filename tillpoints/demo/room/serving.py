"""Opens the control room: starts the world, serves the page, and ends both."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Callable
from contextlib import AbstractContextManager

from edge_agent.web.board import Board
from edge_agent.web.server import WebServer
from tillpoints.demo.room.app import Room, create_app
from tillpoints.demo.room.moves import Moves
from tillpoints.demo.room.roll import Roll
from tillpoints.demo.room.watch import Watch
from tillpoints.demo.world import World

THREADS = 24
DESK_COLUMNS = 48


def serve(
    open_world: Callable[[str], AbstractContextManager[World]],
    port: int,
    seed: int,
    *,
    say: Callable[[str], None],
    opened: bool,
) -> None:
    """Serve on a free `port` until interrupted; `open_world` is called with the page's origin."""
    origin = f"http://127.0.0.1:{port}"
    say("正在启动总台、两台收银和一台自助机… / starting central, two tills and a kiosk…")
    with open_world(origin) as world:
        rolls = {station.name: Roll(station.columns) for station in world.stations}
        rolls["desk"] = Roll(DESK_COLUMNS)
        board = Board()
        watch = Watch(world, rolls, board)
        screens = [station.screens.url for station in world.stations]
        room = Room(board, Moves(world, rolls, seed), rolls, port, screens)
        server = WebServer(create_app(room), "127.0.0.1", port, THREADS)
        watch.start()
        server.start()
        try:
            _announce(world, origin, say)
            if opened:
                webbrowser.open(origin)
            threading.Event().wait()
        finally:
            watch.stop()
            board.close()
            server.close()


def _announce(world: World, origin: str, say: Callable[[str], None]) -> None:
    say(f"\n  控制室 / control room   {origin}/\n")
    for station in world.stations:
        say(f"  {station.name:<22} {station.screens.url}/")
    say(f"  {'总台 / central':<20} http://127.0.0.1:{world.central_port}/")
    say(f"  {'数据 / state':<20} {world.folder}")
    say("\n按 Ctrl-C 结束，不留痕迹 / Ctrl-C ends it and leaves nothing behind")

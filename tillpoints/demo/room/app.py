"""The routes of the control room: the page, its stream, the papers, and the buttons.

Guarded like the agent's own screens: this machine only, a token on every write, a strict policy.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask, Response, abort, request, send_from_directory

from edge_agent.web.board import Board
from edge_agent.web.streams import Streams
from tillpoints.demo.room.moves import CannotNow, Move, Moves
from tillpoints.demo.room.roll import Roll
from tillpoints.demo.room.tour import TOUR

STREAMS_MAX = 12
_STATIC = Path(str(files("tillpoints"))) / "demo" / "room" / "static"
_SCREENS = Path(str(files("kiosk_ui")))


class Room:
    """What the routes need. `screens` are the origins that the page shows in frames."""

    def __init__(
        self, board: Board, moves: Moves, rolls: dict[str, Roll], port: int, screens: list[str]
    ) -> None:
        self._streams = Streams(board, STREAMS_MAX)
        self._moves = moves
        self._rolls = rolls
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._frames = " ".join(screens)
        self._token = secrets.token_urlsafe(24)

    def only_this_machine(self) -> None:
        """Refuse a Host that is not ours: a name on the web that was made to point here."""
        if request.host not in self._hosts:
            abort(421)

    def guard(self, response: Response) -> Response:
        """Add the headers that keep the page from loading or posting anything of others."""
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; frame-src {self._frames}; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def page(self) -> Response:
        """Return the page with the token that its own requests carry."""
        text = (_STATIC / "room.html").read_text(encoding="utf-8")
        page = text.replace("{{token}}", self._token)
        return Response(page, content_type="text/html; charset=utf-8")

    def asset(self, name: str) -> Response:
        """Return a file of the page."""
        return send_from_directory(_STATIC, name)

    def shared_asset(self, name: str) -> Response:
        """Return a style sheet or icon that the product's own screens use."""
        if not name.endswith((".css", ".svg")):
            abort(404)
        return send_from_directory(_SCREENS, name)

    def tour(self) -> Response:
        """Return the stops of the guided tour."""
        return Response(msgspec.json.encode(TOUR), content_type="application/json")

    def paper(self, station: str, number: int) -> Response:
        """Return a piece of paper as a picture."""
        roll = self._rolls.get(station)
        piece = roll.piece(number) if roll else None
        if piece is None:
            abort(404)
        picture = Response(piece.svg, content_type="image/svg+xml; charset=utf-8")
        # A drawing is inert, and its own attributes are all the style it has.
        picture.headers["Cache-Control"] = "max-age=3600" if piece.cut else "no-store"
        return picture

    def events(self) -> Response:
        """Return the stream of snapshots."""
        gone: Callable[[], bool] = request.environ["waitress.client_disconnected"]
        return Response(self._streams.stream(gone), content_type="text/event-stream")

    def do(self) -> tuple[dict[str, Any], int]:
        """Carry out a move of our own page."""
        origin = request.headers.get("Origin")
        if origin is not None and origin.removeprefix("http://") not in self._hosts:
            abort(403)
        if request.mimetype != "application/json":
            abort(415)
        if not hmac.compare_digest(
            request.headers.get("X-Token", "").encode(), self._token.encode()
        ):
            abort(403)
        try:
            self._moves.make(msgspec.json.decode(request.get_data(), type=Move))
        except msgspec.DecodeError as error:
            return {"problem": {"zh": "指令无效", "en": f"The move is not valid: {error}"}}, 400
        except CannotNow as error:
            return {"problem": {"zh": error.zh, "en": error.en}}, 409
        return {"ok": True}, 200


def create_app(room: Room) -> Flask:
    """Return the control room's web application."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 4096
    app.before_request(room.only_this_machine)
    app.after_request(room.guard)
    app.add_url_rule("/", view_func=room.page)
    app.add_url_rule("/room/<path:name>", view_func=room.asset)
    app.add_url_rule("/ui/<path:name>", view_func=room.shared_asset)
    app.add_url_rule("/api/tour", view_func=room.tour)
    app.add_url_rule("/paper/<station>/<int:number>.svg", view_func=room.paper)
    app.add_url_rule("/api/events", view_func=room.events)
    app.add_url_rule("/api/do", view_func=room.do, methods=["POST"])
    return app

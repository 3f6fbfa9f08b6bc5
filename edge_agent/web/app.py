"""The routes of the local screens.

Only this machine may call: the Host must be ours, a write needs our page's token, our Origin and a
JSON body, so that no web page elsewhere can press a button here. A full queue is said, not hidden.
"""

import hmac
import io
import secrets
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import segno
from flask import Blueprint, Flask, Response, abort, redirect, request, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

from edge_agent.commands import Command, KioskCommand, TillCommand
from edge_agent.web.board import Board
from edge_agent.web.streams import Streams
from loyalty.wire import Role

_BODY_BYTES_MAX = 4096
_QR_TEXT_MAX = 512
_PAGES = ("till.html", "kiosk.html", "review.html")


class Screens:
    """What the routes need: the board, the agent's ear, and who may call.

    `submit` hands a command to the agent and is False when it has no room for one now; `hosts`
    are the Host headers that mean this machine; `streams_max` pages are kept up to date at a time;
    `embedded_by` are origins that may frame a page.
    """

    def __init__(
        self,
        board: Board,
        *,
        role: Callable[[], Role],
        submit: Callable[[Command], bool],
        hosts: AbstractSet[str],
        streams_max: int,
        embedded_by: tuple[str, ...] = (),
    ) -> None:
        self._board = board
        self._role = role
        self._submit = submit
        self._hosts = hosts
        self._streams = Streams(board, streams_max)
        self._ancestors = " ".join(("'self'", *embedded_by))
        self._pages = Path(str(files("kiosk_ui")))
        self.token = secrets.token_urlsafe(24)

    def only_this_machine(self) -> None:
        """Refuse a Host that is not ours: a name on the web that was made to point here."""
        if request.host not in self._hosts:
            abort(421)

    def guard(self, response: Response) -> Response:
        """Add the headers that keep a page from loading or posting anything of others."""
        response.headers["Content-Security-Policy"] = (
            "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
            f"frame-ancestors {self._ancestors}"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def home(self) -> AnyResponse:
        """Lead to the page of this device's role."""
        query = f"?{request.query_string.decode()}" if request.query_string else ""
        return redirect(f"/{self._role()}{query}")

    def page(self) -> Response:
        """Return the page with the token that its own requests carry."""
        text = (self._pages / f"{request.path.strip('/')}.html").read_text(encoding="utf-8")
        text = text.replace("{{token}}", self.token)
        return Response(text, content_type="text/html; charset=utf-8")

    def asset(self, name: str) -> Response:
        """Return a file of the screens, or a part of a page; a page has its own address."""
        if name.endswith(".py") or name in _PAGES:
            abort(404)
        return send_from_directory(self._pages, name)

    def state(self) -> Response:
        """Return the newest snapshot."""
        return Response(self._board.newest()[1], content_type="application/json")

    def events(self) -> Response:
        """Return the stream of snapshots."""
        gone: Callable[[], bool] = request.environ["waitress.client_disconnected"]
        stream = Response(self._streams.stream(gone), content_type="text/event-stream")
        stream.headers["X-Accel-Buffering"] = "no"
        return stream

    def qr(self) -> Response:
        """Return a QR code as a picture."""
        text = request.args.get("text", "")
        if not 0 < len(text) <= _QR_TEXT_MAX:
            abort(400)
        out = io.BytesIO()
        segno.make(text, error="m", micro=False).save(out, kind="svg", border=4, light="#fff")
        return Response(out.getvalue(), content_type="image/svg+xml")

    def do(self) -> tuple[dict[str, Any], int]:
        """Hand a command of our own page to the agent."""
        _refuse_strangers(self.token, self._hosts)
        kinds: Any = TillCommand if self._role() == "till" else KioskCommand
        try:
            command: Command = msgspec.json.decode(request.get_data(), type=kinds)
        except msgspec.DecodeError as error:
            return _problem("bad_command", "指令无效", f"The command is not valid: {error}"), 400
        if not self._submit(command):
            return _problem("busy", "系统繁忙，请重试", "The till is busy; please try again"), 503
        return {"ok": True}, 200


def create_app(screens: Screens, *more: Blueprint) -> Flask:
    """Return the screens' web application, with the routes of `more` behind the same guard."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _BODY_BYTES_MAX
    app.before_request(screens.only_this_machine)
    app.after_request(screens.guard)
    app.add_url_rule("/", view_func=screens.home)
    app.add_url_rule("/till", "till", screens.page)
    app.add_url_rule("/kiosk", "kiosk", screens.page)
    app.add_url_rule("/review", "review", screens.page)
    app.add_url_rule("/ui/<path:name>", view_func=screens.asset)
    app.add_url_rule("/api/state", view_func=screens.state)
    app.add_url_rule("/api/events", view_func=screens.events)
    app.add_url_rule("/api/qr", view_func=screens.qr)
    app.add_url_rule("/api/do", view_func=screens.do, methods=["POST"])
    for routes in more:
        app.register_blueprint(routes)
    return app


def _refuse_strangers(token: str, hosts: AbstractSet[str]) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and origin.removeprefix("http://") not in hosts:
        abort(403)
    if request.mimetype != "application/json":
        abort(415)
    if not hmac.compare_digest(request.headers.get("X-Token", "").encode(), token.encode()):
        abort(403)


def _problem(code: str, zh: str, en: str) -> dict[str, Any]:
    return {"problem": {"code": code, "zh": zh, "en": en}}

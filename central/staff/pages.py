"""Signing in to central's pages: a session of the working day, and a token in every form.

The session holds the login alone, signed with the desk's secret; whether the account is still open
is asked at each request. A form without the session's token changes nothing, whoever sent it.
"""

import hmac
import secrets
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.sessions import SecureCookieSessionInterface

from central.staff import accounts
from central.staff.accounts import Account
from central.sync.service import Service

SESSION_HOURS = 10
TRIES = 5
TRIES_S = 60
_TRIED_MAX = 10_000

View = TypeVar("View", bound=Callable[..., Any])


class _Sessions(SecureCookieSessionInterface):
    """Sends the cookie over TLS alone where the page came over TLS, by itself or by a proxy."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"


class Tries:
    """Counts wrong passwords: after a few, a login waits a while, right or wrong."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wrong: dict[str, tuple[int, int]] = {}

    def blocked(self, login: str, now_ms: int) -> bool:
        """Tell whether this login has to wait."""
        with self._lock:
            count, since_ms = self._wrong.get(login, (0, now_ms))
            return count >= TRIES and now_ms - since_ms < TRIES_S * 1000

    def wrong(self, login: str, now_ms: int) -> None:
        """Count a wrong password."""
        with self._lock:
            if len(self._wrong) >= _TRIED_MAX:
                self._wrong.clear()
            count, since_ms = self._wrong.get(login, (0, now_ms))
            fresh = now_ms - since_ms >= TRIES_S * 1000
            self._wrong[login] = (1 if fresh else count + 1, now_ms if fresh else since_ms)

    def right(self, login: str) -> None:
        """Forget what went before a right password."""
        with self._lock:
            self._wrong.pop(login, None)


def set_up(app: Flask) -> None:
    """Give the application's sessions their rules."""
    app.session_interface = _Sessions()
    app.config.update(
        SESSION_COOKIE_NAME="tillpoints-desk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=SESSION_HOURS),
    )


def language() -> str:
    """Return the language of the page at hand: asked for now, chosen before, else Chinese."""
    asked = request.args.get("lang")
    if asked in ("zh", "en"):
        session["lang"] = asked
    return str(session.get("lang", "zh"))


def form_token() -> str:
    """Return the token that this session's forms carry."""
    return str(session.setdefault("token", secrets.token_urlsafe(24)))


def check_form() -> None:
    """Refuse a form that is not of a page of this session."""
    given = request.form.get("token", "")
    if not hmac.compare_digest(given.encode(), str(session.get("token", "")).encode()) or not given:
        abort(400)


def staff_only(service: Service) -> Callable[[View], View]:
    """Let only those in who signed in; others are asked to, and come back."""

    def decorated(view: View) -> View:
        @wraps(view)
        def inner(*args: Any, **kwargs: Any) -> Any:
            login = session.get("login")
            account = (
                service.read(lambda c: accounts.active(c, service.shard_key, login))
                if login
                else None
            )
            if account is None:
                return redirect(url_for("staff.sign_in", next=request.path), 303)
            g.account = account
            if request.method == "POST":
                check_form()
            return view(*args, **kwargs)

        return inner  # type: ignore[return-value]

    return decorated


def who() -> Account:
    """Return who is signed in, in a view for staff only."""
    account: Account = g.account
    return account


def blueprint(service: Service, programme: str) -> Blueprint:
    """Return the pages by which staff sign in and out."""
    routes = Blueprint("staff", __name__)
    tries = Tries()

    @routes.get("/desk/login")
    def sign_in() -> str:
        return page("", 200)[0]

    @routes.post("/desk/login")
    def open_session() -> Any:
        check_form()
        login, now_ms = request.form.get("login", "").strip(), service.now_ms()
        if tries.blocked(login, now_ms):
            return page("wait", 429)
        password = request.form.get("password", "")
        account = service.read(lambda c: accounts.signed_in(c, service.shard_key, login, password))
        if account is None:
            tries.wrong(login, now_ms)
            return page("wrong", 403)
        tries.right(login)
        lang = language()
        session.clear()  # a session that somebody else began is not gone on with
        session.permanent = True
        session["login"], session["lang"] = account.login, lang
        return redirect(_inside(request.form.get("next", "")), 303)

    @routes.post("/desk/logout")
    def close_session() -> Response:
        check_form()
        session.clear()
        return redirect(url_for("staff.sign_in"), 303)  # type: ignore[return-value]

    def page(problem: str, status: int) -> tuple[str, int]:
        body = render_template(
            "sign_in.html",
            lang=language(),
            programme=programme,
            token=form_token(),
            problem=problem,
            next=_inside(request.values.get("next", "")),
        )
        return body, status

    return routes


def _inside(path: str) -> str:
    """Return a path of our own pages; whatever leads elsewhere leads to the queue."""
    return path if path.startswith("/desk/") and "//" not in path else "/desk/reviews"

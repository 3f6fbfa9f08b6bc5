"""Staff signing in to central's pages: a session of the working day.

The session holds the login alone, signed with the desk's secret; whether the account is still open
is asked at each request.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import (
    Blueprint,
    Flask,
    Response,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.sessions import SecureCookieSessionInterface

from central.access.turnstile import Crowded
from central.forms import Tries, check_form, form_token, language
from central.staff import accounts
from central.staff.accounts import Account
from central.sync.service import Service
from central.sync.witnesses import against

SESSION_HOURS = 10

View = TypeVar("View", bound=Callable[..., Any])


class _Sessions(SecureCookieSessionInterface):
    """Sends the cookie over TLS alone where the page came over TLS, by itself or by a proxy."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"


def set_up(app: Flask) -> None:
    """Give the application's sessions their rules."""
    app.session_interface = _Sessions()
    app.config.update(
        SESSION_COOKIE_NAME="tillpoints-desk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=SESSION_HOURS),
    )


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

    @routes.app_context_processor
    def alarms() -> dict[str, Callable[[], bool]]:
        """Let every page of the desk tell of what cannot wait."""
        return {"contradicted": lambda: bool(service.read(lambda c: against(c, service.shard_key)))}

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
        key = service.shard_key
        try:
            with service.turnstile.passing(request.remote_addr or ""):
                account = service.read(lambda c: accounts.signed_in(c, key, login, password))
        except Crowded:
            return page("crowded", 503)
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

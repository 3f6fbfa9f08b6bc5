"""What every page of central's needs: its language, and the token that its forms carry.

The token is of the session: a form without it changes nothing, whoever sent it.
"""

import hmac
import secrets
import threading

from flask import abort, request, session

#: The header in which a page's script sends the token.
TOKEN_HEADER = "Tillpoints-Token"  # noqa: S105  a name
TRIES = 5
TRIES_S = 60
_TRIED_MAX = 10_000


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
    """Refuse a form or a script's call that is not of a page of this session."""
    given = request.headers.get(TOKEN_HEADER, "") or request.form.get("token", "")
    if not hmac.compare_digest(given.encode(), str(session.get("token", "")).encode()) or not given:
        abort(400)


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

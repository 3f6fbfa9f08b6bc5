"""A device's local screens as a page sees them: the newest snapshot, and commands with a token."""

from __future__ import annotations

import re
from typing import Any

import requests

TIMEOUT_S = 5.0
_TOKEN = re.compile(r'<meta name="token" content="([^"]+)">')


class ScreenError(RuntimeError):
    """A screen refused a command; the message is its problem."""


class Screens:
    """The screens of one agent on this machine, which may die and come back with a new token."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._token = ""

    def state(self) -> dict[str, Any] | None:
        """Return the newest snapshot, None while the agent does not answer."""
        try:
            answer = requests.get(f"{self.url}/api/state", timeout=TIMEOUT_S)
        except requests.RequestException:
            return None
        snapshot: dict[str, Any] = answer.json() if answer.ok else {}
        return snapshot or None

    def reviews(self) -> list[dict[str, Any]]:
        """Return what waits to be checked. Raises requests.RequestException if nobody answers."""
        answer = requests.get(f"{self.url}/api/reviews", timeout=TIMEOUT_S)
        answer.raise_for_status()
        waiting: list[dict[str, Any]] = answer.json()["waiting"]
        return waiting

    def do(self, command: str, **values: str) -> None:
        """Press a button. Raises ScreenError, or requests.RequestException if nobody answers."""
        answer = self._post(command, values)
        if answer.status_code == 403:  # the agent was started anew
            self._token = ""
            answer = self._post(command, values)
        if not answer.ok:
            raise ScreenError(f"{self.url} {command}: {answer.status_code} {answer.text}")

    def _post(self, command: str, values: dict[str, str]) -> requests.Response:
        if not self._token:
            page = requests.get(f"{self.url}/", timeout=TIMEOUT_S).text
            found = _TOKEN.search(page)
            if found is None:
                raise ScreenError(f"{self.url}: the page carries no token")
            self._token = found[1]
        return requests.post(
            f"{self.url}/api/do",
            json={"do": command, **values},
            headers={"X-Token": self._token},
            timeout=TIMEOUT_S,
        )

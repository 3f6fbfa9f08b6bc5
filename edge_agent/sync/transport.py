"""HTTP to central, by requests: the only place of the agent's sync that opens a socket.

Proxy variables of the environment are not read: a till's way to central is what its configuration
says. Every wait is bounded: connecting, each read, and the whole answer.
"""

import threading
import time
from collections.abc import Mapping

import requests

from edge_agent.sync.calls import Offline, Reply

CONNECT_S = 3.05
READ_S = 15.0
ANSWER_S = 60.0
ANSWER_BYTES_MAX = 16 << 20


class HttpTransport:
    """Calls central at `url`; keeps one connection per thread alive.

    `ca_file` names the certificates to trust instead of the system's; empty: the system's.
    """

    def __init__(
        self,
        url: str,
        *,
        ca_file: str = "",
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
    ) -> None:
        self._url = url.rstrip("/")
        self._verify: str | bool = ca_file or True
        self._timeout_s = (connect_s, read_s)
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._guard = threading.Lock()

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply | Offline:
        """Send one request and return its reply, or why there is none."""
        return self._send("POST", path, headers, body)

    def get(self, path: str, headers: Mapping[str, str]) -> Reply | Offline:
        """Ask for a file or a part of it and return the reply, or why there is none."""
        return self._send("GET", path, headers, None)

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply | Offline:
        began_s = time.monotonic()
        try:
            with self._session().request(
                method,
                self._url + path,
                data=body,
                headers=dict(headers),
                timeout=self._timeout_s,
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            ) as response:
                answer = _whole(response, began_s + ANSWER_S)
        except requests.Timeout as error:
            return Offline("timeout", _plain(error))
        except (requests.RequestException, OSError) as error:
            return Offline("unreachable", _plain(error))
        if isinstance(answer, Offline):
            return answer
        retry_after = response.headers.get("Retry-After", "")
        return Reply(
            status=response.status_code,
            body=answer,
            elapsed_s=time.monotonic() - began_s,
            retry_after_s=float(retry_after) if retry_after.isdecimal() else 0.0,
        )

    def close(self) -> None:
        """Close every connection; a call that is under way ends as Offline."""
        with self._guard:
            for session in self._sessions:
                session.close()
            self._sessions.clear()
            self._local = threading.local()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            self._local.session = session
            with self._guard:
                self._sessions.append(session)
        return session


def _whole(response: requests.Response, until_s: float) -> bytes | Offline:
    """Read the answer within its limits of size and time."""
    parts, size = [], 0
    for part in response.iter_content(64 << 10):
        parts.append(part)
        size += len(part)
        if size > ANSWER_BYTES_MAX:
            return Offline("nonsense", f"the answer is larger than {ANSWER_BYTES_MAX} bytes")
        if time.monotonic() > until_s:
            return Offline("timeout", f"the answer took longer than {ANSWER_S:g} s")
    return b"".join(parts)


def _plain(error: Exception) -> str:
    """Return the kind and the innermost reason: requests nests them, object addresses and all."""
    inner: BaseException = error
    while inner.__cause__ is not None or inner.__context__ is not None:
        inner = inner.__cause__ or inner.__context__ or inner
    return f"{type(error).__name__}: {inner}"

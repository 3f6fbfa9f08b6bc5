"""A stand-in for the agent's local web that shows whatever snapshot a layout test wants to see.

It speaks the same contract as the agent (pages, `/ui`, `/api/state`, `/api/events`, `/api/do`,
`/api/qr`, the same content security policy) and decides nothing: commands are only recorded.
What the real agent does with them is tested against the real agent.
"""

import io
import json
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import segno

import kiosk_ui

UI = Path(kiosk_ui.__file__).parent
POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
TOKEN = "a-token-for-tests"


class Double:
    """What is shown now, and every command the screen sent."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.snapshot: dict | None = None
        self.version = 0
        self.commands: list[dict] = []
        self.problem: dict | None = None
        self.closed = False
        self.refusing = False
        self.agent = 0

    def show(self, snapshot: dict) -> None:
        """Make `snapshot` the current one and tell every open stream."""
        with self.changed:
            self.version += 1
            self.snapshot = {**snapshot, "version": self.version}
            self.changed.notify_all()

    def restart(self, snapshot: dict) -> None:
        """Break the streams and count versions from the start, as a new agent does."""
        self.drop_streams()
        with self.changed:
            self.version = 0
            self.refusing = False
        self.show(snapshot)

    def drop_streams(self) -> None:
        """End every stream and answer new ones with an error."""
        with self.changed:
            self.refusing = True
            self.agent += 1
            self.changed.notify_all()

    def take_streams(self) -> None:
        """Answer streams again."""
        with self.changed:
            self.refusing = False

    def after(self, version: int, agent: int) -> dict | None:
        """Return the first snapshot newer than `version`; None when `agent`'s streams end."""
        with self.changed:
            self.changed.wait_for(lambda: self.over(agent) or self.version > version)
            return None if self.over(agent) else self.snapshot

    def over(self, agent: int) -> bool:
        return self.closed or self.agent != agent

    def take(self, command: dict) -> None:
        with self.changed:
            self.commands.append(command)
            self.changed.notify_all()

    def close(self) -> None:
        with self.changed:
            self.closed = True
            self.changed.notify_all()


class Handler(BaseHTTPRequestHandler):
    """Answers one request; `double` says what with."""

    protocol_version = "HTTP/1.1"

    def __init__(self, double: Double, *args: object) -> None:
        self.double = double
        super().__init__(*args)

    def log_message(self, *args: object) -> None:
        """Say nothing: a test's output is its result."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path in {"/till", "/kiosk"}:
            page = (UI / f"{address.path[1:]}.html").read_text().replace("{{token}}", TOKEN)
            self.answer(200, TYPES[".html"], page.encode())
        elif address.path.startswith("/ui/"):
            self.static(address.path.removeprefix("/ui/"))
        elif address.path == "/api/qr":
            drawn = io.BytesIO()
            segno.make(parse_qs(address.query)["text"][0]).save(drawn, kind="svg", scale=8)
            self.answer(200, TYPES[".svg"], drawn.getvalue())
        elif address.path == "/api/events":
            self.stream()
        else:
            self.answer(404, "text/plain", b"not here")

    def do_POST(self) -> None:
        command = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["X-Token"] == TOKEN
        self.double.take(command)
        problem = self.double.problem
        body = {"problem": problem} if problem else {"ok": True}
        self.answer(409 if problem else 200, TYPES[".json"], json.dumps(body).encode())

    def static(self, name: str) -> None:
        file = UI / name
        if file.is_file() and file.suffix in TYPES:
            self.answer(200, TYPES[file.suffix], file.read_bytes())
        else:
            self.answer(404, "text/plain", b"not here")

    def stream(self) -> None:
        agent = self.double.agent
        if self.double.refusing:
            self.answer(503, "text/plain", b"no stream now")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        version = 0
        while (snapshot := self.double.after(version, agent)) is not None:
            version = snapshot["version"]
            text = json.dumps(snapshot, ensure_ascii=False)
            try:
                self.wfile.write(f"event: state\nid: {version}\ndata: {text}\n\n".encode())
                self.wfile.flush()
            except ConnectionError:  # the page was closed
                break
        self.close_connection = True

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


class Server:
    """The double on a free loopback port, until it is closed."""

    def __init__(self) -> None:
        self.double = Double()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self.double))
        self.http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(
            target=self.http.serve_forever, kwargs={"poll_interval": 0.05}
        )
        self.thread.start()

    def close(self) -> None:
        self.double.close()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

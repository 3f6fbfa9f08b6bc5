"""waitress around the screens' application, in threads of its own."""

import threading
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.server import BaseWSGIServer, create_server


class WebServer:
    """Serves `app` on `host:port` until it is closed. Raises OSError if the port is taken."""

    def __init__(self, app: Flask, host: str, port: int, threads: int) -> None:
        server = create_server(app, host=host, port=port, threads=threads, ident=None)
        if not isinstance(server, BaseWSGIServer) or server.socket is None:
            raise OSError(f"{host} has several addresses; the screens listen on one")
        self._server = server
        self.port = int(server.socket.getsockname()[1])
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def close(self) -> None:
        """Stop serving and let go of the port."""
        # Its threads first: one that is still answering needs the server to wake up for its bytes.
        self._server.task_dispatcher.shutdown(timeout=2)
        # Then its sockets, by its own loop: they must not vanish under its select. The stubs know
        # neither of the two names.
        server: Any = self._server
        sockets = server._map  # noqa: SLF001 - see above
        server.trigger.pull_trigger(lambda: wasyncore.close_all(sockets, ignore_all=True))
        self._thread.join(timeout=5)

"""waitress around the screens' application, in threads of its own."""

import threading

from flask import Flask
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
        self._server.close()
        self._thread.join(timeout=5)
        self._server.task_dispatcher.shutdown(timeout=2)

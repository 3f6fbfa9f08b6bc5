"""A gunicorn worker process that serves by waitress.

gunicorn keeps the processes (start, restart, stop); waitress keeps slow clients away from the
threads. gunicorn's own threaded worker reads headers and bodies in the thread that will answer
them, so as many slow clients as threads stop it.
"""

import contextlib
import logging
import os
import resource
import ssl
import time
from types import FrameType
from typing import Any

from gunicorn.workers.base import Worker as GunicornWorker

from central.config import ConfigError
from central.config import Server as Settings
from central.serving.channels import Listener

_TURN_S = 1
_BUSY_TURN_S = 0.1
# The database, the log and python's own.
_OTHER_DESCRIPTORS = 200
# Its socket, and a file for a large request.
_DESCRIPTORS_EACH = 2


class Worker(GunicornWorker):
    """One process of the server; `run` returns when it has stopped."""

    _listener: Listener | None = None

    def run(self) -> None:
        """Serve until told to stop, then finish what is under way."""
        # It would tell of every request that had to wait for a thread.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        app: Any = self.app
        settings: Settings = app.settings
        (bound,) = self.sockets
        unwrapped: Any = bound  # gunicorn's wrapper around the socket
        wsgi: Any = self.wsgi
        listener = Listener(
            wsgi,
            unwrapped.sock,
            threads=settings.threads,
            connections_max=min(settings.connections_max, _connections_possible()),
            body_bytes_max=settings.request_bytes_max,
            tls=tls_context(settings),
        )
        self._listener = listener
        while self.alive and self.ppid == os.getppid():
            self.notify()
            listener.turn(_TURN_S)
        listener.stop_listening()
        until_s = time.monotonic() + float(self.cfg.graceful_timeout)
        while listener.busy and time.monotonic() < until_s:
            self.notify()
            listener.turn(_BUSY_TURN_S)
        listener.shut_down(timeout_s=_TURN_S)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop after the requests under way."""
        super().handle_exit(sig, frame)
        if self._listener is not None:
            self._listener.wake()


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Return what TLS needs, None without a certificate. Raises ConfigError if it is no good."""
    if not settings.certificate_file:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.certificate_file, settings.certificate_key_file or None)
    except OSError as error:
        raise ConfigError(
            f"server.certificate_file: {settings.certificate_file}: {error}"
        ) from error
    return context


def _connections_possible() -> int:
    """Return for how many connections this process may have descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):  # then the soft one it is
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    if soft == resource.RLIM_INFINITY:
        return 1 << 20
    return max(1, (soft - _OTHER_DESCRIPTORS) // _DESCRIPTORS_EACH)

"""The web server around the application: gunicorn, embedded, with threads.

Owns the process: how it listens, says that it is ready, and stops. SIGTERM lets requests under
way finish, SIGINT does not wait for them; neither loses what was acknowledged. It must never hold
state of the programme.
"""

import sys
from typing import Any

from gunicorn.app.base import BaseApplication

from central.app import close, create_app
from central.config import Config

_STOP_S = 10
# Longer than agents stay silent. Closed sooner, a connection can end under the request that a till
# is just sending, which it must take for an outage.
_KEEP_ALIVE_S = 75


class Server(BaseApplication):
    """One central server as a gunicorn application; `run` returns by exiting the process."""

    def __init__(self, config: Config) -> None:
        self._config = config
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn everything it would otherwise guess."""
        for name, value in {
            "bind": self._config.server.listen,
            "worker_class": "gthread",
            "workers": self._config.server.workers,
            "threads": self._config.server.threads,
            "graceful_timeout": _STOP_S,
            "keepalive": _KEEP_ALIVE_S,
            "control_socket_disable": True,
            "loglevel": "warning",
            "proc_name": "tillpoints-central",
            "when_ready": _say_ready,
            "worker_exit": _close_application,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Build the application, in the worker: its threads would not survive the fork."""
        return create_app(self._config)


def _say_ready(arbiter: Any) -> None:
    addresses = ", ".join(str(listener) for listener in arbiter.LISTENERS)
    sys.stdout.write(f"central: {addresses}\n")
    sys.stdout.flush()


def _close_application(_: Any, worker: Any) -> None:
    if worker.app.callable is not None:
        close(worker.app.callable)

"""The web server around the application: gunicorn's processes, each with waitress inside.

Owns the processes: how they start, say that they are ready, and stop. SIGTERM lets requests under
way finish, SIGINT does not wait for them; neither loses what was acknowledged. It must never hold
state of the programme.
"""

import fcntl
import os
import sys
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from central.app import close, create_app
from central.config import Config
from central.config import Server as Settings
from central.serving.worker import Worker, tls_context

_STOP_S = 10


class ServedAlready(Exception):
    """Another server has this SQLite file; two would each believe to be its only writer."""


class Server(BaseApplication):
    """One central server as a gunicorn application; `run` returns by exiting the process.

    Raises ConfigError if its certificate cannot be used, ServedAlready if its SQLite file is.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lock = _alone(config)
        tls_context(config.server)  # before there are processes that would start again and again
        super().__init__()

    @property
    def settings(self) -> Settings:
        """How the server listens and what it refuses to read."""
        return self._config.server

    def load_config(self) -> None:
        """Tell gunicorn everything it would otherwise guess."""
        for name, value in {
            "bind": self._config.server.listen,
            "worker_class": Worker,
            "workers": self._config.server.workers,
            # For the address it shows; the worker serves them.
            "certfile": self._config.server.certificate_file or None,
            "keyfile": self._config.server.certificate_key_file or None,
            "graceful_timeout": _STOP_S,
            "control_socket_disable": True,
            "loglevel": "warning",
            "proc_name": "tillpoints-central",
            "when_ready": _say_ready,
            "post_fork": self._let_go,
            "worker_exit": _close_application,
        }.items():
            self.cfg.set(name, value)

    def _let_go(self, _arbiter: Any, _worker: Any) -> None:
        """Leave the lock to the first process alone, in a worker: with that one it ends."""
        if self._lock is not None:
            os.close(self._lock)

    def load(self) -> Any:
        """Build the application, in the worker: its threads would not survive the fork."""
        return create_app(self._config)


def _alone(config: Config) -> int | None:
    """Return a handle that keeps other servers off an SQLite file; PostgreSQL takes many."""
    file = config.database.parsed.database
    if not config.database.is_sqlite or file is None:
        return None
    path = Path(f"{file}.serving")
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        zh, en = "已有另一个总台程序在使用此数据库", "another server is running on it"
        raise ServedAlready(f"{file}: {zh} / {en}") from error
    return handle


def _say_ready(arbiter: Any) -> None:
    addresses = ", ".join(str(listener) for listener in arbiter.LISTENERS)
    sys.stdout.write(f"central: {addresses}\n")
    sys.stdout.flush()


def _close_application(_: Any, worker: Any) -> None:
    if worker.app.callable is not None:
        close(worker.app.callable)

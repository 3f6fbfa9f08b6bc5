"""What is killed at its writes: central, and PostgreSQL below it. The dead are started again."""

import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

import psycopg

from tests.central.serving.process import COMMAND
from tests.faults.at_write import AtWrite, Strike
from tillpoints.bench.ground.postgres import wheels_server

_START_S = 60
_LOOK_EVERY_S = 0.02


class Victim:
    """A process that is watched, and its strike of the moment."""

    #: All of its processes die at every so manieth point, and else only the one that writes.
    whole_every = 1

    def __init__(self):
        self.strike = Strike()
        self._start()

    def arm(self, nth=None):
        """Let it die at its nth write from now, or live."""
        self.revive()
        self.strike = Strike(nth, whole=nth is not None and nth % self.whole_every == 0)
        self._watched.arm(self.strike)
        return self.strike

    def revive(self):
        """Start it again if all of it is dead."""
        if not self._watched.is_alive():
            self._bury()
            self._start()

    def end(self):
        """Kill what is left of it."""
        self._watched.kill()
        self._bury()

    def _bury(self):
        self._watched.join()


class CentralVictim(Victim):
    """`tillpoints central serve`; its own first process starts others in place of those killed."""

    whole_every = 10

    def __init__(self, mall, link):
        self._mall, self._link = mall, link
        super().__init__()

    def _start(self):
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 as long as the process lives
        self._watched = AtWrite(
            [*COMMAND, "central", "serve", "--config", str(self._mall.config)],
            self._mall.folder,
            sockets=True,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        first = self._watched.begin().stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", first)
        if found is None:
            self._said.seek(0)
            raise RuntimeError(f"central did not start: {self._said.read().decode()}")
        self._link.url = found.group()

    def _bury(self):
        super()._bury()
        self._watched.process.stdout.close()
        self._said.close()


class PostgresqlVictim(Victim):
    """A PostgreSQL server with its default settings; all of its processes die at once."""

    def __init__(self, program, data, sockets):
        self._command = [str(program), "-D", str(data), "-h", "", "-k", str(sockets)]
        self._data, self.url = data, f"postgresql+psycopg://postgres:@/postgres?host={sockets}"
        super().__init__()

    def _start(self):
        owner = (self._data.stat().st_uid, self._data.stat().st_gid)  # it refuses to be root
        with (self._data.parent / "postgresql.log").open("ab") as log:
            self._watched = AtWrite(self._command, self._data, owner=owner, stdout=log, stderr=log)
            self._watched.begin()
        plain, until_s = self.url.replace("+psycopg", ""), time.monotonic() + _START_S
        while True:
            try:
                psycopg.connect(plain).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > until_s:
                    raise
                time.sleep(_LOOK_EVERY_S)


@contextmanager
def postgresql_victim():
    """Make a PostgreSQL server of our own, with its default settings, and run it watched."""
    with wheels_server() as made:
        found = made.get_postmaster_info()
        made.stop()
        victim = PostgresqlVictim(made.bin_path / "postgres", found.pgdata, found.socket_dir)
        try:
            yield victim
        finally:
            victim.end()

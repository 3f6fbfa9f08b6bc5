"""A mall on disk for tests: a central.toml, the real commands run against it, and real tills."""

import json
import random
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner

import tillpoints.demo
from central.app import close, create_app, open_parts
from central.config import load
from loyalty import wire
from tests.central.programme import Device
from tillpoints.cli import main

DEMO = Path(tillpoints.demo.__file__).parent / "mall"


class Mall:
    """One central server's folder; `url` is its database, an SQLite file if none is given."""

    def __init__(self, folder, url="sqlite:///central.db"):
        self.folder = folder
        self.config = folder / "central.toml"
        self.url = url
        self.configure()

    def configure(self, *, head="", printer=""):
        """Write central.toml, with further lines at its head or for the desk's printer."""
        self.config.write_text(
            f'programme = "澄湖天地会员积分"\n{head}\n[database]\nurl = "{self.url}"\n'
            f'[server]\nlisten = "127.0.0.1:0"\n[desk_printer]\n{printer}\n',
            encoding="utf-8",
        )

    def copied(self, folder, url=None):
        """Return this mall in another folder; a database other than a file is copied elsewhere."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Mall(folder, url or self.url)

    def run(self, *words, code=0):
        """Run `tillpoints WORDS --config ...` and return what it said."""
        return self._result(words, code).output

    def json(self, *words):
        """Run a command with --json and return its answer."""
        # Its output alone: the log of a server in this process may come in between.
        return json.loads(self._result((*words, "--json"), 0).stdout)

    def _result(self, words, code):
        answer = CliRunner().invoke(main, [*words, "--config", str(self.config)])
        if answer.exception is not None and not isinstance(answer.exception, SystemExit):
            raise answer.exception
        assert answer.exit_code == code, answer.output
        return answer

    def bring_in(self, kind, text, *options, code=0):
        """Import a file with this text."""
        path = self.folder / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        return self.run("central", "import", kind, str(path), *options, code=code)

    def set_up(self):
        """Initialise, and bring the demo's rules, shops, rewards and tills in."""
        self.run("central", "init")
        for kind in ("rules", "shops", "rewards", "tills"):
            (file,) = DEMO.glob(f"{kind}.*")
            self.run("central", "import", kind, str(file))
        return self

    @contextmanager
    def parts(self):
        """Open the parts of this mall's central."""
        parts = open_parts(load(self.config))
        try:
            yield parts
        finally:
            parts.close()

    @contextmanager
    def server(self):
        """Open this mall's application, with a client to speak to it."""
        app = create_app(load(self.config))
        try:
            yield Server(app.test_client())
        finally:
            close(app)


class Server:
    """What `Device` needs of a programme: a way to call central, a clock and chance."""

    def __init__(self, client):
        self.client = client
        self.chance = random.Random(7)

    @property
    def now_ms(self):
        return time.time_ns() // 1_000_000

    def post(self, path, message, headers=None):
        """Return the status and the bytes of a call's answer."""
        answer = self.client.post(path, data=wire.pack(message), headers=headers or {})
        return answer.status_code, answer.data

    def device(self, code):
        """Return a new machine that has traded this code for its identity."""
        return Device(self, code)

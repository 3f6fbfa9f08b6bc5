"""A mall on disk for tests: a central.toml and the real commands run against it."""

import json
from pathlib import Path

from click.testing import CliRunner

import tillpoints.demo
from central.app import open_parts
from central.config import load
from tillpoints.cli import main

DEMO = Path(tillpoints.demo.__file__).parent / "mall"


class Mall:
    """One central server's folder; `url` is its database, an SQLite file if none is given."""

    def __init__(self, folder, url="sqlite:///central.db", settings=""):
        self.folder = folder
        self.config = folder / "central.toml"
        self.config.write_text(
            f'programme = "澄湖天地会员积分"\n[database]\nurl = "{url}"\n{settings}', encoding="utf-8"
        )

    def run(self, *words, code=0):
        """Run `tillpoints WORDS --config ...` and return what it said."""
        answer = CliRunner().invoke(main, [*words, "--config", str(self.config)])
        if answer.exception is not None and not isinstance(answer.exception, SystemExit):
            raise answer.exception
        assert answer.exit_code == code, answer.output
        return answer.output

    def json(self, *words):
        """Run a command with --json and return its answer."""
        return json.loads(self.run(*words, "--json"))

    def bring_in(self, kind, text, *options, code=0):
        """Import a file with this text."""
        path = self.folder / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        return self.run("central", "import", kind, str(path), *options, code=code)

    def open(self):
        """Open the parts of this mall's central; close them again."""
        return open_parts(load(self.config))

    def set_up(self):
        """Initialise, and bring the demo's rules, shops, rewards and tills in."""
        self.run("central", "init")
        for kind in ("rules", "shops", "rewards", "tills"):
            (file,) = DEMO.glob(f"{kind}.*")
            self.run("central", "import", kind, str(file))
        return self

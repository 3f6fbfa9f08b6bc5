"""A CUPS of our own: Debian's server with its filters and backends, in a folder of the test's."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.edge_agent.devices.conftest import (  # noqa: F401
    WAIT_S,
    eventually_fixture,
    make_tap,
    printer,
    wait_for,
)

HERE = Path(__file__).parent
FIRMWARE = Path(__file__).parents[3] / "firmware_configs"
CUPSD = shutil.which("cupsd", path="/usr/sbin:/usr/bin")
BIN = Path("/usr/lib/cups")

CUPSD_CONF = """\
Listen {root}/sock
LogLevel debug
DefaultAuthType None
WebInterface No
Browsing No
JobRetryInterval 1
ErrorPolicy abort-job
<Location />
Order allow,deny
Allow all
</Location>
<Policy default>
<Limit All>
Order deny,allow
</Limit>
</Policy>
"""
FILES_CONF = """\
ServerRoot {root}
ServerBin {root}/bin
RequestRoot {root}/requests
CacheDir {root}/cache
StateDir {root}/state
TempDir {root}/requests/tmp
AccessLog {root}/access
ErrorLog {root}/error
PageLog {root}/page
ServerKeychain {root}
FileDevice Yes
SystemGroup root
"""


class Cups:
    """One CUPS server; `root` holds all of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environ = {**os.environ, "CUPS_SERVER": str(root / "sock")}
        self.environ |= {"CUPS_SERVERBIN": str(root / "bin"), "LC_ALL": "C.UTF-8"}

    def start(self) -> None:
        for name in ("requests/tmp", "cache", "state", "bin/backend", "bin/filter"):
            (self.root / name).mkdir(parents=True)
        for part in BIN.iterdir():
            if part.name not in {"backend", "filter"}:
                (self.root / "bin" / part.name).symlink_to(part)
        for kind in ("backend", "filter"):
            for part in (BIN / kind).iterdir():
                (self.root / "bin" / kind / part.name).symlink_to(part)
        install(HERE / "rastertoroll.py", self.root / "bin/filter/rastertoroll", 0o755)
        (self.root / "cupsd.conf").write_text(CUPSD_CONF.format(root=self.root))
        (self.root / "cups-files.conf").write_text(FILES_CONF.format(root=self.root))
        files = ("-c", self.root / "cupsd.conf", "-s", self.root / "cups-files.conf")
        self.server = subprocess.Popen([CUPSD, "-f", *files])
        wait_for(lambda: self.ask("lpstat", "-r", check=False).startswith("scheduler is running"))

    def stop(self) -> None:
        self.server.terminate()
        self.server.wait(WAIT_S)

    def ask(self, *command, data=b"", check=True):
        ran = subprocess.run(
            command, input=data, capture_output=True, env=self.environ, timeout=60, check=False
        )
        said = ran.stdout.decode()
        assert not check or ran.returncode == 0, (command, said, ran.stderr.decode())
        return said

    def queue(self, name, uri, *more):
        model = more or ("-m", "raw")
        self.ask("lpadmin", "-p", name, "-E", "-v", uri, *model)

    def through_the_tap(self, name, folder):
        self.ask("sh", str(FIRMWARE / "cups/tap-queue"), "on", name, str(folder))

    def log(self):
        return (self.root / "error").read_text(errors="replace")


def install(source, target, mode):
    shutil.copyfile(source, target)
    target.chmod(mode)


@pytest.fixture(scope="module")
def cups():
    if CUPSD is None or not (BIN / "filter/gstoraster").exists():
        pytest.skip("needs Debian's cups, cups-filters and ghostscript (.ci/debian-packages)")
    if os.geteuid() != 0:
        pytest.skip("CUPS starts its filters and backends as other users: needs root")
    # Filters run as another user, who cannot get into pytest's own folders.
    root = Path(tempfile.mkdtemp(prefix="tillpoints-cups-"))
    root.chmod(0o755)
    server = Cups(root)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(root)


@pytest.fixture(autouse=True)
def our_cups(monkeypatch, cups):
    """The driver under test asks this server."""
    for name in ("CUPS_SERVER", "CUPS_SERVERBIN"):
        monkeypatch.setenv(name, cups.environ[name])

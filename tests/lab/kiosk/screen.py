"""The kiosk's screen as its unit starts it: cage and Chromium, on an X server without a monitor.

Only three things of the unit's command are others here: the page's address, the folder for what is
gone with the service, and the user, because a browser with its sandbox does not run as root.
"""

import configparser
import os
import pwd
import re
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

UNIT = Path(__file__).parents[3] / "firmware_configs/systemd/tillpoints-kiosk.service"
FOLDER = "/run/tillpoints-kiosk"
PROGRAMS = ("cage", "chromium", "Xwayland", "Xvfb", "grim")
# cage refuses to run where it could become root again.
USER = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
AS_USER = {"user": USER.pw_uid, "group": USER.pw_gid, "extra_groups": []} if USER else {}


def command(address, folder):
    """Return the unit's own command for this page and this folder."""
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str
    unit.read_string(re.sub(r"\\\n\s*", " ", UNIT.read_text()))
    words = shlex.split(unit["Service"]["ExecStart"])
    assert words[-1] == "http://127.0.0.1:8710/"
    return [*(word.replace(FOLDER, str(folder)) for word in words[:-1]), address]


class KioskScreen:
    """Runs until closed; `picture` is what a person in front of it sees, as PNG."""

    def __init__(self, address):
        self.folder = Path(tempfile.mkdtemp(prefix="kiosk-"))
        if USER:
            os.chown(self.folder, USER.pw_uid, USER.pw_gid)
        self._screen, self._display = _x_server()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            # In place of a graphics card and a keyboard.
            "DISPLAY": self._display,
            "WLR_BACKENDS": "x11",
            "WLR_RENDERER": "pixman",
        }
        self._log = (self.folder / "said").open("wb")
        self.process = subprocess.Popen(
            command(address, self.folder),
            env=environment,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            **AS_USER,
        )

    def picture(self):
        """Return the picture; None while there is no screen yet."""
        sockets = [each.name for each in self.folder.glob("wayland-*") if each.suffix != ".lock"]
        if not sockets:
            return None
        shot = subprocess.run(
            ["grim", "-"],
            env={"XDG_RUNTIME_DIR": str(self.folder), "WAYLAND_DISPLAY": sockets[0]},
            capture_output=True,
            check=False,  # the compositor may not be up yet
        )
        return shot.stdout if shot.returncode == 0 else None

    def close(self):
        """End the browser first: cage ends with it, as the unit would."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._log.close()
        self._screen.terminate()
        self._screen.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _x_server():
    """Return a running X server of its own and its display."""
    mine, theirs = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"],
        pass_fds=[theirs],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    said = b""
    try:
        while not said.endswith(b"\n") and select.select([mine], [], [], 20)[0]:
            data = os.read(mine, 16)
            if not data:
                break
            said += data
    finally:
        os.close(mine)
    if not said.strip():
        server.kill()
        server.wait()
        raise OSError("Xvfb did not start")
    return server, f":{said.decode().strip()}"

"""The leash: a process of its own that ends the demo's children when the demo itself is gone.

A demo that is killed outright cannot clean up. This one leads the process group of all children and
reads a pipe whose other end only the demo holds: when the pipe ends, the demo is gone, and so is
the group, and then the folders that were only for it. Run as `python -m tillpoints.demo.leash
[FOLDER...]` by `tillpoints.demo.processes` and by nobody else.
"""

import os
import shutil
import signal
import sys


def main() -> None:
    """Wait for the end of standard input, then end the group and remove the folders."""
    group = os.getpgrp()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.buffer.read()
    if os.fork():
        signal.pause()  # as the group's leader, until the group is killed
    os.setpgid(0, 0)
    os.killpg(group, signal.SIGKILL)
    for folder in sys.argv[1:]:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

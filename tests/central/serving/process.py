"""Central as its own process, and a way for a test's till to call it over HTTP."""

import os
import random
import re
import subprocess
import sys
import time
from contextlib import contextmanager

import requests

from loyalty import wire

COMMAND = [sys.executable, "-c", "from tillpoints.cli import main; main()"]


@contextmanager
def serving(mall):
    """Run `tillpoints central serve` as a process and give its process and address."""
    process = subprocess.Popen(
        [*COMMAND, "central", "serve", "--config", str(mall.config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    try:
        first = process.stdout.readline()
        address = re.search(r"https?://127\.0\.0\.1:\d+", first)
        assert address, first + process.stdout.read()
        yield process, address.group()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Http:
    """What `Device` needs of a programme, over HTTP."""

    def __init__(self, url):
        self.url = url
        self.chance = random.Random(11)

    @property
    def now_ms(self):
        return time.time_ns() // 1_000_000

    def post(self, path, message, headers=None):
        answer = requests.post(self.url + path, wire.pack(message), headers=headers, timeout=60)
        return answer.status_code, answer.content

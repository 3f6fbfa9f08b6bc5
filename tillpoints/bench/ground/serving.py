"""A till's journal and a central process of its own, as they run in a mall."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from central.config import load
from central.database import connect, writing
from central.setup import set_up
from edge_agent.journal.clock import moment
from edge_agent.journal.identity import KEY_FILE
from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Done, Offline, Reply
from edge_agent.sync.pusher import Pusher
from edge_agent.sync.transport import HttpTransport
from loyalty.chain import anchor
from loyalty.wire import EnrolAnswer
from tillpoints.bench.ground import centre
from tillpoints.bench.ground.days import NO_HEAD, SHARD, Till

_APPENDED_AT_ONCE = 1_000
_STOP_S = 30.0
_ANY_KEY = bytes(32)


def open_journal(
    folder: Path, till: Till, tenant_key: bytes = _ANY_KEY, central_key: bytes = _ANY_KEY
) -> Journal:
    """Return a journal that is enrolled as `till`."""
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / KEY_FILE).write_bytes(till.key.private_bytes_raw())
    journal = Journal.open(folder)
    answer = EnrolAnswer(
        shard_key=SHARD,
        device_id=till.device_id,
        epoch=till.stream.epoch,
        anchor=anchor(till.stream, NO_HEAD),
        name=till.name,
        role="till",
        shop_id=till.shop_id,
        tenant_key=tenant_key,
        central_key=central_key,
        programme="bench",
        zone="Asia/Shanghai",
    )
    journal.enrol(answer, "http://127.0.0.1")
    return journal


def fill(journal: Journal, till: Till, events: int) -> None:
    """Record a till's first events, many in one transaction."""
    bodies = till.bodies(events)
    for start in range(0, events, _APPENDED_AT_ONCE):
        journal.append(bodies[start : start + _APPENDED_AT_ONCE])


@contextmanager
def serving(folder: Path, tills: Sequence[Till]) -> Iterator[str]:
    """Run `tillpoints central serve` over a new SQLite file that knows `tills`; yield its URL."""
    file = folder / "central.toml"
    file.write_text(
        f'programme = "bench"\nshard_key = {SHARD}\n[server]\nlisten = "127.0.0.1:0"\n',
        encoding="utf-8",
    )
    config = load(file)
    set_up(config)
    engine = connect(config.database)
    with writing(engine) as connection:
        centre.fill(connection, tills)
    engine.dispose()
    command = [sys.executable, "-m", "tillpoints", "central", "serve", "--config", str(file)]
    with (folder / "central.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            if address is None:
                raise RuntimeError(f"central did not start; see {log.name}")
            yield address.group()
        finally:
            process.terminate()
            process.wait(_STOP_S)
            if process.stdout is not None:
                process.stdout.close()


class Counted(HttpTransport):
    """The agent's transport; counts the bytes of what it sends, headers and bodies."""

    sent = 0

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply | Offline:
        """Send one request and return its reply, or why there is none."""
        fields = sum(len(name) + len(value) + 4 for name, value in headers.items())
        self.sent += len(f"POST {path} HTTP/1.1") + 4 + fields + len(body)
        return super().post(path, headers, body)


def push_everything(journal: Journal, url: str) -> tuple[float, int]:
    """Push all that a journal holds; return the seconds and the bytes that were sent."""
    transport = Counted(url)
    pusher = Pusher(journal, Caller(journal, transport), session="bench")
    start_s = time.perf_counter()
    while journal.outbox().depth:
        done = pusher.step(moment())
        if not isinstance(done, Done):
            raise TypeError(f"a push was not answered: {done}")
    took_s = time.perf_counter() - start_s
    transport.close()
    return took_s, transport.sent

"""Many tills that reach one central at the same time, over HTTP, each on a line of its own."""

import random
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import MEDIA_TYPE, Offline, make_nonce, read
from edge_agent.sync.pacing import Backoff
from edge_agent.sync.transport import HttpTransport
from loyalty import chain, wire
from loyalty.wire import PushAnswer
from tillpoints.bench.ground import serving
from tillpoints.bench.ground.days import Till

T = TypeVar("T")


def record(folder: Path, tills: Sequence[Till], events: int) -> list[Path]:
    """Give each till a journal in `folder` with its first events; return their folders."""
    folder.mkdir()
    folders = []
    for till in tills:
        folders.append(folder / till.name)
        journal = serving.open_journal(folders[-1], till)
        serving.fill(journal, till, events)
        journal.close()
    return folders


def from_journals(folder: Path, filled: Sequence[Path], tills: Sequence[Till]) -> float:
    """Push copies of filled journals to a new central; return the seconds until all of it is in."""
    copies = [shutil.copytree(one, folder / one.name) for one in filled]
    with serving.serving(folder, tills) as url:
        journals = [Journal.open(one) for one in copies]
        try:
            return _seconds(journals, lambda journal: serving.push_everything(journal, url))
        finally:
            for journal in journals:
                journal.close()


def backlogs(folder: Path, tills: Sequence[Till], events: int) -> float:
    """Let each till push one batch of so many events to a new central; return the seconds.

    The chains are signed before, as they would be; each call is signed when it is made.
    """
    bodies = [till.batch(events) for till in tills]
    with serving.serving(folder, tills) as url:
        transport = HttpTransport(url)
        try:
            pairs = list(zip(tills, bodies, strict=True))
            return _seconds(pairs, lambda pair: _until_taken(transport, *pair))
        finally:
            transport.close()


def _seconds(ones: Sequence[T], do: Callable[[T], object]) -> float:
    """Do it for all of them at the same time; return the seconds until the last one is done."""
    with ThreadPoolExecutor(len(ones)) as pool:
        start_s = time.perf_counter()
        for future in [pool.submit(do, one) for one in ones]:
            future.result()
        return time.perf_counter() - start_s


def _until_taken(transport: HttpTransport, till: Till, body: bytes) -> None:
    """Push as the agent does: again after a pause while central cannot be reached."""
    backoff = Backoff(random.Random(till.name))
    while True:
        reply = transport.post(wire.PUSH_PATH, _signed(till, body), body)
        answer = read(reply, PushAnswer)
        if isinstance(answer, Offline):
            time.sleep(backoff.failed(answer.retry_after_s))
        elif isinstance(answer, tuple) and answer[0].status == "ok":
            return
        else:
            raise RuntimeError(f"{till.name}: {answer}")


def _signed(till: Till, body: bytes) -> dict[str, str]:
    nonce = f"{time.time_ns() // 1_000_000}.{make_nonce()}"
    message = chain.call_message("POST", wire.PUSH_PATH, till.device_id, nonce, body, "")
    return {
        "Content-Type": MEDIA_TYPE,
        wire.DEVICE_HEADER: till.device_id.hex(),
        wire.NONCE_HEADER: nonce,
        wire.SIGNATURE_HEADER: chain.sign(till.key, message).hex(),
    }

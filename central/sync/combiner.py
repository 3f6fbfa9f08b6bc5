"""Many threads' pushes and commands, combined into one turn: the fsync is paid once (SYNC 2.4).

One thread per process runs the turns. What arrives during a turn is the next one, which waits a
few ms for more if the last one had company. Whoever submits waits, and is answered only after
COMMIT. A failing item never fails its neighbours: a turn that the database refuses is halved until
the guilty item stands alone, and a push until its guilty event does, which goes into quarantine.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from msgspec import structs
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from central.ledger.writing.items import Item, Push, Pushed, Wake

#: Runs one turn and commits it; raises, with nothing committed, if it could not.
RunTurn = Callable[[Sequence[Item]], list[object]]

_GATHER_S = 0.005
_EVENTS_MAX = 8_000
_WAITING_MAX = 2_000
#: Connection, transaction rollback, resources, intervention, system: PostgreSQL, appendix A.
_AWAY = {"08", "25", "40", "53", "55", "57", "58"}
_ERROR_CHARACTERS_MAX = 500
#: What is raised where the database cannot be asked, among other things.
_DATABASE = (OperationalError, InterfaceError, TimeoutError)


class Busy(RuntimeError):
    """More calls wait than a turn or two can take; come back later."""


class Combiner:
    """The one writer of a process. Its thread starts with the first item, so forks are safe."""

    def __init__(self, run_turn: RunTurn) -> None:
        self._run_turn = run_turn
        self._waiting: queue.Queue[tuple[Item, Future[object]] | None] = queue.Queue()
        self._later: deque[tuple[Item, Future[object]]] = deque()
        self._undone: list[Wake] = []
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._alone = True  # the last turn was one item: nobody to wait for

    def submit(self, item: Item) -> object:
        """Return an item's answer once its turn is committed.

        Raises Busy, or whatever made this very item fail.
        """
        future: Future[object] = Future()
        with self._lock:
            if self._closed or self._waiting.qsize() >= _WAITING_MAX:
                raise Busy("the ledger has more work waiting than it can take")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)
                self._thread.start()
            self._waiting.put((item, future))
        return future.result()

    def go_on(self, left: Wake) -> None:
        """Let the next turn go on with what one left; nobody waits for that."""
        self._waiting.put((left, Future()))

    def close(self) -> None:
        """Finish what was submitted, then stop; later submissions are refused."""
        with self._lock:
            self._closed = True
            thread = self._thread
            self._waiting.put(None)
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        more = True
        while more or self._later:
            batch, more = self._gather(more)
            self._alone = len(batch) <= 1
            answers = settle(self._run_turn, [item for item, _ in batch])
            self._keep_undone([item for item, _ in batch], answers)
            for (_, future), answer in zip(batch, answers, strict=True):
                if isinstance(answer, BaseException):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    def _keep_undone(self, items: Sequence[Item], answers: Sequence[object]) -> None:
        """Go on later with what a turn left, if the database was away."""
        for item, answer in zip(items, answers, strict=True):
            gone = isinstance(answer, _DATABASE) and _is_away(answer)
            if isinstance(item, Wake) and gone:
                self._undone.append(item)
        if any(not isinstance(answer, BaseException) for answer in answers):
            while self._undone:
                self.go_on(self._undone.pop())

    def _gather(self, more: bool) -> tuple[list[tuple[Item, Future[object]]], bool]:  # noqa: FBT001
        """Return the items of the next turn, and whether more can come."""
        batch: list[tuple[Item, Future[object]]] = []
        devices: set[bytes] = set()
        events = 0
        older = [self._later.popleft() for _ in range(len(self._later))]
        until_s = None if not older else time.monotonic()
        while True:
            if older:
                entry: tuple[Item, Future[object]] | None = older.pop(0)
            elif not more:
                break
            else:
                wait_s = None if until_s is None else max(until_s - time.monotonic(), 0)
                try:
                    entry = self._waiting.get(timeout=wait_s)
                except queue.Empty:
                    break
            if entry is None:
                more = False
                continue
            if until_s is None:
                until_s = time.monotonic() + (0 if self._alone else _GATHER_S)
            item = entry[0]
            if isinstance(item, Push) and (
                item.device_id in devices or (batch and events + len(item.frames) > _EVENTS_MAX)
            ):
                self._later.append(entry)  # one push of a device to a turn
                continue
            if isinstance(item, Push):
                devices.add(item.device_id)
                events += len(item.frames)
            batch.append(entry)
        return batch, more


def settle(run_turn: RunTurn, items: Sequence[Item]) -> list[object]:
    """Return an answer or an exception for each item, each answered one being committed."""
    if not items:
        return []
    try:
        return run_turn(items)
    except _DATABASE as error:
        if _is_away(error):
            return [error] * len(items)
        return _apart(run_turn, items, error)
    except Exception as error:  # noqa: BLE001  # the guilty one is looked for below
        return _apart(run_turn, items, error)


def _is_away(error: Exception) -> bool:
    """Tell whether the database is away, busy or full, which is nobody's fault.

    PostgreSQL's other classes say something about the statement, such as 54, a limit of its own.
    """
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state is None or state[:2] in _AWAY


def _apart(run_turn: RunTurn, items: Sequence[Item], error: Exception) -> list[object]:
    """Return the answers of items of which one is guilty."""
    if len(items) > 1:
        middle = len(items) // 2
        return settle(run_turn, items[:middle]) + settle(run_turn, items[middle:])
    return [_alone(run_turn, items[0], error)]


def _alone(run_turn: RunTurn, item: Item, error: Exception) -> object:
    """Return the answer of an item that the database refused by itself."""
    if not isinstance(item, Push) or not item.frames:
        return error
    if len(item.frames) == 1:
        if item.poison:
            return error
        reason = error.orig if isinstance(error, DBAPIError) else error
        said = f"{type(reason).__name__}: {reason}"[:_ERROR_CHARACTERS_MAX]
        return settle(run_turn, [structs.replace(item, poison={item.first_seq: said})])[0]
    middle = len(item.frames) // 2
    first = settle(run_turn, [_part(item, 0, middle)])[0]
    if not isinstance(first, Pushed) or first.status != "ok":
        return first
    second = settle(run_turn, [_part(item, middle, len(item.frames))])[0]
    if not isinstance(second, Pushed):
        return first  # what is acknowledged is committed; the rest comes with the next push
    return structs.replace(second, judged=first.judged + second.judged)


def _part(push: Push, start: int, end: int) -> Push:
    return structs.replace(
        push,
        first_seq=push.first_seq + start,
        prev_hash=push.hashes[start - 1] if start else push.prev_hash,
        frames=push.frames[start:end],
        bodies=push.bodies[start:end],
        hashes=push.hashes[start:end],
    )

"""A tap beside a folder of print jobs: somebody else prints them, and we keep a copy of each.

Files of a POS that prints through a spool folder, or of our CUPS backend. Paper waits for nothing
here. A file counts when it was closed or moved in; what lay there while nobody looked is taken at
the start. Where files stay, the same file is not taken twice; a rewritten one is a job again.
A file that vanished before it was read is counted: it may have been printed. No line to a printer
ends here, so slips that are handed over here are given back as not printed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
import time
from pathlib import Path

import msgspec
from msgspec import structs

from edge_agent.devices.heartbeat import Heartbeat, Lost, Reachable, write_heartbeat
from edge_agent.devices.job_file import JobHead, JobTail, Moment
from edge_agent.devices.slip_folder import Outcome, Result, Slips
from edge_agent.devices.tap.config import FolderConfig
from edge_agent.devices.tap.copying import PART_BYTES_MAX
from edge_agent.devices.tap.job_store import JobStore
from edge_agent.devices.tap.watching import FolderNews

_LOOK_EVERY_S = 1.0
_REMEMBER_EVERY_S = 1.0
_STILL_NS = 2_000_000_000  # nobody writes a file any more that rested so long
# Names that a program writes under before a file is whole.
_DRAFTS = (".part", ".tmp", ".swp", "~")
#: Files of our CUPS backend whose printer gave the job up half-way.
GIVEN_UP = ".given-up"
_NO_PRINTER = Outcome(
    Result.NOT_PRINTED, "a tap beside a folder has no printer: set printer.kind in agent.toml"
)


class _Seen(msgspec.Struct, frozen=True):
    """What tells a rewritten file from the one that was taken."""

    changed_ns: int
    size: int
    inode: int


class FolderTap(threading.Thread):
    """Takes the jobs of one folder, and writes its heartbeat."""

    def __init__(self, config: FolderConfig) -> None:
        super().__init__(name=f"folder {config.name}", daemon=True)
        self._config = config
        self._store = JobStore(config.spool)
        self._slips = Slips(config.spool / "slips")
        self._taken = config.spool / "watched.json"
        self._seen: dict[str, _Seen] = {}
        self._is_news, self._remembered_s = False, 0.0
        self.ending = threading.Event()
        self._since = Moment.now()
        self._numbers = 0
        self._vanished = 0
        self._lost: Lost | None = None
        self._lost_before = _lost_count(config.watch)
        self._news: FolderNews | None = None
        self._finished: set[str] = set()
        # What lay here when the watch began: nobody will tell when it is finished.
        self._resting: set[str] = set()
        self._just_taken: set[str] = set()
        self.last_error = ""

    def stop(self, timeout_s: float) -> None:
        """End after the job at hand, for at most `timeout_s`."""
        self.ending.set()
        self.join(timeout_s)

    def run(self) -> None:
        """Take what comes until stopped; an error is told and tried again."""
        self._store.prepare()
        self._store.publish_ended()
        self._seen = self._remembered()
        while True:
            last = self.ending.is_set()
            try:
                refused = self._look()
                told = f"{self._config.watch}: not ours to read: {refused}"
                self.last_error = told if refused else ""
                self._give_back_slips()
            except Exception as error:  # noqa: BLE001 - the next job must still be taken
                self.last_error = f"{self._config.watch}: {error}"
                self._forget_news()
            self._beat()
            if last:
                break
            self._wait()
        self._forget_news()

    def _look(self) -> list[str]:
        """Take what was finished, and of what lay here before, what nobody writes any more.

        Return the names of files that we may not read: the others do not wait for them.
        """
        if self._news is None:
            self._news = FolderNews(self._config.watch)
            self._resting |= {each.name for each in os.scandir(self._config.watch)}
        if self._config.deletes:
            self._take_over()
        files = {each.name: each for each in os.scandir(self._config.watch) if _is_whole(each)}
        self._count_vanished(self._finished - files.keys() - self._just_taken)
        now_ns = time.time_ns()
        due = {
            name
            for name in self._resting & files.keys()
            # One of tomorrow was written by another clock, or before ours was put right.
            if not now_ns - _STILL_NS <= _changed_ns(files[name]) <= now_ns
        }
        due |= self._finished & files.keys()
        self._resting |= due  # an error in between leaves the others for the next look
        self._finished = set()
        refused = []
        try:
            for name in sorted(due, key=lambda each: (_changed_ns(files[each]), each)):
                if self._take(Path(files[name].path)):
                    self._resting.discard(name)
                else:
                    refused.append(name)
        finally:
            self._remember(every_s=0.0)
        if not self._seen.keys() <= files.keys():
            self._seen = {name: seen for name, seen in self._seen.items() if name in files}
        return refused

    def _give_back_slips(self) -> None:
        self._slips.recover()
        for slip_id in self._slips.waiting():
            self._slips.begin(slip_id)
            self._slips.settle(slip_id, _NO_PRINTER)

    def _take(self, path: Path) -> bool:
        """Keep one file unless it was kept before; return whether we may read it."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            self._count_vanished({path.name})
            return True
        except PermissionError:
            return False
        with os.fdopen(handle, "rb") as file:
            facts = os.fstat(handle)
            seen = _Seen(facts.st_mtime_ns, facts.st_size, facts.st_ino)
            if self._seen.get(path.name) == seen or not facts.st_size:
                return True
            data = file.read(PART_BYTES_MAX)
        self._keep(data, path, whole=facts.st_size <= PART_BYTES_MAX)
        self._just_taken.add(path.name)
        if self._config.deletes:
            path.unlink(missing_ok=True)
        else:
            self._seen[path.name] = seen
            self._is_news = True
            self._remember(every_s=_REMEMBER_EVERY_S)
        return True

    def _take_over(self) -> None:
        """Let appear what a dead backend of ours left; one that lives holds a lock on its file."""
        for part in self._config.watch.glob("*.part"):
            try:
                if part.stat().st_mtime_ns > time.time_ns() - _STILL_NS:
                    continue  # it may be about to take its lock
                with part.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    part.rename(part.with_suffix(GIVEN_UP))
            except (BlockingIOError, FileNotFoundError):
                continue  # it lives, or has just ended

    def _keep(self, data: bytes, path: Path, *, whole: bool) -> None:
        """Write one job whole and durably. Raises OSError if that did not work."""
        self._numbers += 1
        moment = Moment.now()
        why = "" if whole else f"it has more than {PART_BYTES_MAX} bytes"
        if path.name.endswith(GIVEN_UP):
            why = "the printer's side gave it up half-way"
        head = JobHead(self._config.name, f"{self._since.boottime_ns}-{self._numbers}", 1, moment)
        self._store.keep(head, data, JobTail(Moment.now(), True, not why, why, len(data)))

    def _count_vanished(self, names: set[str]) -> None:
        gone = [name for name in names if name not in self._seen and not _is_draft(name)]
        if gone:
            self._vanished += len(gone)
            self._add_lost(len(gone))

    def _add_lost(self, jobs: int) -> None:
        now_ms = time.time_ns() // 1_000_000
        before = self._lost
        first_ms = before.first_ms if before else now_ms
        self._lost = Lost(jobs + (before.jobs if before else 0), first_ms, now_ms)

    def _wait(self) -> None:
        if self._news is None:
            self.ending.wait(_LOOK_EVERY_S)
            return
        try:
            self._finished = self._news.wait(_LOOK_EVERY_S)
            if not self._finished:
                self._just_taken.clear()  # their news came before, or will not come any more
        except OSError as error:
            self.last_error = f"{self._config.watch}: {error}"
            self._forget_news()

    def _forget_news(self) -> None:
        news, self._news = self._news, None
        if news is not None:
            news.close()

    def _beat(self) -> None:
        unkept = _lost_count(self._config.watch)
        if unkept > self._lost_before:
            self._add_lost(unkept - self._lost_before)
            self._lost_before = unkept
        beat = Heartbeat(
            tap=self._config.name,
            pid=os.getpid(),
            started=self._since,
            beat=Moment.now(),
            printer=Reachable.UNKNOWN,
            open_connections=0,
            printed_bytes=0,
            jobs=self._store.whole_jobs,
            incomplete_jobs=self._store.incomplete_jobs,
            unkept_jobs=self._store.unkept_jobs + self._vanished + unkept,
            refused_connections=0,
            failed_connections=0,
            slips=0,
            last_error=self.last_error,
            lost=self._lost,
        )
        try:
            self._config.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_heartbeat(self._config.spool, beat)
        except OSError as error:
            self.last_error = f"no heartbeat: {error}"  # the agent sees the beat grow old

    def _remembered(self) -> dict[str, _Seen]:
        try:
            return msgspec.convert(json.loads(self._taken.read_bytes()), dict[str, _Seen])
        except (OSError, ValueError):
            return {}  # then the files that lie there are taken once more, and known as reprints

    def _remember(self, every_s: float) -> None:
        """Write down what was taken; not for each of a thousand files, because it is all one."""
        now_s = time.monotonic()
        if not self._is_news or now_s < self._remembered_s + every_s:
            return
        draft = self._taken.with_suffix(".draft")
        # Not by msgspec: the name of a file may be no UTF-8, as a POS in GBK writes it.
        seen = {name: structs.asdict(each) for name, each in self._seen.items()}
        draft.write_text(json.dumps(seen), encoding="ascii")
        draft.replace(self._taken)
        self._is_news, self._remembered_s = False, now_s


def lost_file(folder: Path) -> Path:
    """Where our CUPS backend counts the jobs it could not leave in a folder, a byte for each.

    In memory, because it is a full disk that has to be told of.
    """
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]
    return Path("/dev/shm") / f"tillpoints-cups-{name}"  # noqa: S108 - only its size is read


def _lost_count(folder: Path) -> int:
    try:
        return lost_file(folder).stat().st_size
    except OSError:
        return 0


def _is_draft(name: str) -> bool:
    return name.startswith(".") or name.endswith(_DRAFTS)


def _is_whole(entry: os.DirEntry[str]) -> bool:
    return not _is_draft(entry.name) and entry.is_file(follow_symlinks=False)


def _changed_ns(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_mtime_ns
    except FileNotFoundError:
        return 0

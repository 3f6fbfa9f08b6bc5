"""Brings the member file central offers to this device, a part at a time, and puts it to use.

Until the new file is whole, synced and checked against its name, the old one stays in use; a cut
anywhere goes on where it was. A disk without room stops the update and nothing else.
"""

import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from edge_agent.journal.cursor import Cursor
from edge_agent.journal.file.migrate import sync_folder
from edge_agent.journal.journal import Journal
from edge_agent.journal.pulled.member_files import OpenFile, is_whole, path_of
from edge_agent.sync.calls import Caller, Done, Refused, Trouble
from edge_agent.sync.puller import Offered
from edge_agent.sync.status import Problem
from loyalty import member_delta
from loyalty.directory import DIRECTORY_PATH, DirectoryOffer
from loyalty.events import Moment
from loyalty.member_file import MalformedFile, key_check

#: What must stay free on the disk for the journal, whatever the directory needs.
RESERVE_BYTES = 64 << 20
PART_BYTES_MIN = 64 << 10
PART_BYTES_MAX = 4 << 20
_PART_BYTES_FIRST = 1 << 20
_AIM_S = 2.0
_RETRY_FIRST_MS = 15_000
_RETRY_MAX_MS = 10 * 60 * 1000
#: HTTP: there is no such file (any more).
_GONE = 404

_log = logging.getLogger(__name__)


class MemberFileFetcher:
    """Fetches what is offered. Call `step` from the sync thread alone."""

    def __init__(
        self,
        journal: Journal,
        caller: Caller,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._journal = journal
        self._caller = caller
        self._free_bytes = free_bytes
        self._folder = journal.directory
        self._part_bytes = _PART_BYTES_FIRST
        self._delta = ("", b"")  # the name of the delta under way, and what has come of it
        self._no_delta = ""
        self._problem: Problem | None = None
        self._not_before_ms = 0
        self._wait_ms = _RETRY_FIRST_MS
        self._tidied = ""

    @property
    def problem(self) -> Problem | None:
        """What keeps the directory from being brought up to date, for store IT."""
        return self._problem

    def step(self, offered: Offered | None, now: Moment) -> Done | Trouble:
        """Fetch one part of the file that is offered; use the file once it is whole."""
        if offered is None:
            self._problem = None
            self._tidy(self._journal.member_file().name)
            return Done()
        if self._problem is not None and now.boottime_ms < self._not_before_ms:
            return Done()
        try:
            return self._bring(offered)
        except (OSError, MalformedFile) as error:
            return self._put_off(now, error, offered.file)

    def _bring(self, offered: Offered) -> Done | Trouble:
        offer = offered.file
        if not path_of(self._folder, offer.name).exists():
            fetched = self._fetch_delta(offer) if self._wants_delta(offer) else self._fetch(offer)
            if not isinstance(fetched, bool):
                return fetched
            if not fetched:
                return Done(more=True)
        elif not is_whole(self._folder, offer.name):
            path_of(self._folder, offer.name).unlink()
            return Done(more=True)
        self._check_key(offered)
        place = Cursor(offered.incarnation, offer.position)
        if self._journal.use_member_file(offer.name, place, offered.tenant_key):
            _log.info("member file %s is in use: %d bytes", offer.name[:12], offer.size)
            if offered.tenant_key:
                _log.warning("cards are known under another tenant key from now on")
            self._problem, self._wait_ms = None, _RETRY_FIRST_MS
            return Done(more=True)  # there may be a later one
        return Done()  # the feed is not that far yet

    def _check_key(self, offered: Offered) -> None:
        """Raise MalformedFile for a file in which no card could be found: the old one serves on."""
        identity = self._journal.identity()
        key = offered.tenant_key or (identity.tenant_key if identity is not None else b"")
        opened = OpenFile(path_of(self._folder, offered.file.name))
        try:
            if opened.file.header.key_check != key_check(key):
                raise MalformedFile("the member file was made under a tenant key unknown here")
        finally:
            opened.close()

    # ---- the whole file

    def _fetch(self, offer: DirectoryOffer) -> bool | Done | Trouble:
        """Fetch the next part; tell whether the file is whole now."""
        part = self._part(offer.name)
        with part.open("ab") as file:
            have = file.tell()
            if have < offer.size:
                self._need_room(offer.size - have)
                data = self._get(offer.name, have, offer.size - have)
                if not isinstance(data, bytes):
                    return data
                file.write(data)
                _sync(file)
                have += len(data)
        return have >= offer.size and self._finish(offer)

    def _finish(self, offer: DirectoryOffer) -> bool:
        """Give the file its name if its bytes are that. Raises MalformedFile."""
        part = self._part(offer.name)
        with part.open("rb") as file:
            name = hashlib.file_digest(file, "sha256").hexdigest()
        if name != offer.name:
            part.unlink()
            raise MalformedFile(f"what came as member file {offer.name[:12]} is {name[:12]}")
        part.replace(path_of(self._folder, offer.name))
        sync_folder(self._folder)
        return True

    # ---- the delta

    def _wants_delta(self, offer: DirectoryOffer) -> bool:
        return bool(offer.delta_name) and offer.delta_name != self._no_delta

    def _fetch_delta(self, offer: DirectoryOffer) -> bool | Done | Trouble:
        """Fetch the next part of a delta; apply it once it is whole. On any doubt: the file."""
        name, delta = self._delta
        delta = delta if name == offer.delta_name else b""
        if len(delta) < offer.delta_size:
            data = self._get(offer.delta_name, len(delta), offer.delta_size - len(delta))
            if not isinstance(data, bytes):
                return data
            delta += data
            self._delta = (offer.delta_name, delta)
            if len(delta) < offer.delta_size:
                return False
        self._delta, self._no_delta = ("", b""), offer.delta_name
        try:
            self._apply(delta, offer)
        except MalformedFile as error:
            _log.warning("a delta does not do, the whole file is fetched: %s", error)
            self._part(offer.name).unlink(missing_ok=True)
            return False
        return True

    def _apply(self, data: bytes, offer: DirectoryOffer) -> None:
        if hashlib.sha256(data).hexdigest() != offer.delta_name:
            raise MalformedFile(f"what came as delta {offer.delta_name[:12]} is something else")
        delta = member_delta.parse(data)
        self._need_room(offer.size)
        before = OpenFile(path_of(self._folder, delta.before))
        try:
            self._write(self._part(offer.name), member_delta.apply(before.file, delta))
        finally:
            before.close()
        self._finish(offer)

    def _write(self, path: Path, parts: Iterator[bytes]) -> None:
        with path.open("wb") as file:
            for part in parts:
                file.write(part)
            _sync(file)

    # ----

    def _get(self, name: str, start: int, wanted: int) -> bytes | Done | Trouble:
        """Return the next part of a file, or what came of asking. Raises MalformedFile."""
        size = min(wanted, self._part_bytes)
        answered = self._caller.fetch(DIRECTORY_PATH + name, start, size)
        if isinstance(answered, tuple):
            data, elapsed_s = answered
            if not 0 < len(data) <= size:
                raise MalformedFile(f"{len(data)} bytes of a file came instead of {size}")
            if elapsed_s < _AIM_S / 2:
                self._part_bytes = min(self._part_bytes * 2, PART_BYTES_MAX)
            return data
        if isinstance(answered, Refused):
            if answered.status != _GONE:
                raise MalformedFile(f"central refused a file: {answered.code}: {answered.detail}")
            return Done()  # a newer one was made meanwhile; the next pull names it
        if answered.why == "nonsense":
            raise MalformedFile(f"what came is no part of a file: {answered.detail}")
        if answered.why == "timeout":
            self._part_bytes = max(self._part_bytes // 2, PART_BYTES_MIN)
        return answered

    def _need_room(self, size: int) -> None:
        """Raise OSError if the disk would be left without its reserve."""
        free = self._free_bytes(self._folder)
        if free < size + RESERVE_BYTES:
            raise OSError(f"{free} bytes are free, the member file needs {size} more")

    def _put_off(self, now: Moment, error: Exception, offer: DirectoryOffer) -> Done:
        """Note what went wrong, free what it took, and try again after a while, longer each time.

        What a bad moment spoiled is mended by the first; what is wrong for good costs little.
        """
        self._not_before_ms = now.boottime_ms + self._wait_ms
        self._wait_ms = min(2 * self._wait_ms, _RETRY_MAX_MS)
        if isinstance(error, OSError):
            self._part(offer.name).unlink(missing_ok=True)
            problem = Problem("directory_disk", f"the member directory is not brought up: {error}")
        else:
            problem = Problem("directory_broken", str(error))
        if self._problem is None:
            _log.warning("%s", problem.detail)
        self._problem = problem
        return Done()

    def _part(self, name: str) -> Path:
        path = path_of(self._folder, name)
        return path.with_name(path.name + ".part")

    def _tidy(self, in_use: str) -> None:
        """Delete every file but the one in use, once for each."""
        if self._tidied == in_use:
            return
        for path in self._folder.glob("*.members*"):
            if path != path_of(self._folder, in_use):
                path.unlink(missing_ok=True)
        self._tidied = in_use


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())

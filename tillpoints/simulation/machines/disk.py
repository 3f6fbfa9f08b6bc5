"""What a disk keeps when the power goes: a page cache in front of files that only syncing empties.

Owns the model and the faults; knows nothing of SQLite (see `vfs.py`). A process that is killed
leaves all it wrote. A power cut leaves what was synced, and of the rest a seeded part: each sector
of each write is kept, dropped or torn by itself, in any order across files.
"""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

SECTOR = 512

Fault = Literal["kill", "power", "eio", "full", "fsync"]
Outcome = Literal["ok", "eio", "full", "dead"]
#: A write (offset, bytes), or a truncation (size, None).
_Change = tuple[int, bytes | None]


class File:
    """One file: what the disk surely holds, and the changes since it was last synced."""

    def __init__(self, durable: bytes = b"") -> None:
        self.durable = bytearray(durable)
        self.unsynced: list[_Change] = []

    def sync(self) -> None:
        """Make everything written so far durable."""
        for offset, data in self.unsynced:
            _apply(self.durable, offset, data)
        self.unsynced.clear()

    def after_power_loss(self, rng: random.Random) -> bytes:
        """Return what is found when the power is back."""
        found = bytearray(self.durable)
        # Some cuts keep nearly all and some nearly nothing: both ends hide different mistakes.
        kept = rng.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for offset, data in self.unsynced:
            if data is None:
                if rng.random() < kept:
                    _apply(found, offset, None)
                continue
            for start, piece in _sectors(offset, data):
                if rng.random() < kept:
                    torn = piece[: rng.randrange(len(piece))] if rng.random() < 0.1 else piece
                    _apply(found, start, torn)
        return bytes(found)


def _sectors(offset: int, data: bytes) -> list[tuple[int, bytes]]:
    pieces, place = [], 0
    while place < len(data):
        end = min(len(data), place + SECTOR - (offset + place) % SECTOR)
        pieces.append((offset + place, data[place:end]))
        place = end
    return pieces


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class Disk:
    """The disk of one machine, in `folder`. It dies once; `restart` gives the one that is found."""

    def __init__(
        self,
        folder: Path,
        rng: random.Random,
        mark: Callable[[str], None],
        image: dict[str, bytes] | None = None,
    ) -> None:
        """Take a folder as it is, or make it hold exactly an image."""
        self.folder = folder
        self.died_of: Fault | None = None
        self.writes = 0
        self._rng = rng
        self._mark = mark
        self._files: dict[str, File] = {}
        self._fault: Fault | None = None
        self._left = 0
        self._found: dict[str, bytes] = {}
        if image is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            image = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        else:
            write_image(folder, image)
        for name, data in image.items():
            self._files[name] = File(data)

    @property
    def dead(self) -> bool:
        """Tell whether nothing more is taken."""
        return self.died_of is not None

    # ---- what the VFS tells

    def write(self, name: str, offset: int, data: bytes) -> Outcome:
        """Take a write, or refuse it."""
        outcome = self._next("write")
        if outcome == "ok":
            self._file(name).unsynced.append((offset, data))
        return outcome

    def truncate(self, name: str, size: int) -> Outcome:
        """Take a truncation, or refuse it."""
        outcome = self._next("truncate")
        if outcome == "ok":
            self._file(name).unsynced.append((size, None))
        return outcome

    def sync(self, name: str) -> Outcome:
        """Make a file durable, or fail: then its pages count as clean and are not written again."""
        outcome = self._next("sync")
        if outcome == "ok":
            self._file(name).sync()
        elif outcome == "eio":
            self._file(name).unsynced.clear()
        return outcome

    def delete(self, name: str) -> None:
        """Forget a file."""
        self._files.pop(name, None)

    # ---- faults

    def arm(self, fault: Fault, after: int) -> None:
        """Let the write, truncation or sync after `after` more of them meet a fault."""
        self._fault, self._left = fault, after

    def disarm(self) -> None:
        """Take back a fault that was not met."""
        self._fault = None

    def die(self, fault: Fault) -> None:
        """Stop here: nothing more is taken, and what is found later is what there is now."""
        if not self.dead:
            self._found = self._image(fault)
            self.died_of = fault

    def restart(self, folder: Path) -> "Disk":
        """Return the disk as it is found after it died, in another folder."""
        return Disk(folder, self._rng, self._mark, self._found)

    def image(self) -> dict[str, bytes]:
        """Return a copy of every file, as a snapshot of the whole machine has it."""
        return self._image("kill")

    def _next(self, what: str) -> Outcome:
        if self.dead:
            return "dead"
        self.writes += 1
        if self._fault is None:
            return "ok"
        if self._left > 0 or (self._fault == "fsync" and what != "sync"):
            self._left = max(self._left - 1, 0)
            return "ok"
        fault, self._fault = self._fault, None
        self._mark(f"disk {fault} at a {what}")
        if fault in {"kill", "power"}:
            self.die(fault)
            return "dead"
        return "full" if fault == "full" and what == "write" else "eio"

    def _image(self, fault: Fault) -> dict[str, bytes]:
        image = {}
        for path in sorted(self.folder.iterdir()):
            if path.name.endswith("-shm"):
                continue  # memory that processes share: it is nobody's after a death
            file = self._files.get(path.name)
            if fault == "power" and file is not None:
                image[path.name] = file.after_power_loss(self._rng)
            else:
                image[path.name] = path.read_bytes()
        return image

    def _file(self, name: str) -> File:
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = File()
        return file


def write_image(folder: Path, image: dict[str, bytes]) -> None:
    """Make `folder` hold exactly an image."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, data in image.items():
        (folder / name).write_bytes(data)

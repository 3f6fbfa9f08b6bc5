"""The member file this device uses: opened by its name, kept open, read where a record should be.

Files lie beside the journal and are never written once they have their name. Any thread may read.
"""

import hashlib
import os
from pathlib import Path

from loyalty.member_file import MalformedFile, MemberFile

_HASH_BYTES = 1 << 20


def path_of(folder: Path, name: str) -> Path:
    """Return where the member file of a name (64 hex digits) lies."""
    return folder / f"{name}.members"


class OpenFile:
    """A member file that is open for reading."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises OSError, or MalformedFile if it is none."""
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.file = MemberFile(self._read, os.fstat(self._handle).st_size)
        except BaseException:
            os.close(self._handle)
            raise

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)

    def name(self) -> str:
        """Return the SHA-256 of the bytes in hex. Raises OSError."""
        digest = hashlib.sha256()
        for at in range(0, self.file.size, _HASH_BYTES):
            digest.update(self._read(at, _HASH_BYTES))
        return digest.hexdigest()

    def _read(self, offset: int, size: int) -> bytes:
        return os.pread(self._handle, size, offset)


class MemberFiles:
    """Keeps the file in use open; call under the lock of the connection that names it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = ""
        self._open: OpenFile | None = None

    def use(self, name: str) -> MemberFile | None:
        """Return the file of a name; None for no name and for a file that cannot be read.

        A file that is gone or broken is as none at all, as in a till's first minutes: sync sees it
        too and fetches it again.
        """
        if name != self._name or (name and self._open is None):
            self.close()
            self._name = name
            try:
                self._open = OpenFile(path_of(self._folder, name)) if name else None
            except (OSError, MalformedFile):
                self._open = None
        return self._open.file if self._open else None

    def close(self) -> None:
        """Let go of the file."""
        if self._open is not None:
            self._open.close()
            self._open = None


def is_whole(folder: Path, name: str) -> bool:
    """Tell whether the file of a name is there and has the bytes its name says."""
    try:
        opened = OpenFile(path_of(folder, name))
    except (OSError, MalformedFile):
        return False
    try:
        return opened.name() == name
    except OSError:
        return False
    finally:
        opened.close()

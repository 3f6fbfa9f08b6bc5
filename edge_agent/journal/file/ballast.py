"""Room kept on the disk for the day it is full: then sales go on for a while and lending stops.

The reserve is a file of its own beside the journal. It is given back when the disk first refuses a
write, and taken again at a start that finds enough room; until then somebody must look at the disk.
"""

import os
import shutil
from pathlib import Path

FILE = "ballast"
#: Some two thousand sales.
BALLAST_BYTES = 2 << 20
#: What must be free with it, so that the reserve itself does not fill the disk.
RESERVED_BYTES = 4 * BALLAST_BYTES


class Ballast:
    """The reserve in one folder. Any thread may call."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def fill(self) -> bool:
        """Take the reserve if there is room enough; tell whether it is there."""
        if self.is_there:
            return True
        self._path.unlink(missing_ok=True)  # a start that died half-way
        if shutil.disk_usage(self._path.parent).free < RESERVED_BYTES:
            return False
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(handle, 0, BALLAST_BYTES)
        except OSError:
            self._path.unlink()
            return False
        finally:
            os.close(handle)
        return True

    def release(self) -> bool:
        """Give the reserve back; tell whether there was one."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True

    @property
    def is_there(self) -> bool:
        """Tell whether the reserve is kept."""
        try:
            return self._path.stat().st_size >= BALLAST_BYTES
        except FileNotFoundError:
            return False

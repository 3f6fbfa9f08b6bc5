"""The folders and files that agent.toml names: what is wrong with one, and what mends it.

As `findings`: pure functions of facts. `look` alone asks the machine.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge_agent.config import Config
from tillpoints.findings import Finding

FREE_MIN_MIB = 512
FREE_MIN_INODES = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """A folder or file, what it is for, and what must be possible there."""

    path: Path
    zh: str
    en: str
    needs: Literal["writing", "reading"] = "writing"
    mib_min: int = FREE_MIN_MIB


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found at a place: `shape` of it, whether it `permits` what is needed, its room.

    `inodes` are those that are free; None where the file system counts none. What is not there yet
    has the room of the folder in which it would be made.
    """

    shape: Literal["folder", "file", "nothing", "hidden"]
    permits: bool = False
    read_only: bool = False
    free_mib: int = 0
    inodes: int | None = None


def places(config: Config) -> Iterator[Place]:
    """Yield what agent.toml names, each once."""
    yield Place(config.state_path, "日志", "journal")
    if config.runtime_path is not None:
        yield Place(config.runtime_path, "运行标记", "mark in memory", mib_min=1)
    for tap in config.tap:
        yield Place(Path(tap.spool), "打印副本", "print copies")
    for camera in config.camera:
        if camera.file:
            yield Place(Path(camera.file), "摄像头画面", "camera pictures", "reading")
    if config.central.ca_file:
        yield Place(Path(config.central.ca_file), "中心证书", "central's certificates", "reading")
    if config.printer.font:
        yield Place(Path(config.printer.font), "小票字体", "slip font", "reading")


def look(place: Place, uid: int, groups: set[int] | None) -> Seen:
    """Return what is there for the user `uid`; with `groups` None, for whoever may do anything."""
    try:
        found = place.path.stat()
        room = os.statvfs(place.path)
    except PermissionError:
        return Seen("hidden")
    except (FileNotFoundError, NotADirectoryError):
        above = os.statvfs(next(each for each in place.path.absolute().parents if each.is_dir()))
        return Seen("nothing", free_mib=_mib(above), inodes=_inodes(above))
    wanted = stat.S_IWUSR | stat.S_IXUSR if place.needs == "writing" else stat.S_IRUSR
    if groups is None:
        permits = True
    elif found.st_uid == uid:
        permits = found.st_mode & wanted == wanted
    elif found.st_gid in groups:
        permits = found.st_mode << 3 & wanted == wanted
    else:
        permits = found.st_mode << 6 & wanted == wanted
    return Seen(
        "folder" if stat.S_ISDIR(found.st_mode) else "file",
        permits,
        bool(room.f_flag & os.ST_RDONLY),
        _mib(room),
        _inodes(room),
    )


def _mib(room: os.statvfs_result) -> int:
    return room.f_bavail * room.f_frsize // 2**20


def _inodes(room: os.statvfs_result) -> int | None:
    return room.f_favail if room.f_files else None


def check_disk(folder: Path) -> Finding:
    """Look at the room of a folder that is there, and judge it. Raises OSError."""
    room = os.statvfs(folder)
    return check_room(folder, _mib(room), _inodes(room))


def check_place(place: Place, seen: Seen, user: str) -> Finding:
    """Whoever runs the agent must be able to read or write there, and have room to."""
    path = shlex.quote(str(place.path))
    zh, en = f"{place.zh} {place.path}", f"{place.en} {place.path}"

    def wrong(told_zh: str, told_en: str, mend: str) -> Finding:
        return Finding("folder", "wrong", f"{zh} {told_zh}", f"{en} {told_en}", mend)

    writes = place.needs == "writing"
    if seen.shape == "hidden":
        ask = ("看不到", "cannot be seen by who asks", "sudo tillpoints doctor")
        return Finding("folder", "absent", f"{zh} {ask[0]}", f"{en} {ask[1]}", ask[2])
    room = check_room(place.path, seen.free_mib, seen.inodes, place.mib_min)
    if seen.shape == "nothing":
        if writes and room.state != "ok":
            return room
        mend = f"install -d -m 0700 -o {user} {path}" if writes else f"put it at {path}"
        return Finding("folder", "absent", f"{zh} 还没有", f"{en} is not there yet", mend)
    if seen.shape == "file" and writes:
        return wrong("是文件，不是文件夹", "is a file and no folder", f"mv {path} {path}.old")
    if writes and seen.read_only:
        mend = f"mount -o remount,rw $(findmnt -n -o TARGET -T {path}); dmesg | tail"
        return wrong("所在的盘是只读的", "is on a disk mounted read-only", mend)
    if not seen.permits:
        if not writes:
            return wrong(f"{user} 不能读", f"cannot be read by {user}", f"chmod -R a+rX {path}")
        mend = f"chown -R {user} {path}; chmod -R u+rwX {path}"
        return wrong(f"{user} 不能写", f"cannot be written by {user}", mend)
    if writes and room.state != "ok":
        return room
    return Finding("folder", "ok", f"{zh} 可用", f"{en} is fit for use")


def check_room(
    folder: Path, free_mib: int, inodes: int | None, mib_min: int = FREE_MIN_MIB
) -> Finding:
    """The journal and the tap's spool need room; a full disk stops awards, never paper."""
    if free_mib < mib_min:
        return Finding(
            "disk",
            "wrong",
            f"{folder} 只剩 {free_mib} MiB，至少要有 {mib_min} MiB",
            f"only {free_mib} MiB free in {folder}: it wants {mib_min} MiB",
            "du -xh / 2>/dev/null | sort -h | tail -n 20; journalctl --vacuum-size=100M",
        )
    if inodes is not None and inodes < FREE_MIN_INODES:
        return Finding(
            "disk",
            "wrong",
            f"{folder} 只能再建 {inodes} 个文件",
            f"only {inodes} more files fit in {folder} (inodes)",
            "du -x --inodes / 2>/dev/null | sort -n | tail -n 20",
        )
    files_zh = "" if inodes is None else f"，可再建 {inodes} 个文件"
    files_en = "" if inodes is None else f" and for {inodes} files"
    return Finding(
        "disk",
        "ok",
        f"{folder} 剩余 {free_mib} MiB{files_zh}",
        f"room in {folder} for {free_mib} MiB{files_en}",
    )

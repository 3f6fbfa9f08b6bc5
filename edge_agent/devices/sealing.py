"""How raw print data lies on a till's disk: sealed, frame by frame, under the till's own key.

A sealed file is a run of frames `kind (1) | length (4, big-endian) | ChaCha20-Poly1305 text`. Every
file has its own key, derived from the till's key and the file's unique label, so a plain frame
counter is a safe nonce; the kind is authenticated with the text. A frame cannot be read, altered,
moved to another place or to another file. A file that merely stops early stays readable up to
there, which is what a kill or a full disk leaves behind.

This module must never hold more than bytes and keys: what the frames mean is its callers' business.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

KEY_BYTES = 32
FRAME_BYTES_MAX = 1 << 20
_TAG_BYTES = 16
_PREFIX_BYTES = 5


class SealBrokenError(Exception):
    """The sealed bytes stop making sense at `offset`: cut off, altered, or under another key."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(f"{why} at byte {offset}")
        self.offset = offset
        self.why = why


def till_key(path: Path) -> bytes:
    """Return the key in `path`, creating it (mode 0600) on first use.

    Tap and agent may both be first: the file appears whole by a hard link, so one of them wins and
    both read the winner's key. Raises OSError, or ValueError if the file is not a key.
    """
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        _create_key(path)
        key = path.read_bytes()
    if len(key) != KEY_BYTES:
        msg = f"{path}: a spool key has {KEY_BYTES} bytes, this file has {len(key)}"
        raise ValueError(msg)
    return key


def _create_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        fsync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def fsync_folder(path: Path) -> None:
    """Make renames and new names in the folder survive a power cut. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Sealer:
    """Seals the frames of one file, in order. `label` must never be used twice with one key."""

    def __init__(self, key: bytes, label: str) -> None:
        self._cipher = _cipher(key, label)
        self._frames = 0

    def seal(self, kind: bytes, plain: bytes) -> bytes:
        """Return the next frame. `kind` is one byte; `plain` at most FRAME_BYTES_MAX bytes."""
        if len(kind) != 1 or len(plain) > FRAME_BYTES_MAX:
            msg = f"a frame needs a kind of 1 byte and at most {FRAME_BYTES_MAX} bytes of text"
            raise ValueError(msg)
        text = self._cipher.encrypt(_nonce(self._frames), plain, kind)
        self._frames += 1
        return kind + len(text).to_bytes(4, "big") + text


def open_frames(key: bytes, label: str, sealed: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (kind, plain) of each frame; raises SealBrokenError where they stop making sense."""
    cipher = _cipher(key, label)
    offset = 0
    frames = 0
    while offset < len(sealed):
        start = offset + _PREFIX_BYTES
        kind = sealed[offset : offset + 1]
        length = int.from_bytes(sealed[offset + 1 : start], "big")
        if start > len(sealed) or start + length > len(sealed):
            raise SealBrokenError(offset, "cut off")
        if not _TAG_BYTES <= length <= FRAME_BYTES_MAX + _TAG_BYTES:
            raise SealBrokenError(offset, "not a sealed frame")
        try:
            plain = cipher.decrypt(_nonce(frames), sealed[start : start + length], kind)
        except InvalidTag:
            raise SealBrokenError(offset, "altered, or sealed under another key") from None
        yield kind, plain
        offset = start + length
        frames += 1


def _cipher(key: bytes, label: str) -> ChaCha20Poly1305:
    own = hashlib.blake2b(
        label.encode(), key=key, digest_size=KEY_BYTES, person=b"tillpoint-spool1"
    )
    return ChaCha20Poly1305(own.digest())


def _nonce(frames: int) -> bytes:
    return frames.to_bytes(12, "big")

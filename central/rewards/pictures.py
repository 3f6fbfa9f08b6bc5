"""Pictures of rewards: small files in a folder, each under the hash of its bytes.

The name says what is in it, so a kiosk that keeps one never asks again, and one that was changed
on the way is known. What is no picture by its first bytes is not kept.
"""

import hashlib
import re
from pathlib import Path

BYTES_MAX = 256 * 1024
_NAME = re.compile(r"[0-9a-f]{64}\.(?:png|jpg|webp)")
#: PNG (RFC 2083, 3.1), JPEG (ITU T.81, B.1.1.3), WebP (RFC 9649, 2.4).
_KINDS = (
    ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("jpg", re.compile(rb"\xff\xd8\xff")),
    ("webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
)


class NoPicture(ValueError):
    """The bytes are no picture that a kiosk shows, or too many; `zh` and the text say why."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        super().__init__(en)


def store(folder: Path, data: bytes) -> str:
    """Keep a picture and return its name. Raises NoPicture."""
    if len(data) > BYTES_MAX:
        raise NoPicture(f"图片超过 {BYTES_MAX // 1024} KB", f"more than {BYTES_MAX // 1024} KB")
    kind = next((name for name, start in _KINDS if start.match(data)), None)
    if kind is None:
        raise NoPicture("只能用 PNG、JPEG 或 WebP 图片", "a picture is a PNG, JPEG or WebP file")
    name = f"{hashlib.sha256(data).hexdigest()}.{kind}"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / name
    if not kept.exists():
        fresh = folder / f"{name}.new"
        fresh.write_bytes(data)
        fresh.replace(kept)
    return name


def path(folder: Path, name: str) -> Path | None:
    """Return the file of a picture, None if there is none of this name."""
    kept = folder / name
    return kept if _NAME.fullmatch(name) and kept.is_file() else None

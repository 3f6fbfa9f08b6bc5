"""Pictures of rewards for this machine's screens: fetched from central once, then kept here.

A picture's name is the hash of its bytes; what does not fit its name is not shown.
"""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, Response, abort

_NAME = re.compile(r"([0-9a-f]{64})\.(png|jpg|webp)")
_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}

#: Returns a picture's bytes by its name; None if central cannot be asked or has none.
Fetch = Callable[[str], bytes | None]


def blueprint(folder: Path, fetch: Fetch) -> Blueprint:
    """Return the route of the pictures, which are kept in `folder`."""
    routes = Blueprint("pictures", __name__)

    @routes.get("/api/picture/<name>")
    def picture(name: str) -> Response:
        found = _NAME.fullmatch(name)
        data = _kept(folder / name, found[1], fetch) if found else None
        if found is None or data is None:
            abort(404)
        answer = Response(data, content_type=_TYPES[found[2]])
        answer.headers["Cache-Control"] = "max-age=31536000, immutable"
        return answer

    return routes


def _kept(file: Path, hash_: str, fetch: Fetch) -> bytes | None:
    try:
        data: bytes | None = file.read_bytes()
    except FileNotFoundError:
        data = None
    if data is not None and hashlib.sha256(data).hexdigest() == hash_:
        return data
    data = fetch(file.name)
    if data is None or hashlib.sha256(data).hexdigest() != hash_:
        return None
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_bytes(data)
    fresh.replace(file)
    return data

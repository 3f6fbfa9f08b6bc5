"""A call of an application as a web server makes it, without one."""

import io
import sys
from collections.abc import Mapping
from typing import Any

from flask import Flask


def call(
    app: Flask, path: str, headers: Mapping[str, str], body: bytes | None
) -> tuple[int, bytes]:
    """Make one call as a web server does; without a body a file is asked for."""
    environ = {
        "REQUEST_METHOD": "GET" if body is None else "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "central",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body or b"")),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body or b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }
    began: list[str] = []

    def start_response(status: str, _headers: object, _error: object = None) -> Any:
        began.append(status)

    parts = app.wsgi_app(environ, start_response)
    try:
        return int(began[0][:3]), b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()

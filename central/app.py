"""Central put together: the one place where its rooms meet Flask.

Owns the wiring, the health answers, the security headers and the status page. The rooms own
everything that is about members and points.
"""

import secrets
import shutil
import time
from pathlib import Path

from flask import Flask, Response, abort, jsonify, render_template, request, send_file
from msgspec import Struct
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from central import migrations
from central.config import Config
from central.database import connect, reading
from central.desk import pages as desk
from central.keys import OTHERS, Keys, KeysError
from central.keys import load as load_keys
from central.ledger.shards import own_key, tenant_number
from central.member_page import pages as member_page
from central.reviewing import pages as reviews
from central.reviewing.teacher import Teacher
from central.rewards import pictures
from central.staff import pages as staff
from central.sync import api
from central.sync.member_files import MemberFiles
from central.sync.service import Service

_FOR_EVER_S = 31_536_000
#: With less than this a large turn may not find its place in SQLite's log.
_ROOM_MIN_BYTES = 16 * 1024 * 1024
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Parts(Struct, frozen=True):
    """What everything in central is built from; `close` when done."""

    config: Config
    keys: Keys
    engine: Engine

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


class NotSetUp(RuntimeError):
    """The database is not at this program's version; `tillpoints central init` brings it there."""


def open_parts(config: Config) -> Parts:
    """Open keys and database. Raises KeysError, NotSetUp, or sqlalchemy's OperationalError."""
    keys = load_keys(Path(config.keys_file))
    if config.database.is_sqlite and not Path(str(config.database.parsed.database)).exists():
        raise NotSetUp("there is no database yet; run `tillpoints central init`")
    engine = connect(config.database)
    with reading(engine) as connection:
        current = migrations.is_current(connection)
        known = own_key(connection, config.shard_key) if current else None
        number = tenant_number(connection, config.shard_key) if current else 0
    if not current:
        engine.dispose()
        raise NotSetUp("the database is not ready; run `tillpoints central init`")
    if known not in (None, keys.central_public):
        engine.dispose()
        raise KeysError(f"{config.keys_file} {OTHERS}")
    try:
        return Parts(config, keys.at(number), engine)
    except KeysError as error:
        engine.dispose()
        raise KeysError(f"{config.keys_file} {error}") from error


def create_app(config: Config) -> Flask:
    """Return the application of one central server; `close` it when the server stops."""
    parts = open_parts(config)
    service = Service(
        parts.engine,
        parts.keys.central_key,
        parts.keys.tenant_key,
        now_ms=now_ms,
        draw=secrets.randbelow,
        member_files=MemberFiles(
            parts.engine,
            config.shard_key,
            Path(config.directory_folder),
            parts.keys.tenant_key,
            now_ms,
            key_number=parts.keys.tenant_number,
        ),
        shard_key=config.shard_key,
    )
    service.start()
    app = Flask("central")
    app.config["MAX_CONTENT_LENGTH"] = config.server.request_bytes_max
    app.secret_key = parts.keys.desk_secret
    teacher = Teacher(service)
    teacher.start()
    app.extensions["central"] = (service, parts, teacher)
    app.after_request(_add_headers)
    app.register_blueprint(api.blueprint(service))
    staff.set_up(app)
    app.register_blueprint(staff.blueprint(service, config.programme))
    app.register_blueprint(reviews.blueprint(service, config.tz(), config.programme))
    app.register_blueprint(desk.blueprint(service, config))
    app.register_blueprint(member_page.blueprint(service, config.tz(), config.programme))

    @app.get("/pictures/<name>")
    def picture(name: str) -> Response:
        kept = pictures.path(config.pictures_folder, name)
        if kept is None:
            abort(404)
        answer = send_file(kept, etag=name, max_age=_FOR_EVER_S, conditional=True)
        answer.cache_control.public = True
        answer.cache_control.immutable = True
        return answer

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(ok=True)

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        why = _why_not_ready(parts.engine)
        return jsonify(ok=not why, why=why), 503 if why else 200

    @app.get("/")
    def status() -> str:
        lang = request.args.get("lang", "zh")
        why = _why_not_ready(parts.engine)
        return render_template("status.html", lang=lang, programme=config.programme, why=why)

    return app


def close(app: Flask) -> None:
    """Let go of everything that `create_app` opened."""
    service, parts, teacher = app.extensions["central"]
    teacher.close()
    service.close()
    parts.close()


def now_ms() -> int:
    """Return central's clock, in ms UTC."""
    return time.time_ns() // 1_000_000


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if not response.cache_control.immutable:
        response.headers["Cache-Control"] = "no-store"
    return response


def _why_not_ready(engine: Engine) -> list[str]:
    """Return the reasons why this server cannot serve tills now, as stable codes."""
    try:
        with reading(engine) as connection:
            why = [] if migrations.is_current(connection) else ["database_version"]
    except SQLAlchemyError:
        return ["database"]
    if engine.dialect.name == "sqlite" and _room_bytes(engine) < _ROOM_MIN_BYTES:
        why.append("disk_full")
    return why


def _room_bytes(engine: Engine) -> int:
    """Return what is free on the disk that the database's file is on."""
    return shutil.disk_usage(Path(engine.url.database or ".").parent).free

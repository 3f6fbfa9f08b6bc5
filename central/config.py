"""central.toml: what one central server is told about itself.

Owns the file's keys, their defaults and their errors. Secrets are never in it; `keys.py` owns them.
"""

import zoneinfo
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from loyalty.settings import SettingsError, parse
from paper.encode import PrinterProfile


class ConfigError(ValueError):
    """central.toml is missing, unreadable or says something impossible; the text says where."""


class Database(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the records are: an SQLAlchemy URL, for SQLite or PostgreSQL."""

    url: str = "sqlite:///central.db"

    @property
    def parsed(self) -> URL:
        """The URL in parts."""
        return make_url(self.url)

    @property
    def is_sqlite(self) -> bool:
        """Whether the records are in an SQLite file, which has one writing process."""
        return self.parsed.get_backend_name() == "sqlite"


class Server(Struct, frozen=True, forbid_unknown_fields=True):
    """How the server listens and what it refuses to read."""

    listen: str = "127.0.0.1:8600"
    workers: Annotated[int, Meta(ge=1, le=64)] = 1
    threads: Annotated[int, Meta(ge=1, le=512)] = 16
    connections_max: Annotated[int, Meta(ge=10, le=100_000)] = 1000
    request_bytes_max: Annotated[int, Meta(ge=65536)] = 2 * 1024 * 1024
    certificate_file: str = ""
    certificate_key_file: str = ""


class DeskPrinter(Struct, frozen=True, forbid_unknown_fields=True):
    """The service desk's printer: `HOST:PORT` or the path of a device file; empty is none."""

    address: str = ""
    columns: Literal[32, 42, 48] = 48
    encoding: Literal["gb18030", "gbk", "utf-8"] = "gb18030"
    kanji_mode: bool = False
    has_cutter: bool = True
    feed_lines: Annotated[int, Meta(ge=0, le=20)] = 4
    timeout_s: Annotated[float, Meta(gt=0, le=120)] = 5.0

    def profile(self) -> PrinterProfile:
        """What the encoder must know about this printer."""
        return PrinterProfile(
            columns=self.columns,
            encoding=self.encoding,
            kanji_mode=self.kanji_mode,
            has_cutter=self.has_cutter,
            feed_lines=self.feed_lines,
        )


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """One programme's central server. Paths are absolute once `load` has returned it."""

    programme: str
    zone: str = "Asia/Shanghai"
    shard_key: Annotated[int, Meta(ge=1)] = 1
    keys_file: str = "central.keys"
    #: Where member files for tills are kept; servers of one programme share it.
    directory_folder: str = "directory"
    database: Database = Database()
    server: Server = Server()
    desk_printer: DeskPrinter = DeskPrinter()

    @property
    def pictures_folder(self) -> Path:
        """Where pictures of rewards are kept: beside the files for tills."""
        return Path(self.directory_folder).with_name("pictures")

    def tz(self) -> zoneinfo.ZoneInfo:
        """The mall's time zone."""
        return zoneinfo.ZoneInfo(self.zone)


def load(path: Path) -> Config:
    """Return the configuration in `path`, with its relative paths resolved beside that file.

    Raises ConfigError naming the file, the key and what is wrong with it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    try:
        config = parse(text, Config)
        _check(config)
    except (ConfigError, SettingsError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return _beside(config, path.absolute().parent)


def _check(config: Config) -> None:
    """Refuse what types cannot."""
    if not config.programme.strip():
        raise ConfigError("programme: the programme needs a name")
    try:
        config.tz()
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"zone: {config.zone!r} is no time zone like 'Asia/Shanghai'") from error
    _check_database(config.database)
    if config.database.is_sqlite and config.server.workers != 1:
        raise ConfigError("server.workers: SQLite has one writing process, so this must be 1")
    _check_address("server.listen", config.server.listen)
    if config.server.certificate_key_file and not config.server.certificate_file:
        raise ConfigError("server.certificate_key_file: a key needs its certificate_file")
    printer = config.desk_printer.address
    if printer and not printer.startswith("/"):
        _check_address("desk_printer.address", printer)


def _check_database(database: Database) -> None:
    try:
        driver = database.parsed.drivername
    except ArgumentError as error:
        raise ConfigError(f"database.url: {error}") from error
    if driver not in ("sqlite", "postgresql", "postgresql+psycopg"):
        raise ConfigError(f"database.url: {driver!r} is neither sqlite nor postgresql")
    if database.is_sqlite and database.parsed.database in (None, "", ":memory:"):
        raise ConfigError("database.url: a ledger in memory would be lost; name a file")


def _check_address(key: str, address: str) -> None:
    try:
        split_address(address)
    except ValueError as error:
        raise ConfigError(f"{key}: {error}") from error


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT` or `[HOST]:PORT`. Raises ValueError otherwise."""
    host, colon, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{address!r} is not HOST:PORT")
    return host, int(port)


def _beside(config: Config, folder: Path) -> Config:
    database = config.database
    if database.is_sqlite:
        file = str(folder / str(database.parsed.database))
        database = structs.replace(
            database, url=database.parsed.set(database=file).render_as_string(hide_password=False)
        )
    server = structs.replace(
        config.server,
        certificate_file=_path(folder, config.server.certificate_file),
        certificate_key_file=_path(folder, config.server.certificate_key_file),
    )
    return structs.replace(
        config,
        database=database,
        keys_file=str(folder / config.keys_file),
        directory_folder=str(folder / config.directory_folder),
        server=server,
    )


def _path(folder: Path, name: str) -> str:
    return str(folder / name) if name else ""

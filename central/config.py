"""central.toml: what one central server is told about itself.

Owns the file's keys, their defaults and their errors. A key that is not known here is an error,
because a setting that is silently ignored is worse than a server that does not start. Secrets are
never in this file; `keys.py` owns them.
"""

import difflib
import tomllib
import typing
import zoneinfo
from pathlib import Path

import msgspec
from msgspec import Struct, structs
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

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
    workers: int = 1
    threads: int = 16
    request_bytes_max: int = 2 * 1024 * 1024


class DeskPrinter(Struct, frozen=True, forbid_unknown_fields=True):
    """The service desk's printer: `HOST:PORT` or the path of a device file; empty is none."""

    address: str = ""
    columns: int = 48
    dots: int = 576
    encoding: typing.Literal["gb18030", "gbk", "utf-8"] = "gb18030"
    kanji_mode: bool = False
    has_cutter: bool = True
    feed_lines: int = 4
    timeout_s: float = 5.0

    def profile(self) -> PrinterProfile:
        """What the encoder must know about this printer."""
        return PrinterProfile(
            columns=self.columns,
            dots=self.dots,
            encoding=self.encoding,
            kanji_mode=self.kanji_mode,
            has_cutter=self.has_cutter,
            feed_lines=self.feed_lines,
        )


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """One programme's central server. Paths are absolute once `load` has returned it."""

    programme: str
    zone: str = "Asia/Shanghai"
    shard_key: int = 1
    keys_file: str = "central.keys"
    database: Database = Database()
    server: Server = Server()
    desk_printer: DeskPrinter = DeskPrinter()

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
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    try:
        _refuse_unknown(given, Config, ())
        config = msgspec.convert(given, type=Config)
        _check(config)
    except (ConfigError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return _beside(config, path.absolute().parent)


def _refuse_unknown(given: dict[str, object], spec: type[Struct], above: tuple[str, ...]) -> None:
    known = {field.name: field.type for field in structs.fields(spec)}
    for key, value in given.items():
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
            raise ConfigError(f"{'.'.join((*above, key))}: there is no such key; {hint}")
        inner = known[key]
        if isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, Struct):
            _refuse_unknown(value, inner, (*above, key))


def _check(config: Config) -> None:
    """Refuse what types cannot."""
    if not config.programme.strip():
        raise ConfigError("programme: the programme needs a name")
    if config.zone not in zoneinfo.available_timezones():
        raise ConfigError(f"zone: {config.zone!r} is not a time zone such as 'Asia/Shanghai'")
    try:
        backend = config.database.parsed.get_backend_name()
    except ArgumentError as error:
        raise ConfigError(f"database.url: {error}") from error
    if backend not in ("sqlite", "postgresql"):
        raise ConfigError(f"database.url: {backend!r} is neither sqlite nor postgresql")
    if backend == "sqlite" and not config.database.parsed.database:
        raise ConfigError("database.url: a ledger in memory would be lost; name a file")
    if backend == "sqlite" and config.server.workers != 1:
        raise ConfigError("server.workers: SQLite has one writing process, so this must be 1")
    _check_ranges(config)
    for key, address in (
        ("server.listen", config.server.listen),
        ("desk_printer.address", config.desk_printer.address),
    ):
        if address and not address.startswith("/"):
            try:
                split_address(address)
            except ValueError as error:
                raise ConfigError(f"{key}: {error}") from error


def _check_ranges(config: Config) -> None:
    for key, value, least, most in (
        ("shard_key", config.shard_key, 1, 2**62),
        ("server.workers", config.server.workers, 1, 64),
        ("server.threads", config.server.threads, 1, 512),
        ("server.request_bytes_max", config.server.request_bytes_max, 65536, 2**30),
        ("desk_printer.columns", config.desk_printer.columns, 24, 64),
        ("desk_printer.dots", config.desk_printer.dots, 192, 1024),
        ("desk_printer.feed_lines", config.desk_printer.feed_lines, 0, 20),
        ("desk_printer.timeout_s", config.desk_printer.timeout_s, 0.1, 120),
    ):
        if not least <= value <= most:
            raise ConfigError(f"{key}: {value} is not between {least} and {most}")


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
    return structs.replace(
        config, database=database, keys_file=str(folder / config.keys_file)
    )

"""How commands get at central: its `--config` option, and its errors as exit codes."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click
import structlog
from sqlalchemy.exc import OperationalError

from central.app import NotSetUp, Parts, open_parts
from central.config import Config, ConfigError, load
from central.database import WriterBusy
from central.keys import KeysError
from tillpoints.exits import ConfigurationFailure, Failure

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_CONFIG = "/etc/tillpoints/central.toml"


def config_option(command: F) -> F:
    """Give a command `--config`, the path of central.toml, as its argument `config`."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        default=DEFAULT_CONFIG,
        show_default=True,
        envvar="TILLPOINTS_CENTRAL_CONFIG",
        help="The server's central.toml.",
    )(command)


def lang_option(command: F) -> F:
    """Give a command `--lang`, the language that it answers in, as its argument `lang`."""
    return click.option(
        "--lang",
        type=click.Choice(["zh", "en"]),
        default="zh",
        show_default=True,
        help="The language of the answer.",
    )(command)


def json_option(command: F) -> F:
    """Give a command `--json` as its argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object.")(command)


def load_config(path: Path) -> Config:
    """Return the configuration, or exit 3 saying what is wrong with it.

    From then on the log goes to standard error: a command's output is its answer alone.
    """
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    try:
        return load(path)
    except ConfigError as error:
        raise ConfigurationFailure(str(error)) from error


@contextmanager
def central(path: Path) -> Iterator[Parts]:
    """Open central's parts for one command: exit 3 if they cannot be, 1 if another one writes."""
    config = load_config(path)
    try:
        parts = open_parts(config)
    except (KeysError, NotSetUp) as error:
        raise ConfigurationFailure(str(error)) from error
    except OperationalError as error:
        raise ConfigurationFailure(f"database: {error.orig}") from error
    try:
        yield parts
    except (WriterBusy, KeysError) as error:
        raise Failure(str(error)) from error
    finally:
        parts.close()


def local_time(moment_ms: int | None, zone: ZoneInfo) -> str:
    """Return a moment (ms UTC) as the mall's clocks show it; nothing for None."""
    if moment_ms is None:
        return ""
    return datetime.fromtimestamp(moment_ms / 1000, tz=zone).strftime("%Y-%m-%d %H:%M")

"""Which journal a command is about: `--state DIR`, or the one that `--config FILE` names."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from edge_agent.journal.reader import Reader
from tillpoints.exits import ConfigurationFailure

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def state_options(command: CommandT) -> CommandT:
    """Add the options that `state_folder` understands."""
    folder = click.Path(path_type=Path, file_okay=False)
    file = click.Path(path_type=Path, dir_okay=False)
    state = click.option("--state", type=folder, help="Folder that holds journal.sqlite.")
    config = click.option("--config", type=file, help="The agent's configuration, agent.toml.")
    return state(config(command))


def state_folder(state: Path | None, config: Path | None) -> Path:
    """Return the folder of the journal that was meant.

    Raises UsageError unless exactly one option is given, ConfigurationFailure for a bad file.
    """
    if (state is None) == (config is None):
        raise click.UsageError("name the journal by --state DIR or by --config FILE")
    if state is not None:
        return state
    from edge_agent.config import ConfigError, load

    assert config is not None
    try:
        return load(config).state_path
    except ConfigError as error:
        raise ConfigurationFailure(str(error)) from error


def open_reader(state: Path | None, config: Path | None) -> Reader:
    """Open the journal that was meant, for reading. Raises ConfigurationFailure without one."""
    try:
        return Reader(state_folder(state, config))
    except FileNotFoundError as error:
        raise ConfigurationFailure(str(error)) from error

"""`tillpoints tap`: the process between a POS and its printer."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from tillpoints.exits import ConfigurationFailure, DeviceFailure


@click.group()
def command() -> None:
    """Run the tap: pass every byte on between POS and printer, and keep a copy."""


@command.command()
@click.option(
    "--config",
    "config_file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The tap's TOML file; it may name several printers.",
)
def run(config_file: Path) -> None:
    """Serve the configured printers until SIGTERM.

    What is missing at the start (printer, disk, listening address) is tried again for as long as it
    takes; the heartbeat file in each spool says how it stands. Exits with 4 at once if another tap
    serves one of the spools.
    """
    from edge_agent.devices.tap.config import ConfigError, load
    from edge_agent.devices.tap.one_at_a_time import AnotherTapError
    from edge_agent.devices.tap.run import run_taps

    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    try:
        configs = load(config_file)
    except ConfigError as error:
        raise ConfigurationFailure(str(error)) from error
    try:
        run_taps(configs)
    except AnotherTapError as error:
        raise DeviceFailure(str(error)) from error

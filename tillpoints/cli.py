"""The `tillpoints` command: finds a subcommand and hands over.

A subcommand's module is imported only when it is used, because a slow till pays for every import:
`tillpoints --help` must never load Flask or SQLAlchemy.
"""

import importlib

import click

# Name -> the line that `tillpoints --help` shows; the code is in tillpoints/commands/<name>.py.
COMMANDS = {
    "agent": "Run the edge agent of a till or kiosk.",
    "bench": "Our figures beside a peer's or the machine's limit, as ratios.",
    "central": "The mall's server: set up, serve, import, statements, ledger checks.",
    "codes": "Read the codes in pictures: one JSON line per file.",
    "demo": "The whole story on one machine with virtual devices.",
    "devices": "What is plugged in, lines for agent.toml, tests, scanner set-up.",
    "doctor": "What is missing on this machine, and the package that brings it.",
    "fleet": "Enrol tills and kiosks, and list them.",
    "journal": "Show and verify a till's journal.",
    "queue": "What a till still has to send.",
    "read": "Read print jobs: one JSON line per file.",
    "rules": "A rule book before it goes live: its mistakes, what it changes, a trial.",
    "simulate": "The ledger under simulated faults, by seeds that can be run again.",
    "tap": "Run the tap between a POS and its printer.",
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and imports one only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every subcommand, in the order of `--help`."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the subcommand, or answer None when there is none of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"tillpoints.commands.{cmd_name}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"tillpoints.commands.{cmd_name}.command is not a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of subcommands without importing any of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tillpoints")
def main() -> None:
    """Mall loyalty points at the till, that keep working when the network does not.

    Exit codes: 0 ok, 1 failure, 2 usage, 3 configuration, 4 device, 5 sync.
    """

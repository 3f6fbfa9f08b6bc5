import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import tillpoints.commands
from tillpoints import exits
from tillpoints.cli import COMMANDS, main


def every_command(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in command.list_commands(ctx):
            child = command.get_command(ctx, name)
            assert child is not None
            yield from every_command(child, (*path, name))


def find(path: tuple[str, ...]) -> click.Command:
    command: click.Command = main
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    return command


def test_the_table_of_commands_names_exactly_the_modules_that_exist():
    folder = Path(tillpoints.commands.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert set(COMMANDS) == modules | packages


def test_help_lists_every_command_without_importing_any():
    program = """
import sys
from tillpoints.cli import main
main(["--help"], standalone_mode=False)
heavy = {"alembic", "escpos", "flask", "loyalty", "requests", "sqlalchemy"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else 0)
"""
    seen = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert seen.returncode == 0, seen.stderr
    for name, line in COMMANDS.items():
        assert f"  {name} " in seen.stdout
        assert line.split()[0] in seen.stdout


@pytest.mark.parametrize("path", list(every_command(main, ())), ids=" ".join)
def test_every_command_and_every_option_has_help(path):
    answer = CliRunner().invoke(main, [*path, "--help"])
    assert answer.exit_code == 0, answer.output
    command = find(path)
    assert command.help, "the command has no help"
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{parameter.opts} has no help"


def test_an_unknown_command_is_a_usage_error():
    answer = CliRunner().invoke(main, ["nonsense"])
    assert answer.exit_code == 2
    assert "nonsense" in answer.output


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (exits.Failure, 1),
        (exits.ConfigurationFailure, 3),
        (exits.DeviceFailure, 4),
        (exits.SyncFailure, 5),
    ],
)
def test_a_command_that_fails_exits_with_the_code_of_its_kind(failure, code):
    @click.command()
    def command() -> None:
        raise failure("what and where")

    answer = CliRunner().invoke(command)
    assert answer.exit_code == code
    assert "what and where" in answer.output

import socket

import pytest
from click.testing import CliRunner

from tillpoints.cli import main


def demo(*arguments):
    return CliRunner().invoke(main, ["demo", *arguments])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--json",), "--json goes with --once or --storm"),
        (("--once", "--storm"), "--once or --storm, not both"),
    ],
)
def test_options_that_make_no_sense_together_are_usage_errors(arguments, said):
    done = demo(*arguments)
    assert done.exit_code == 2
    assert said in done.output


def test_a_folder_with_something_in_it_is_not_written_over(tmp_path):
    (tmp_path / "precious").write_text("mine")
    done = demo("--once", "--keep", str(tmp_path))
    assert done.exit_code == 2
    assert "the folder is not empty" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_a_port_that_is_taken_is_said_before_anything_is_started():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = demo("--no-open", "--port", str(port))
    assert done.exit_code == 1
    assert f"--port {port}" in done.output

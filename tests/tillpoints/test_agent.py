"""`tillpoints agent` where it cannot do what it is asked."""

from click.testing import CliRunner

from tests.edge_agent.journal.conftest import open_till
from tillpoints.cli import main
from tillpoints.exits import ConfigurationFailure, Failure

CONFIG = 'state = "state"\n[central]\nurl = "http://127.0.0.1:9"\n'
PRINTER = '[printer]\nkind = "network"\naddress = "127.0.0.1:9100"\n'


def agent(folder, text, *arguments):
    (folder / "agent.toml").write_text(text, encoding="utf-8")
    words = ("agent", *arguments, "--config", str(folder / "agent.toml"))
    return CliRunner().invoke(main, words)


def test_enrolling_beside_a_running_agent_says_to_stop_it_first(tmp_path):
    with open_till(tmp_path / "state"):
        answer = agent(tmp_path, CONFIG + PRINTER, "enrol", "--code", "C")
    assert answer.exit_code == Failure.exit_code
    assert "stop the agent first" in answer.output


def test_every_mistake_of_the_settings_is_said_at_once(tmp_path):
    answer = agent(tmp_path, CONFIG + "[[hid_scanner]]\n", "run")
    assert answer.exit_code == ConfigurationFailure.exit_code
    assert "there is no [[tap]]" in answer.output
    assert "hid_scanner[0] takes any keyboard" in answer.output

import json
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from edge_agent.journal.file.database import FILE
from tests.edge_agent.journal.conftest import WANG, lend, open_till, redeem, sale
from tillpoints.cli import main


def run(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def state(tmp_path):
    with open_till(tmp_path / "state") as till:
        till.append([sale(1, WANG, 100), lend(till, redeem("VABCDEFGHIJK1234"))])
    return tmp_path / "state"


def test_a_sound_journal_verifies(state):
    answer = run("journal", "verify", "--state", state)
    assert (answer.exit_code, answer.output.startswith("2 events, epoch 1, head 2")) == (0, True)
    told = json.loads(run("journal", "verify", "--json", "--state", state).stdout)
    assert (told["ok"], told["events"], told["problems"]) == (True, 2, [])


def test_a_changed_journal_exits_1_and_names_the_event(state):
    with closing(sqlite3.connect(state / FILE)) as db:
        db.execute("DROP TRIGGER event_is_never_changed")
        db.execute("UPDATE event SET kind = 4 WHERE seq = 1")
        db.commit()
    answer = run("journal", "verify", "--json", "--state", state)
    assert answer.exit_code == 1
    assert json.loads(answer.stdout)["problems"][0] == "epoch 1: event 1 was changed"


def test_a_damaged_file_exits_1_in_a_sentence(state):
    (state / FILE).write_bytes(b"not a database" * 1000)
    answer = run("journal", "verify", "--state", state)
    assert answer.exit_code == 1
    assert "damaged" in answer.output


def test_events_are_shown_while_the_agent_writes_and_vouchers_only_by_their_end(state):
    with open_till(state) as till:
        answer = run("journal", "show", "--json", "--state", state)
        till.append([sale(2)])
    events = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [event["kind"] for event in events] == ["Sale", "Redeem"]
    assert events[1]["body"]["voucher_code"] == "************1234"
    assert "VABCDEFGHIJK" not in run("journal", "show", "--state", state).output


def test_a_part_of_the_journal_is_shown(state):
    shown = run("journal", "show", "--json", "--after", 1, "--limit", 5, "--state", state).stdout
    assert [json.loads(line)["seq"] for line in shown.splitlines()] == [2]


@pytest.mark.parametrize("command", [("journal", "verify"), ("journal", "show"), ("queue", "list")])
def test_a_folder_without_a_journal_is_a_configuration_error(tmp_path, command):
    answer = run(*command, "--state", tmp_path / "nowhere")
    assert answer.exit_code == 3
    assert "no journal at" in answer.output


def test_which_journal_must_be_said_exactly_once(state):
    assert run("journal", "verify").exit_code == 2
    answer = run("journal", "verify", "--state", state, "--config", state / "agent.toml")
    assert answer.exit_code == 2


def test_the_configuration_of_the_agent_names_the_journal(state):
    config = state.parent / "agent.toml"
    central = '[central]\nurl = "http://127.0.0.1:9"\n'
    printer = '[printer]\nkind = "network"\naddress = "127.0.0.1:9100"\n'
    config.write_text(f'state = "state"\n{central}{printer}')
    assert run("journal", "verify", "--config", config).exit_code == 0
    config.write_text("state = 7")
    assert run("journal", "verify", "--config", config).exit_code == 3

import base64
import json
import stat

import pytest
from click.testing import CliRunner

from edge_agent.journal.journal import Journal
from loyalty.chain import Frame, event_hash
from loyalty.events import body_of
from tests.edge_agent.journal.conftest import STREAM, WANG, enrolment, open_till, sale
from tillpoints.cli import main


def run(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def state(tmp_path):
    with open_till(tmp_path / "state") as till:
        for number in range(25):
            till.append([sale(number, WANG, 1)])
        till.refused("fork")
    return tmp_path / "state"


def test_the_queue_is_listed_with_the_reason_why_it_stands_still(state):
    told = json.loads(run("queue", "list", "--json", "--state", state).stdout)
    assert (told["device"], told["depth"], told["acked_seq"]) == ("till-1", 25, 0)
    assert told["refused"] == "fork"
    assert told["events"][0] == {"epoch": 1, "seq": 1, "kind": "Sale"}
    shown = run("queue", "list", "--state", state).output
    assert "25 events to send" in shown
    assert "fork" in shown
    assert "… and 5 more" in shown


def test_a_device_that_is_not_enrolled_has_an_empty_queue(tmp_path):
    Journal.open(tmp_path).close()
    told = json.loads(run("queue", "list", "--json", "--state", tmp_path).stdout)
    assert (told["device"], told["depth"]) == (None, 0)
    assert run("queue", "export", "--state", tmp_path, "--out", tmp_path / "x").exit_code == 1


def test_an_export_holds_the_exact_bytes_and_proves_itself(state):
    out = state.parent / "queue.jsonl"
    answer = run("queue", "export", "--json", "--state", state, "--out", out)
    assert json.loads(answer.stdout) == {"file": str(out), "events": 25}
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    prev_hash = enrolment().anchor
    for number, line in enumerate(out.read_text().splitlines()):
        event = json.loads(line)
        frame = Frame(event["kind"], event["kind_version"], base64.b64decode(event["body"]))
        prev_hash = event_hash(STREAM, event["seq"], prev_hash, frame)
        assert prev_hash.hex() == event["hash"]
        assert body_of(frame) == sale(number, WANG, 1)


def test_an_export_never_overwrites_a_file(state, tmp_path):
    out = tmp_path / "there"
    out.write_text("mine")
    assert run("queue", "export", "--state", state, "--out", out).exit_code == 1
    assert out.read_text() == "mine"


def test_a_retry_without_a_network_is_a_sync_failure(state):
    answer = run("queue", "retry", "--state", state)
    assert answer.exit_code == 5
    assert "unreachable" in answer.output


def test_a_retry_leaves_a_running_agent_alone(state):
    with open_till(state):
        answer = run("queue", "retry", "--state", state)
    assert answer.exit_code == 1
    assert "running" in answer.output


def test_a_retry_before_enrolment_says_so(tmp_path):
    Journal.open(tmp_path).close()
    answer = run("queue", "retry", "--state", tmp_path)
    assert answer.exit_code == 5
    assert "not enrolled" in answer.output

import json

from click.testing import CliRunner

from tests.edge_agent.journal.conftest import WANG, sale
from tillpoints.cli import main


def test_a_stopped_tills_queue_is_sent_by_hand(till, central):
    for number in range(250):
        till.append([sale(number, WANG, 1)])
    till.close()
    state = str(till.directory)
    answer = CliRunner().invoke(main, ["queue", "retry", "--json", "--state", state])
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout)["queue"] == 0
    assert len(central.frames) == 250

import stat

import pytest

from edge_agent.journal.identity import KEY_FILE, device_key
from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Offline, Refused
from edge_agent.sync.enrol import enrol
from edge_agent.sync.transport import HttpTransport
from tests.edge_agent.journal.conftest import DEVICE
from tests.edge_agent.sync.conftest import CODE


def test_a_code_buys_an_identity_and_a_key_that_only_its_owner_reads(blank, transport, url):
    identity = enrol(blank, transport, url=url, code=CODE)
    assert (identity.device_id, identity.name, identity.central_url) == (DEVICE, "till-1", url)
    assert blank.identity() == identity
    mode = (blank.directory / KEY_FILE).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_lost_answer_is_asked_for_again_by_the_same_device(blank, transport, central, url):
    central.lose_replies = 1
    assert isinstance(enrol(blank, transport, url=url, code=CODE), Offline)
    assert blank.identity() is None
    assert enrol(blank, transport, url=url, code=CODE).device_id == DEVICE


def test_a_wrong_code_is_refused_with_the_reason_of_central(blank, transport, url):
    refused = enrol(blank, transport, url=url, code="WRONG")
    assert isinstance(refused, Refused)
    assert (refused.status, refused.code) == (403, "code")
    assert blank.identity() is None


def test_without_a_network_it_says_so(blank):
    nowhere = HttpTransport("http://127.0.0.1:9")
    assert isinstance(enrol(blank, nowhere, url="x", code=CODE), Offline)
    nowhere.close()


def test_the_key_stays_the_same_over_restarts(tmp_path, transport, central, url):
    for _ in range(2):
        with Journal.open(tmp_path) as journal:
            assert enrol(journal, transport, url=url, code=CODE).device_id == DEVICE


@pytest.mark.parametrize("left", [b"", b"x" * 31])
def test_a_damaged_key_is_set_aside_and_stops_no_till(blank, transport, url, caplog, left):
    enrol(blank, transport, url=url, code=CODE)
    (blank.directory / KEY_FILE).write_bytes(left)
    made = device_key(blank.directory)
    assert device_key(blank.directory).private_bytes_raw() == made.private_bytes_raw()
    assert (blank.directory / f"{KEY_FILE}.damaged").read_bytes() == left
    assert "is damaged" in caplog.text


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_in_the_environment_is_not_asked(blank, url, monkeypatch, variable):
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    transport = HttpTransport(url)
    assert enrol(blank, transport, url=url, code=CODE).name == "till-1"
    transport.close()

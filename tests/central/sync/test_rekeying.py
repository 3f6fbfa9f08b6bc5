"""A device takes a new key: its old one opens nothing, and its chain goes on."""

import stat

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central import schema
from edge_agent.journal.errors import NotEnrolled
from edge_agent.journal.identity import KEY_FILE, NEXT_KEY_FILE, device_key
from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Offline, Reply
from edge_agent.sync.rekey import rekey
from loyalty import wire
from loyalty.rekeying import REKEY_PATH, RekeyRequest, rekey_message
from tests.central.commands.conftest import mall, sqlite_mall  # noqa: F401
from tests.central.programme import member
from tests.central.serving.process import serving
from tests.edge_agent.journal.conftest import at
from tillpoints.cli import main

NEW = Ed25519PrivateKey.from_private_bytes(b"n" * 32)
PUBLIC = NEW.public_key().public_bytes_raw()


class Line:
    """Carries a till's calls into a programme; `loses` so many of its answers."""

    def __init__(self, programme, loses=0):
        self.programme = programme
        self.loses = loses

    def post(self, path, headers, body):
        answer = self.programme.client.post(path, data=body, headers=headers)
        if self.loses:
            self.loses -= 1
            return Offline("timeout", "lost")
        return Reply(answer.status_code, answer.data, 0.01)


@pytest.fixture
def journal(programme, tmp_path):
    """The journal of the programme's till, with the key that central knows."""
    (tmp_path / KEY_FILE).write_bytes(programme.till.key.private_bytes_raw())
    with Journal.open(tmp_path, clock=at) as journal:
        journal.enrol(programme.till.enrolled, "http://127.0.0.1:9")
        yield journal


def goes_on_with(programme, key):
    """Sell with a key; tell whether central takes it."""
    till = programme.till
    till.key = key
    till.write(till.sale(member()))
    status, _ = till.call(wire.PUSH_PATH, till.request())
    if status == 200:
        till.acked = len(till.frames)
    return status == 200


def test_the_chain_goes_on_with_the_new_key_and_never_with_the_old(programme, journal):
    till, old = programme.till, programme.till.key
    till.push(till.sale(member()))
    assert rekey(journal, Line(programme)) is None
    new = device_key(journal.directory)
    assert new.private_bytes_raw() != old.private_bytes_raw()
    assert not (journal.directory / NEXT_KEY_FILE).exists()
    assert stat.S_IMODE((journal.directory / KEY_FILE).stat().st_mode) == 0o600
    assert goes_on_with(programme, new)
    assert not goes_on_with(programme, old)
    (stream,) = [row for row in programme.rows(schema.stream) if row.device_id == till.id]
    assert (stream.epoch, stream.head_seq) == (1, 2)
    programme.check()


def test_a_lost_answer_leaves_neither_side_without_a_key(programme, journal):
    old = programme.till.key
    assert isinstance(rekey(journal, Line(programme, loses=1)), Offline)
    assert device_key(journal.directory).private_bytes_raw() == old.private_bytes_raw()
    assert rekey(journal, Line(programme)) is None
    assert goes_on_with(programme, device_key(journal.directory))


def test_a_code_that_was_used_is_still_this_device_s(programme, journal):
    assert rekey(journal, Line(programme)) is None
    till = programme.till
    till.key = device_key(journal.directory)
    before = till.enrolled
    till.enrol("CODE-till-1")
    assert till.enrolled == before


@pytest.mark.parametrize(
    "proof",
    [b"", NEW.sign(b"something else"), NEW.sign(rekey_message(b"x" * 16, PUBLIC))],
)
def test_nobody_takes_a_key_that_is_not_theirs(programme, proof):
    assert programme.till.call(REKEY_PATH, RekeyRequest(PUBLIC, proof))[0] == 400
    assert goes_on_with(programme, programme.till.key)


def test_nobody_changes_the_key_of_another(programme):
    proof = NEW.sign(rekey_message(programme.till.id, PUBLIC))
    message = RekeyRequest(PUBLIC, proof)
    headers = programme.till.headers(REKEY_PATH, wire.pack(message), key=programme.other.key)
    assert programme.post(REKEY_PATH, message, headers)[0] == 401


def test_before_enrolment_there_is_no_key_to_change(programme, tmp_path):
    with Journal.open(tmp_path / "fresh") as journal, pytest.raises(NotEnrolled):
        rekey(journal, Line(programme))


def test_the_command_changes_the_key_over_the_network(mall, tmp_path):  # noqa: F811
    words = ("--name", "till-9", "--role", "till", "--shop", "helu")
    code = mall.json("fleet", "enrol", *words)["code"]
    with serving(mall) as (_, url):
        config = tmp_path / "agent.toml"
        config.write_text(f"state = 'state'\n[central]\nurl = '{url}'\n[[tap]]\nspool = 'spool'\n")
        run = CliRunner().invoke
        assert run(main, ["agent", "enrol", "--config", str(config), "--code", code]).exit_code == 0
        before = (tmp_path / "state" / KEY_FILE).read_bytes()
        for _ in range(2):
            said = run(main, ["agent", "rotate-key", "--config", str(config)])
            assert (said.exit_code, said.output) == (0, "this device has a new key\n")
        assert (tmp_path / "state" / KEY_FILE).read_bytes() != before

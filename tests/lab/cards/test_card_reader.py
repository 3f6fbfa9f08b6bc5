"""Cards on a PC/SC reader, through Debian's own daemon and its virtual readers."""

import logging
import queue

import pytest

from edge_agent.devices.cards.config import CardReader
from edge_agent.devices.cards.pcsc import CardError, Watched, smart_cards
from edge_agent.devices.cards.reader import CardScanner
from edge_agent.devices.ports import NotTaken, Scanned
from edge_agent.devices.virtual.card import VirtualCard
from tests.edge_agent.devices.conftest import wait_for
from tests.lab.cards.daemon import Daemon, missing

WAIT_S = 20.0
FIRST, SECOND = "Virtual PCD 00 00", "Virtual PCD 00 01"
MEMBER = bytes.fromhex("04A1B2C3D4E5F6")

LACKING = missing()
pytestmark = pytest.mark.skipif(bool(LACKING), reason=f"needs {LACKING}")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Where the daemon answers: the library looks that up once for each process."""
    daemon = Daemon(tmp_path_factory.mktemp("cards"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PCSCLITE_CSOCK_NAME", str(daemon.socket))
        yield daemon


@pytest.fixture
def daemon(place):
    place.start()
    yield place
    place.stop()


@pytest.fixture
def messages():
    return queue.Queue(100)


@pytest.fixture
def read(messages):
    reading = []

    def start(**settings):
        scanner = CardScanner(CardReader(**settings), messages)
        reading.append(scanner)
        scanner.start()
        return scanner

    yield start
    for scanner in reading:
        scanner.stop()


def lay(daemon, uid, *, slot=0, mute=False):
    return VirtualCard(uid, daemon.port + slot, mute=mute)


def test_each_card_that_is_shown_is_a_scan(daemon, read, messages):
    scanner = read(reader=FIRST, name="desk")
    wait_for(lambda: scanner.connected)
    for uid in (MEMBER, bytes.fromhex("0D6F6C3A")):
        with lay(daemon, uid):
            scan = messages.get(timeout=WAIT_S)
            assert isinstance(scan, Scanned)
            assert (scan.text, scan.source) == (uid.hex().upper(), "desk")
    assert messages.empty()


def test_a_card_that_lies_there_at_the_start_is_read_and_only_once(daemon, read, messages):
    wait_for(daemon.answers)
    with lay(daemon, MEMBER):
        read(reader=FIRST)
        assert messages.get(timeout=WAIT_S).text == MEMBER.hex().upper()
        with pytest.raises(queue.Empty):
            messages.get(timeout=1.0)


def test_numbers_are_kept_as_on_the_malls_other_readers(daemon, read, messages):
    scanner = read(reader=FIRST, kept_as="8h10d")
    wait_for(lambda: scanner.connected)
    with lay(daemon, bytes.fromhex("026F6C3A")):
        assert messages.get(timeout=WAIT_S).text == "0040856634"


@pytest.mark.parametrize(
    ("uid", "mute", "why"),
    [("08A1B2C3", False, "card_random"), ("04A1B2C3D4E5F6", True, "card_unread")],
)
def test_a_phone_and_a_card_that_does_not_answer_are_refused_in_words(
    daemon, read, messages, uid, mute, why
):
    scanner = read(reader=FIRST, name="desk")
    wait_for(lambda: scanner.connected)
    with lay(daemon, bytes.fromhex(uid), mute=mute):
        assert messages.get(timeout=WAIT_S) == NotTaken(why, "desk")


def test_two_readers_are_never_mixed(daemon, read, messages):
    scanners = [read(reader=FIRST, name="left"), read(reader=SECOND, name="right")]
    wait_for(lambda: all(scanner.connected for scanner in scanners))
    other = bytes.fromhex("04FFEEDDCCBBAA")
    with lay(daemon, MEMBER), lay(daemon, other, slot=1):
        scans = [messages.get(timeout=WAIT_S) for _ in range(2)]
    assert {(scan.source, scan.text) for scan in scans} == {
        ("left", MEMBER.hex().upper()),
        ("right", other.hex().upper()),
    }


def test_of_two_equal_readers_none_is_taken_unless_it_is_named(daemon, read, caplog):
    wait_for(daemon.answers)
    scanner = read(reader="Virtual")
    wait_for(lambda: "2 readers are plugged in: name one" in caplog.text)
    assert not scanner.connected


def test_a_daemon_that_is_started_again_is_missed_once_and_found(place, read, messages, caplog):
    caplog.set_level(logging.INFO)
    place.start()
    try:
        scanner = read(reader=FIRST, name="desk")
        wait_for(lambda: scanner.connected)
        place.stop()
        wait_for(lambda: not scanner.connected)
        place.start()
        wait_for(lambda: scanner.connected)
        with lay(place, MEMBER):
            assert messages.get(timeout=WAIT_S).text == MEMBER.hex().upper()
        said = [record.getMessage() for record in caplog.records if "desk" in record.getMessage()]
    finally:
        place.stop()
    # It may have been asked before it answered for the first time.
    assert said[-2].startswith("scanner desk cannot be read: the smart-card daemon")
    assert said[-1] == "scanner desk is back"
    assert len(said) in {2, 4}


def test_a_reader_that_is_not_plugged_in_is_waited_for(place, read, messages, caplog):
    place.start(plugged=False)
    try:
        wait_for(place.answers)
        scanner = read(reader=FIRST)
        wait_for(lambda: "it is not plugged in" in caplog.text)
        assert not scanner.connected
    finally:
        place.stop()


def test_without_a_daemon_the_command_that_brings_it_is_named(place, read, caplog):
    scanner = read(reader=FIRST)
    wait_for(lambda: "systemctl start pcscd.socket" in caplog.text)
    assert not scanner.connected


def test_card_numbers_are_never_logged(daemon, read, messages, caplog):
    caplog.set_level(logging.DEBUG)
    scanner = read(reader=FIRST)
    wait_for(lambda: scanner.connected)
    with lay(daemon, MEMBER):
        messages.get(timeout=WAIT_S)
    assert MEMBER.hex() not in caplog.text.lower()


def test_a_reader_that_is_not_there_any_more_is_an_outage_and_its_return_none(
    place, read, messages
):
    place.start()
    try:
        scanner = read(reader=FIRST)
        wait_for(lambda: scanner.connected)
        place.stop()
        place.start(plugged=False)
        wait_for(lambda: not scanner.connected)
        place.stop()
        place.start()
        wait_for(lambda: scanner.connected)
        with lay(place, MEMBER):
            assert messages.get(timeout=WAIT_S).text == MEMBER.hex().upper()
    finally:
        place.stop()


def test_a_reader_that_the_daemon_does_not_know_was_unplugged(daemon):
    wait_for(daemon.answers)
    with smart_cards() as cards, pytest.raises(CardError, match="it was unplugged"):
        cards.wait(Watched("Gone 00 00"), 0.1)

"""The tap's small decisions: parts, mere questions, answers of ours, loans, configuration."""

import ipaddress
import re
import time
from importlib.resources import files

import pytest
from click.testing import CliRunner

from edge_agent.devices.job_file import Moment
from edge_agent.devices.tap.answers import Answers, Kind
from edge_agent.devices.tap.config import ConfigError, _File, load
from edge_agent.devices.tap.copying import PART_BYTES_MAX, Begun, Copying
from edge_agent.devices.tap.door import admits
from edge_agent.devices.tap.loan import Line, Loan
from edge_agent.devices.tap.loop import Loop
from edge_agent.devices.tap.polls import only_polls
from edge_agent.devices.tap.tap import Tap
from loyalty.settings import keys
from tillpoints.cli import main


class Ledger:
    """A sink that remembers jobs in memory."""

    def __init__(self):
        self.heads, self.data, self.tails = [], [], {}
        self.marks = []

    def begin(self):
        self.marks.append("begun")
        return Begun(Moment.now(), len(self.marks) - 1)

    def never_began(self, begun):
        self.marks[begun.mark] = "never began"

    def start_job(self, head, mark):
        self.marks[mark] = "started"
        self.heads.append(head)
        self.data.append(b"")
        return len(self.heads) - 1

    def add(self, job, data):
        self.data[job] += data

    def end_job(self, job, tail):
        self.tails[job] = tail


@pytest.fixture
def sink():
    return Ledger()


@pytest.fixture
def copy(sink):
    return Copying(sink, "counter-1", "c-1")


def test_a_job_is_marked_before_its_first_byte_goes_and_once(copy, sink):
    copy.about_to_send(b"\x10\x04\x01")
    assert sink.marks == []
    copy.about_to_send(b"receipt")
    assert sink.marks == ["begun"]
    copy.about_to_send(b"receipt")
    copy.taken(b"rec")
    copy.about_to_send(b"eipt")
    copy.taken(b"eipt")
    assert sink.marks == ["started"]


def test_a_job_that_never_got_a_byte_out_takes_its_mark_back(copy, sink):
    copy.about_to_send(b"receipt")
    copy.end(untaken=0, why="the printer broke the connection")
    assert sink.marks == ["never began"]
    assert sink.heads == []


def test_a_connection_that_printed_nothing_leaves_no_job(copy, sink):
    copy.silence()
    copy.end(untaken=0, why="")
    assert sink.heads == []


def test_questions_before_a_job_belong_to_it_and_questions_alone_are_dropped(copy, sink):
    copy.taken(b"\x10\x04\x01")
    copy.silence()
    copy.taken(b"\x10\x04\x02")
    copy.taken(b"receipt")
    copy.taken(b"\x10\x04\x04")
    copy.end(untaken=0, why="")
    assert sink.data == [b"\x10\x04\x02receipt\x10\x04\x04"]


def test_a_job_broken_off_counts_what_was_taken_and_says_why(copy, sink):
    copy.taken(b"0123456789")
    copy.end(untaken=4, why="the printer broke the connection")
    tail = sink.tails[0]
    assert (tail.byte_count, tail.complete, tail.last) == (6, False, True)


def test_a_connection_that_breaks_after_a_silence_leaves_an_empty_incomplete_last_part(copy, sink):
    copy.taken(b"receipt")
    copy.silence()
    copy.end(untaken=0, why="broken")
    assert sink.data == [b"receipt", b""]
    assert (sink.tails[0].complete, sink.tails[0].last) == (True, False)
    assert (sink.tails[1].complete, sink.tails[1].last) == (False, True)


def test_an_endless_job_is_cut_into_parts_of_bounded_size(copy, sink):
    piece = b"x" * (PART_BYTES_MAX // 4)
    for _ in range(5):
        copy.taken(piece)
    copy.end(untaken=0, why="")
    assert [len(data) for data in sink.data] == [PART_BYTES_MAX, len(piece)]
    assert [sink.tails[0].last, sink.tails[1].last] == [False, True]


@pytest.mark.parametrize(
    ("data", "asked"),
    [
        (b"\x10\x04\x01", True),
        (b"\x10\x04\x01\x10\x04\x04\x1dr\x01", True),
        (b"\x1dI\x43", True),
        (b"", False),
        (b"\x10\x04", False),
        (b"\x10\x04\x01 ", False),
        (b"\x10\x14\x01\x00\x01", False),
    ],
)
def test_only_whole_status_requests_are_questions(data, asked):
    assert only_polls(data) is asked


def test_our_answers_are_taken_out_and_everything_else_is_the_poss():
    answers = Answers()
    answers.expect(Kind.REAL_TIME)
    answers.expect(Kind.IN_ORDER)
    automatic = b"\x14\x00\x00\x0f"
    assert answers.split(b"\x13" + automatic[:2]) == (b"", b"\x13\x14\x00")
    assert answers.split(automatic[2:] + b"\x12") == (b"\x12", b"\x00\x0f")
    assert answers.owed
    assert answers.split(b"\x11\x00\x00") == (b"\x00", b"\x11\x00")
    assert not answers.owed
    assert answers.split(b"\x12") == (b"", b"\x12")


def test_a_loan_nobody_waits_for_any_more_cannot_be_granted():
    loan = Loan()
    assert loan.wait(0.01) is None
    assert not loan.grant(Line(None))


def test_a_granted_loan_is_received():
    loan = Loan()
    assert loan.grant(Line(None))
    assert loan.wait(1) == Line(None)


@pytest.fixture
def idle_tap(write, sink):
    loop = Loop()
    yield Tap(load(write(GOOD))[0], loop, sink)
    loop.close()


@pytest.mark.parametrize(
    ("printed_before_s", "asked_before_s", "quiet"),
    [(0.5, 0.5, False), (5, 0.1, False), (5, 0.4, True), (0.9, 0.9, True)],
)
def test_a_slip_may_go_after_700_ms_without_printing_and_250_ms_without_questions(
    idle_tap, printed_before_s, asked_before_s, quiet
):
    now_s = time.monotonic()
    idle_tap._last_document_s = now_s - printed_before_s
    idle_tap._last_bytes_s = now_s - asked_before_s
    assert idle_tap.quiet() is quiet


GOOD = {"name": '"c1"', "listen": '"127.0.0.1:9101"', "printer": '"10.0.0.5:9100"', "spool": '"s"'}


@pytest.fixture
def write(tmp_path):
    def write(*entries):
        lines = []
        for entry in entries:
            lines += ["[[tap]]", *(f"{key} = {value}" for key, value in entry.items())]
        path = tmp_path / "tap.toml"
        path.write_text("\n".join(lines))
        return path

    return write


def test_a_config_names_several_printers(write, tmp_path):
    second = GOOD | {"name": '"c2"', "listen": '"[::1]:9102"', "spool": '"/var/s2"', "idle_ms": 900}
    one, two = load(write(GOOD | {"accept_from": '["10.0.0.7", "10.1.0.0/16"]'}, second))
    assert (one.name, one.listen.port, one.printer.host) == ("c1", 9101, "10.0.0.5")
    assert (one.spool, one.idle_ms) == (tmp_path / "s", 700)
    assert [str(network) for network in one.accept_from] == ["10.0.0.7/32", "10.1.0.0/16"]
    assert (two.listen.host, two.idle_ms, str(two.spool)) == ("::1", 900, "/var/s2")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prnter": "1"}, "tap[0].prnter: there is no such key; did you mean 'printer'?"),
        ({"zzz": "1"}, "tap[0].zzz: there is no such key; known are name, listen, printer"),
        ({"printer": '"printer.local:9100"'}, "tap[0].printer 'printer.local:9100'"),
        ({"printer": '"10.0.0.5"'}, "tap[0].printer"),
        ({"listen": '"127.0.0.1:99999"'}, "'99999' is not a port from 1 to 65535"),
        ({"name": '"till 1"'}, "tap[0].name 'till 1'"),
        ({"accept_from": '["10.0.0.7/8"]'}, "tap[0].accept_from"),
        ({"listen": '"0.0.0.0:9100"'}, "is open to the whole network"),
        ({"baud": "1234", "printer": '"/dev/usb/lp0"'}, "tap[0].baud"),
        ({"listen": '"/dev/ttyS1"'}, "is a device where listen is one"),
        ({"watch": '"jobs"'}, "has watch, so it has no listen and no printer"),
        (
            {"listen": '"10.0.0.9:9100"', "printer": '"/dev/usb/lp0"'},
            "name the till's address in accept_from",
        ),
        ({"idle_ms": "1"}, "idle_ms"),
        ({"spool": "5"}, "Expected `str`, got `int`"),
    ],
)
def test_a_wrong_key_is_refused_with_file_key_and_reason(write, change, message):
    path = write(GOOD | change)
    with pytest.raises(ConfigError) as refusal:
        load(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert message in str(refusal.value)
    # What a file of any kind may get wrong, its parser tells in English.
    by_parser = {"prnter", "zzz", "idle_ms"} & {*change} or change == {"spool": "5"}
    assert bool(re.search(r"[\u4e00-\u9fff].* / ", str(refusal.value))) is not bool(by_parser)


@pytest.mark.parametrize("key", ["name", "listen", "spool"])
def test_two_taps_may_not_share_name_address_or_spool(write, key):
    second = GOOD | {"name": '"c2"', "listen": '"127.0.0.1:9102"', "spool": '"s2"'}
    with pytest.raises(ConfigError, match=f"two taps have the same {key}"):
        load(write(GOOD, second | {key: GOOD[key]}))


@pytest.mark.parametrize(
    ("listen", "printer"),
    [
        ("127.0.0.1:9101", "127.0.0.1:9101"),
        ("0.0.0.0:9101", "127.0.0.1:9101"),
        ("[::]:9101", "[::1]:9101"),
        ("/dev/ttyUSB0", "/dev/ttyUSB0"),
    ],
)
def test_a_tap_may_not_print_to_where_a_tap_listens(write, listen, printer):
    entry = GOOD | {"listen": f'"{listen}"', "printer": f'"{printer}"'}
    entry |= {} if "/" in listen else {"accept_from": '["10.0.0.7"]'}
    with pytest.raises(ConfigError, match=r"tap\[0\]\.printer .*is where the tap 'c1' listens"):
        load(write(entry))


@pytest.mark.parametrize(
    ("host", "may"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),  # the same till, at a tap that listens on [::]
        ("::ffff:192.0.3.7", False),
        ("fe80::7%eth0", True),
        ("2001:db8::7", False),
    ],
)
def test_a_till_is_known_by_its_address_however_the_tap_listens(host, may):
    networks = (ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network("fe80::/10"))
    assert admits(networks, host) is may
    assert admits((), host)


@pytest.mark.parametrize("watch", ["spool/c1", "spool/c1/jobs", "spool", "spool/x/.."])
def test_a_tap_may_not_watch_its_own_files_and_its_key(write, watch):
    entry = {"name": '"c1"', "watch": f'"{watch}"', "spool": '"spool/c1"', "deletes": "true"}
    with pytest.raises(ConfigError, match=r"tap\[0\]\.watch .*is where the tap 'c1' keeps"):
        load(write(entry))


def test_the_sample_names_every_key_with_its_default(tmp_path):
    sample = files("firmware_configs").joinpath("tap.toml").read_text("utf-8")
    path = tmp_path / "tap.toml"
    path.write_text(sample)
    plain = load(path)
    whole = re.sub(r"^# (?=\w+ = )", "", sample, flags=re.MULTILINE)
    path.write_text(whole)
    assert load(path) == plain
    named = set(re.findall(r"^(\w+) = ", whole, flags=re.MULTILINE))
    assert named == {key.removeprefix("tap.") for key in keys(_File)}


def test_a_file_that_names_no_tap_or_is_no_toml_is_refused(write, tmp_path):
    with pytest.raises(ConfigError, match="tap"):
        load(write())
    (tmp_path / "tap.toml").write_text("[[tap")
    with pytest.raises(ConfigError, match=r"tap\.toml"):
        load(tmp_path / "tap.toml")


def test_the_command_ends_with_the_configuration_code_for_a_bad_file(tmp_path):
    result = CliRunner().invoke(main, ["tap", "run", "--config", str(tmp_path / "none.toml")])
    assert result.exit_code == 3
    assert "none.toml" in result.output

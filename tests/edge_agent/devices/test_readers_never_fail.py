"""Whatever a cable brings, no reader falls over, keeps it for ever, or answers with more."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.devices.framing import CODE_BYTES_MAX
from edge_agent.devices.hid.cards import CardNumbers, card_number, member_text
from edge_agent.devices.hid.layouts import LAYOUTS
from edge_agent.devices.hid.pos_reports import PosReports
from edge_agent.devices.hid.wedge import Wedge
from edge_agent.devices.setup.grammars import GRAMMARS
from edge_agent.devices.ssi import Packet, Packets, SsiFramer
from edge_agent.devices.virtual.keyboard_scanner import VirtualKeyboardScanner

KEYS = st.lists(st.tuples(st.integers(0, 767), st.integers(-1, 3)))
FORMATS = st.sampled_from(["hex", "8h10d", "6h8d", "2h4h"])


@given(KEYS, st.sampled_from([*LAYOUTS]), st.sampled_from(["gbk", "unicode"]))
def test_any_keys_make_bounded_text_and_leave_the_next_code_whole(keys, layout, alt_codes):
    wedge = Wedge(layout, alt_codes)
    codes = wedge.feed(keys) + wedge.silence()
    assert all(0 < len(code) <= CODE_BYTES_MAX for code in codes)
    # Caps Lock is the one thing that outlives a code, as it does on a keyboard.
    odd = sum(key == (58, 1) for key in keys) % 2
    lock = [(58, 1), (58, 0)] if odd else []
    scanner = VirtualKeyboardScanner(layout=layout, alt_codes=alt_codes)
    assert wedge.feed(lock + scanner.scan("Tpm-18")) == ["Tpm-18"]


@given(st.lists(st.binary(max_size=70)))
def test_any_reports_make_bounded_text(reports):
    for maker in ("common", "newland"):
        reader = PosReports(maker)
        for report in reports:
            assert all(len(code) <= CODE_BYTES_MAX for code in reader.feed(report))


@given(st.lists(st.binary(max_size=300)))
def test_any_bytes_on_an_ssi_line_are_survived(chunks):
    framer = SsiFramer()
    for chunk in chunks:
        assert all(len(text) <= CODE_BYTES_MAX for text in framer.feed(chunk))
    framer.silence()
    code = Packet(0xF3, b"\x03TPM1", source=0).encode()
    assert framer.feed(code)[-1:] == ["TPM1"]


@given(st.integers(0, 255), st.binary(max_size=240), st.integers(0, 255))
def test_an_ssi_packet_is_read_as_it_was_made(opcode, data, status):
    packet = Packet(opcode, data, status)
    assert Packets().feed(packet.encode()) == [packet]


@given(st.binary(max_size=300))
def test_any_answer_to_a_set_up_is_read_or_waited_for(received):
    for grammar in GRAMMARS.values():
        reply = grammar.reply(received, "00")
        assert reply is None or reply.verdict in {"ok", "unknown setting", "bad value"}


@given(st.text(max_size=60), FORMATS, FORMATS)
def test_any_text_of_a_card_reader_is_a_number_or_heard(text, typed, kept):
    assert card_number(text, CardNumbers(typed, kept))
    member_text(text)

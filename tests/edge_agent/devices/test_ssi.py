"""SSI packets, and codes that must be acknowledged."""

import os
import queue
import select

import pytest

from edge_agent.devices import ssi
from edge_agent.devices.serial_lines import Line
from edge_agent.devices.serial_scanner import SerialScanner
from edge_agent.devices.ssi import Packet, Packets, SsiFramer
from edge_agent.devices.virtual.scanner import VirtualScanner

WAIT_S = 20
# The guide's own example: parameter 8A becomes 09, for good.
EXAMPLE = bytes.fromhex("07C60408008A09FE94")


def code(text, status=0):
    return Packet(ssi.DECODE_DATA, b"\x03" + text, status, ssi.DECODER).encode()


def test_the_guide_s_example_is_made_and_read():
    packet = Packet(ssi.PARAM_SEND, bytes([0, 0x8A, 9]), ssi.PERMANENT)
    assert packet.encode() == EXAMPLE
    assert Packets().feed(EXAMPLE) == [packet]


@pytest.mark.parametrize("at", range(1, len(EXAMPLE)))
def test_a_packet_may_be_cut_anywhere(at):
    packets = Packets()
    assert packets.feed(EXAMPLE[:at]) == []
    assert len(packets.feed(EXAMPLE[at:])) == 1


@pytest.mark.parametrize("at", range(1, len(EXAMPLE)))
def test_a_changed_byte_is_found_out(at):
    broken = bytearray(EXAMPLE)
    broken[at] ^= 0x20
    assert [packet.sound for packet in Packets().feed(bytes(broken))] == [False]


def test_a_code_is_acknowledged_and_given_once():
    framer = SsiFramer()
    assert framer.feed(code(b"TPM123")) == ["TPM123"]
    assert framer.answers() == Packet(ssi.ACK).encode()
    assert framer.answers() == b""
    # Our answer was lost: it comes again, is acknowledged again, and is no second scan.
    assert framer.feed(code(b"TPM123", ssi.AGAIN)) == []
    assert framer.answers() == Packet(ssi.ACK).encode()
    # The same card scanned a second time is a second scan.
    assert framer.feed(code(b"TPM123")) == ["TPM123"]


def test_a_code_in_several_packets_is_joined():
    framer = SsiFramer()
    assert framer.feed(code(b"one,", ssi.CONTINUED)) == []
    assert framer.feed(code(b"two")) == ["one,two"]


def test_a_code_whose_further_packets_never_come_is_heard_and_not_glued_to_the_next():
    framer = SsiFramer()
    framer.feed(code(b"one,", ssi.CONTINUED))
    assert [text for _ in range(25) for text in framer.silence()] == ["\N{REPLACEMENT CHARACTER}"]
    assert framer.feed(code(b"two")) == ["two"]


def test_a_broken_packet_is_asked_for_again():
    framer = SsiFramer()
    broken = bytearray(code(b"TPM123"))
    broken[6] ^= 1
    assert framer.feed(bytes(broken)) == []
    assert framer.answers() == Packet(ssi.NAK, bytes([ssi.RESEND])).encode()
    assert framer.feed(code(b"TPM123", ssi.AGAIN)) == ["TPM123"]


def test_a_packet_without_its_rest_is_asked_for_again():
    framer = SsiFramer()
    framer.feed(code(b"TPM123")[:5])
    assert framer.silence() == []
    assert framer.answers() == Packet(ssi.NAK, bytes([ssi.RESEND])).encode()
    assert framer.feed(code(b"TPM123", ssi.AGAIN)) == ["TPM123"]


def test_a_scanner_on_a_line_is_answered(tmp_path, eventually):
    virtual = VirtualScanner(tmp_path / "scanner")
    virtual.plug()
    messages = queue.Queue()
    scanner = SerialScanner("desk", Line(str(virtual.link)), messages, protocol="ssi")
    scanner.start()
    eventually(lambda: scanner.connected)
    for number in range(20):
        os.write(virtual.end, code(b"TPM%d" % number))
        assert messages.get(timeout=WAIT_S).text == f"TPM{number}"
        assert select.select([virtual.end], [], [], WAIT_S)[0]
        assert os.read(virtual.end, 100) == Packet(ssi.ACK).encode()
    scanner.stop()
    virtual.unplug()


def test_a_scanner_that_sends_no_packets_is_heard_and_not_asked_again():
    framer = SsiFramer()
    assert framer.feed(b"6901234567892\r\n") == []
    assert framer.silence() == ["\N{REPLACEMENT CHARACTER}"]
    assert (framer.answers(), framer.silence()) == (b"", [])

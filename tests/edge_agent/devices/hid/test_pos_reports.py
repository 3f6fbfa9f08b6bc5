"""Reports of HID point-of-sale scanners."""

from edge_agent.devices.framing import CODE_BYTES_MAX
from edge_agent.devices.hid.keyboard import GARBLED
from edge_agent.devices.hid.pos_reports import PosReports


def common(data, *, more=False):
    body = data.ljust(56, b"\0") + b"s\0" + bytes([more])
    return bytes([2, len(data)]) + b"]Q0" + body


def newland(data):
    return bytes([2, len(data)]) + data.ljust(56, b"\0") + bytes(6)


def test_a_code_in_one_report_is_read():
    assert PosReports().feed(common(b"TPM123456789018")) == ["TPM123456789018"]
    assert PosReports("newland").feed(newland(b"TPM123456789018\r")) == ["TPM123456789018"]


def test_a_code_in_two_reports_is_joined():
    reports = PosReports()
    assert reports.feed(common(b"x" * 56, more=True)) == []
    assert reports.feed(common(b"yyyy")) == ["x" * 56 + "yyyy"]


def test_chinese_codes_are_read_in_both_encodings():
    for encoding in ("utf-8", "gb18030"):
        assert PosReports().feed(common("会员卡一二三".encode(encoding))) == ["会员卡一二三"]


def test_other_reports_say_nothing():
    assert PosReports().feed(b"\x04" + bytes(63)) == []
    assert PosReports().feed(b"") == []


def test_a_code_whose_rest_never_came_is_heard_and_forgotten():
    reports = PosReports()
    reports.feed(common(b"x" * 56, more=True))
    assert reports.silence() == [GARBLED]
    assert reports.silence() == []
    assert reports.feed(common(b"next")) == ["next"]


def test_a_broken_report_is_heard_and_is_no_code():
    assert PosReports().feed(b"\x02\x10]Q0short") == [GARBLED]
    assert PosReports().feed(bytes([2, 57]) + bytes(62)) == [GARBLED]


def test_a_code_that_never_ends_is_dropped():
    reports = PosReports()
    for _ in range(CODE_BYTES_MAX // 56 + 1):
        assert reports.feed(common(b"9" * 56, more=True)) == []
    assert reports.feed(common(b"9")) == [GARBLED]
    assert reports.feed(common(b"next")) == ["next"]

"""A device may call itself anything; nothing of it breaks a log, a terminal or agent.toml."""

import pytest

from edge_agent.devices.camera import sources
from edge_agent.devices.camera.sources import cameras
from edge_agent.devices.facts import fact, fact_if_any
from edge_agent.devices.suggesting import suggest


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Newland FM430\n", "Newland FM430"),
        ("新大陆 FM430\n".encode(), "新大陆 FM430"),
        (b" POS58 \0\n", "POS58"),
        (b"a\x1b[2Jb\x7f\n[central]\n", "a?[2Jb??[central]"),
        ("扫码".encode()[:-1] + b"\n", "扫\N{REPLACEMENT CHARACTER}"),  # cut off by the kernel
    ],
)
def test_what_a_device_calls_itself_can_be_shown(tmp_path, raw, text):
    (tmp_path / "product").write_bytes(raw)
    assert fact(tmp_path / "product") == text
    text.encode()


def test_a_device_without_such_a_file_says_nothing(tmp_path):
    assert fact_if_any(tmp_path / "serial") == ""
    with pytest.raises(FileNotFoundError):
        fact(tmp_path / "serial")


def test_a_name_with_lines_of_its_own_adds_none_to_agent_toml(tmp_path, monkeypatch):
    entry = tmp_path / "video0"
    (entry / "usb/interface").mkdir(parents=True)
    (entry / "device").symlink_to(entry / "usb/interface")
    (entry / "usb/idVendor").write_text("dead\n")
    (entry / "usb/product").write_text('Cam\n[central]\nurl = "http://evil"\n')
    monkeypatch.setattr(sources, "SYS_CAMERAS", tmp_path)
    lines = suggest(cameras(), {}, {}).splitlines()
    assert lines[0].startswith('# Cam?[central]?url = "http://evil": a camera')
    assert all(line.startswith("#") for line in lines)

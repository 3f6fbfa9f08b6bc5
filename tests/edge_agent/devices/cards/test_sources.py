"""Which card readers the kernel shows."""

from edge_agent.devices.cards import sources
from edge_agent.devices.cards.sources import card_readers
from edge_agent.devices.profiles import printers, scanners
from edge_agent.devices.suggesting import suggest


def test_a_reader_is_told_by_its_class_and_suggested_by_its_profile(tmp_path, monkeypatch):
    usb = tmp_path / "devices" / "1-3"
    for number, kind in enumerate(("0b", "0b", "03")):
        interface = usb / f"1-3:1.{number}"
        interface.mkdir(parents=True)
        (interface / "bInterfaceClass").write_text(f"{kind}\n")
    for name, text in {"idVendor": "072f", "idProduct": "2200", "product": "ACR122U"}.items():
        (usb / name).write_text(f"{text}\n")
    bus = tmp_path / "bus"
    bus.mkdir()
    for entry in (usb, *usb.glob("1-3:*")):
        (bus / entry.name).symlink_to(entry)
    monkeypatch.setattr(sources, "SYS_USB", bus)
    (reader,) = card_readers()
    assert (reader.kind, reader.vid, reader.pid, reader.port) == (
        "smart_card",
        "072f",
        "2200",
        "1-3",
    )
    lines = suggest([reader], scanners(), printers()).splitlines()
    assert lines == [
        "# ACS ACR122U (NFC, PC/SC), profile acr122u",
        "[[card_reader]]",
        'name = "smart_card-0"',
    ]

"""Udev's rules are for the scanners that are named, and for no other device."""

from importlib.resources import files

from edge_agent.devices.profiles import scanners
from edge_agent.devices.rules import udev_rules
from edge_agent.devices.sources import Match


def rules(*wanted):
    lines = udev_rules(wanted, scanners().values()).splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_a_keyboard_scanner_is_matched_by_every_key_that_is_given():
    match = Match("1eab", "1d03", "S1", "usb-0000:00:14.0-2/input0", "Scan [er]")
    (line, *_) = rules(("keyboard", match))
    for wanted in (
        'ATTRS{id/vendor}=="1eab"',
        'ATTRS{id/product}=="1d03"',
        'ATTRS{uniq}=="S1"',
        'ATTRS{phys}=="usb-0000:00:14.0-2/input0"',
        'ATTRS{name}=="Scan ?er?"',
        'ENV{LIBINPUT_IGNORE_DEVICE}="1"',
    ):
        assert wanted in line


def test_a_hid_pos_scanner_is_matched_by_its_ids():
    (line, *_) = rules(("pos", Match("1eab", "1d10")))
    assert 'KERNELS=="*:1EAB:1D10.*"' in line


def test_without_hid_scanners_no_keyboard_is_touched():
    assert all(line.startswith('SUBSYSTEM=="tty"') for line in rules())
    assert any("1eab" in line for line in rules())


def test_the_keyboard_that_types_on_is_opened_to_the_agent_only_where_it_is_wanted():
    profiles = scanners().values()
    plain, typing = (udev_rules([], profiles, types_on=wanted) for wanted in (False, True))
    assert "uinput" not in plain
    assert 'KERNEL=="uinput", GROUP="input", MODE="0660"' in typing
    unit = files("firmware_configs").joinpath("systemd", "tillpoints-agent.service").read_text()
    assert "DeviceAllow=/dev/uinput rw" in unit

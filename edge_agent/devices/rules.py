"""Udev rules for the devices that a till uses, made of its agent.toml and the profiles.

Pure. Only the scanners that are named get a rule: they are hidden from the desktop, and a rule for
every keyboard of a maker could hide somebody's only one.

Sources: udev(7); LIBINPUT_IGNORE_DEVICE, libinput's "ignoring devices" page; ID_MM_DEVICE_IGNORE,
ModemManager's udev helper.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import structs

from edge_agent.devices.hid.sources import Kind
from edge_agent.devices.profiles import ScannerProfile
from edge_agent.devices.sources import Match

_HEAD = """\
# Made by `tillpoints devices rules`: put it into the folder of udev's rules as
# 70-tillpoints.rules, then `udevadm control --reload` and plug the devices in again.
"""
_TYPES_ON = """\
# The keyboard of our own that types on to the POS. Its node is there before its driver is.
SUBSYSTEM=="misc", KERNEL=="uinput", GROUP="input", MODE="0660", OPTIONS+="static_node=uinput"
"""
# The kernel's names for the same facts, on an event node's parent.
_INPUT_ATTRIBUTES = {
    "vid": "id/vendor",
    "pid": "id/product",
    "serial": "uniq",
    "port": "phys",
    "product": "name",
}


def udev_rules(
    hid_scanners: Iterable[tuple[Kind, Match]],
    profiles: Iterable[ScannerProfile],
    *,
    types_on: bool = False,
) -> str:
    """Return the rules: for these scanners, and for serial lines of any known scanner.

    `types_on`: one of them is passed on to the POS.
    """
    lines = [_HEAD]
    for kind, match in hid_scanners:
        lines.append(_keyboard(match) if kind == "keyboard" else _pos(match))
    if types_on:
        lines.append(_TYPES_ON)
    makers = sorted(
        {plug.vid for each in profiles for plug in each.plug if plug.kind == "serial" and plug.vid}
    )
    lines.append("# A modem's daemon must not talk to scanners on serial lines.")
    lines += [
        f'SUBSYSTEM=="tty", ATTRS{{idVendor}}=="{vid}", ENV{{ID_MM_DEVICE_IGNORE}}="1"'
        for vid in makers
    ]
    return "\n".join(lines) + "\n"


def _keyboard(match: Match) -> str:
    facts = {key: value for key, value in structs.asdict(match).items() if value}
    wanted = "".join(
        f', ATTRS{{{_INPUT_ATTRIBUTES[key]}}}=="{_literal(value)}"' for key, value in facts.items()
    )
    return (
        "# A scanner that is a keyboard: the agent may read it, and the desktop leaves it alone.\n"
        f'SUBSYSTEM=="input", KERNEL=="event*"{wanted}, GROUP="input", MODE="0660", '
        'ENV{LIBINPUT_IGNORE_DEVICE}="1"\n'
    )


def _pos(match: Match) -> str:
    # A HID device's name on its bus is bus:vendor:product.number, in capitals.
    ids = f"{(match.vid or '*').upper()}:{(match.pid or '*').upper()}"
    return (
        "# A HID point-of-sale scanner: the agent may read it.\n"
        f'SUBSYSTEM=="hidraw", KERNELS=="*:{ids}.*", GROUP="input", MODE="0660"\n'
    )


def _literal(value: str) -> str:
    """Write a value so that udev takes it as it is: its patterns' own signs become "any"."""
    return re.sub(r'[*?\[\]|"\\]', "?", value)

"""Lines for agent.toml about what is plugged in, ready to paste.

Pure. A device is named by as few keys as tell it from all others that are plugged in: two equal
ones without serial numbers by their ports.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from msgspec import structs

from edge_agent.devices.profiles import PrinterModel, ScannerProfile, T
from edge_agent.devices.sources import Match, Source

# Many clones carry the same word or digits instead of a number of their own.
_NO_SERIALS = frozenset({"", "0", "printer", "none", "1234567890", "0123456789", "default"})


def profile_name(source: Source, profiles: dict[str, T]) -> str | None:
    """Return the name of the profile that names this device most exactly."""
    found = [
        (bool(plug.pid) + bool(plug.product), name)
        for name, profile in profiles.items()
        for plug in profile.plug
        if plug.shows(source)
    ]
    return max(found)[1] if found else None


def match_for(source: Source, others: Iterable[Source]) -> Match:
    """Return the fewest keys that mean this device alone."""
    serial = _serial_number(source)
    match = Match(source.vid, source.pid, serial)
    alike = [other for other in others if other.kind == source.kind and other != source]
    if any(not match.differences(other) for other in alike):
        match = Match(source.vid, source.pid, serial, source.port)
    if any(not match.differences(other) for other in alike):
        match = Match(source.vid, source.pid, serial, source.port, source.product)
    return match


def _serial_number(source: Source) -> str:
    return "" if source.serial.lower() in _NO_SERIALS else source.serial


def suggest(
    sources: Sequence[Source],
    scanners: dict[str, ScannerProfile],
    printers: dict[str, PrinterModel],
) -> str:
    """Return the lines; empty when nothing is plugged in that we could use."""
    blocks = []
    slips_on = next(
        (each for each in sources if each.kind == "printer" and _known(each, printers)), None
    )
    for place, source in enumerate(sources):
        name = f"{source.kind}-{place}"
        if source.kind == "printer":
            match = match_for(source, sources)
            known = _known(source, printers)
            blocks.append(_printer(source, match, known, is_first=source == slips_on))
        elif source.kind == "serial":
            blocks.append(_serial(source, name, _known(source, scanners)))
        elif source.kind == "smart_card":
            blocks.append(_card_reader(source, name, _known(source, scanners)))
        elif source.kind == "camera":
            match = match_for(source, sources)
            blocks.append(_camera(source, name, match, _known(source, scanners)))
        else:
            match = match_for(source, sources)
            blocks.append(_hid(source, name, match, _known(source, scanners)))
    return "\n\n".join("\n".join(block) for block in blocks)


def _known(source: Source, profiles: dict[str, T]) -> tuple[str, T] | None:
    name = profile_name(source, profiles)
    return (name, profiles[name]) if name else None


def _hid(
    source: Source, name: str, match: Match, known: tuple[str, ScannerProfile] | None
) -> list[str]:
    keys = {"vid": match.vid, "pid": match.pid, "serial": match.serial, "port": match.port}
    lines = ["[[hid_scanner]]"]
    lines += [_key(key, value) for key, value in keys.items() if value]
    if match.product:
        lines.append(_key("product", match.product))
    lines += [_key("name", name), _key("kind", source.kind)]
    if known is None:
        # It may be the keyboard that somebody types on; it would be taken from them.
        shown = f"# {source.product}: no known scanner; if it is one, take off the #"
        return [shown, *(f"# {line}" for line in lines)]
    profile = known[1]
    settings = {"layout": profile.layout, "end": profile.end, "reads": profile.reads}
    lines += [_key(key, value) for key, value in settings.items()]
    if source.kind == "pos":
        lines.append(_key("reports", profile.reports))
    return [f"# {profile.model}, profile {known[0]}", *lines]


def _card_reader(source: Source, name: str, known: tuple[str, ScannerProfile] | None) -> list[str]:
    model = f"{known[1].model}, profile {known[0]}" if known else f"{source.product}: PC/SC reader"
    # Its name is the daemon's: `tillpoints devices list --config` shows it where there are several.
    return [f"# {model}", "[[card_reader]]", _key("name", name)]


def _camera(
    source: Source, name: str, match: Match, known: tuple[str, ScannerProfile] | None
) -> list[str]:
    keys = {key: value for key, value in structs.asdict(match).items() if value}
    # A camera may be there for other ends, and it would see people.
    lines = ["[[camera]]", *(_key(key, value) for key, value in keys.items()), _key("name", name)]
    shown = [f"# {source.product}: a camera; if it is there to read codes, take off the #"]
    if known and known[1].note:
        shown.append(f"# ({known[1].note})")
    return [*shown, *(f"# {line}" for line in lines)]


def _serial(source: Source, name: str, known: tuple[str, ScannerProfile] | None) -> list[str]:
    keys = {"vid": source.vid, "pid": source.pid, "serial": _serial_number(source)}
    lines = ["[[scanner]]", _key("port", source.node)]
    lines += [_key(key, value) for key, value in keys.items() if value]
    lines.append(_key("name", name))
    if known is None:
        return [
            f"# {source.product or 'serial line'}: no known scanner; if it is one, take off the #",
            *(f"# {line}" for line in lines),
        ]
    profile = known[1]
    if profile.setup:
        lines.append(_key("baud", profile.setup.baud))
        if profile.setup.grammar == "ssi":
            lines.append(_key("protocol", "ssi"))
            told = f"# once: tillpoints devices setup {known[0]} --port {source.node}"
            lines.insert(0, f"{told} (until then its codes are not in packets)")
    return [f"# {profile.model}, profile {known[0]}", *lines]


def _printer(
    source: Source, match: Match, known: tuple[str, PrinterModel] | None, *, is_first: bool
) -> list[str]:
    # Many clones share a serial number, or have none: the plug tells them apart for certain.
    port = match.port if match.serial else source.port
    keys = {"vid": match.vid, "pid": match.pid, "serial": match.serial, "port": port}
    lines = ["[printer]", _key("kind", "usb")]
    lines += [_key(key, value) for key, value in keys.items() if value]
    if known is None:
        told = f"# {source.product or 'printer'} at {source.node}: no known model; "
        return [told + "for our own slips on it, take off the #", *(f"# {each}" for each in lines)]
    lines.append(_key("profile", known[0]))
    told = f"# {known[1].model}, profile {known[0]}, at {source.node}"
    if not is_first:
        return [told + ": another printer; only one can be meant", *(f"# {each}" for each in lines)]
    paste = '# for slips on the POS\'s own printer, keep kind = "tap" and paste only the profile'
    return [told, paste, *lines]


def _key(name: str, value: object) -> str:
    # JSON's strings, numbers and truth values are also TOML's.
    return f"{name} = {json.dumps(value, ensure_ascii=False)}"

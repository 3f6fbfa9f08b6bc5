"""A device that is plugged in, and which of them a line in agent.toml means.

Pure: every room of devices says in its own `sources` what the kernel shows of its kind. A device is
known by what stays the same over replugs: its ids, its serial number, and the port it is plugged
into; never by its event number. When in doubt this says so and picks nothing: two shops' scanners
must never change places unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

PlugKind = Literal["keyboard", "pos", "serial", "printer", "smart_card", "camera"]
UsbId = Annotated[str, Meta(pattern="^([0-9a-f]{4})?$")]


class Source(Struct, frozen=True):
    """A device that is plugged in. `port` is the way through controller and hubs to its plug."""

    kind: PlugKind
    node: str
    vid: str
    pid: str
    serial: str
    port: str
    product: str


class Match(Struct, frozen=True):
    """What a scanner must be to be meant; an empty key may be anything."""

    vid: UsbId = ""
    pid: UsbId = ""
    serial: str = ""
    port: str = ""
    product: str = ""

    def differences(self, source: Source) -> list[str]:
        """Name the keys in which `source` is another device than this."""
        return [
            key
            for key, wanted in structs.asdict(self).items()
            if wanted and wanted != getattr(source, key)
        ]


class NotFoundError(OSError):
    """The device that is meant is not there, or cannot be told; the message says which.

    `is_another`: one of its model, or at its plug, is there; a person has to say if it is meant.
    """

    def __init__(self, told: str, *, is_another: bool = False) -> None:
        super().__init__(told)
        self.is_another = is_another


def meant(
    match: Match, kind: PlugKind, sources: Iterable[Source], others: Sequence[Match] = ()
) -> Source:
    """Return the one source that `match` means. Raises NotFoundError, saying why there is none.

    What `others`, the other lines of agent.toml, mean is no stranger that one has to ask about.
    """
    what = kind if kind in {"printer", "camera"} else "scanner"
    mine = [source for source in sources if source.kind == kind]
    found = [source for source in mine if not match.differences(source)]
    if len(found) == 1:
        return found[0]
    if found:
        ports = ", ".join(sorted(source.port or source.node for source in found))
        raise NotFoundError(f"{len(found)} equal {what}s are plugged in: name its port ({ports})")
    for source in mine:
        if any(not other.differences(source) for other in others):
            continue
        wrong = match.differences(source)
        same_model = match.vid and not {"vid", "pid"} & {*wrong}
        same_port = match.port and "port" not in wrong
        if same_model or same_port:
            seen = ", ".join(f"{key} is {getattr(source, key)!r}" for key in wrong)
            told = f"another {what} is plugged in ({seen}): is it meant?"
            raise NotFoundError(told, is_another=True)
    raise NotFoundError("it is not plugged in")

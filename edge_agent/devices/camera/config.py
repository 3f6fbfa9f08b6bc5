"""A camera's lines in agent.toml."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from edge_agent.devices.sources import Match, UsbId


class Camera(Struct, frozen=True, forbid_unknown_fields=True):
    """One camera that reads codes: one that is plugged in, or files instead of it.

    `file` is a folder of pictures or a video that is played over and over: a virtual camera.
    `looks_s` is how many times a second it is looked for a code.
    """

    vid: UsbId = ""
    pid: UsbId = ""
    serial: str = ""
    port: str = ""
    product: str = ""
    file: str = ""
    name: str = "camera"
    width: Annotated[int, Meta(ge=160, le=4096)] = 1280
    height: Annotated[int, Meta(ge=120, le=4096)] = 720
    looks_s: Annotated[float, Meta(gt=0, le=30)] = 8.0

    def match(self) -> Match:
        """Return which camera is meant."""
        return Match(self.vid, self.pid, self.serial, self.port, self.product)

    def mistake(self) -> str:
        """Say what keys that are right by themselves cannot mean together; empty: nothing."""
        if self.match() == Match() and not self.file:
            return "takes any camera: give vid and pid, serial, port or product; or a file"
        if self.match() != Match() and self.file:
            return "is a file and no camera: it has no vid, pid, serial, port or product"
        return ""

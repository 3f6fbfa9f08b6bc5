"""Where POS machines of the network come in, who may pass, and one that has."""

from __future__ import annotations

import ipaddress
import os
import socket

from edge_agent.devices.tap.config import Address, Network
from edge_agent.devices.tap.ends import READ_BYTES, DeviceEnd
from edge_agent.devices.tap.sockets import new_socket, reset, tuned

_WAITING_MAX = 64


class Door:
    """An open listening socket."""

    def __init__(self, address: Address, accept_from: tuple[Network, ...]) -> None:
        """Listen. Raises OSError, for an address that is not there yet too."""
        self._accept_from = accept_from
        self._listener = new_socket(address)
        try:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind((address.host, address.port))
            self._listener.listen(_WAITING_MAX)
        except OSError as error:
            self._listener.close()
            told = f"cannot listen on {address.host} port {address.port}: {error}"
            raise OSError(error.errno, told) from error
        self._listener.setblocking(False)

    def fileno(self) -> int:
        """Return the socket's descriptor; -1 once closed."""
        return self._listener.fileno()

    def accept(self) -> socket.socket | None:
        """Return who came, None if they went again. Raises PermissionError, OSError."""
        try:
            pos, peer = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return None
        if not admits(self._accept_from, peer[0]):
            reset(pos)
            raise PermissionError(f"refused a connection from {peer[0]}")
        return pos

    def close(self) -> None:
        """Close it; who waits before it is told so."""
        self._listener.close()


def admits(networks: tuple[Network, ...], host: str) -> bool:
    """Tell whether a peer may print; without networks anybody may."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        # A till of IPv4 at a tap that listens on [::] comes as ::ffff:192.0.2.1.
        address = address.ipv4_mapped or address
    return not networks or any(address in network for network in networks)


class SocketEnd(DeviceEnd):
    """The connection of a POS."""

    def __init__(self, pos: socket.socket) -> None:
        pos.setblocking(False)
        self._pos = tuned(pos)
        self._handle = pos.fileno()

    def read(self) -> bytes:
        """Return what is there; nothing any more once it has ended."""
        try:
            data = os.read(self._handle, READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            self.why = f"the POS broke its connection: {error}"
            data = b""
        self.ended = not data
        return data

    def write(self, data: bytes) -> int:
        """Return how many bytes were taken; a POS that hears nothing any more takes them all."""
        try:
            return super().write(data)
        except OSError:
            return len(data)  # reading meets the same error, and says so

    def close(self) -> None:
        """End the connection; before its POS has ended, as one that broke."""
        self._handle = -1
        if self.ended:
            self._pos.close()
        else:
            reset(self._pos)

"""What the tap asks of its TCP sockets."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time

from edge_agent.devices.tap.config import Address

# struct tcp_info, linux/tcp.h: tcpi_bytes_acked (RFC 4898 HCThruOctetsAcked) since Linux 4.1.
_TCP_INFO_BYTES = 136
_BYTES_ACKED_AT = 120


def tuned(sock: socket.socket) -> socket.socket:
    """Make a socket send at once, and notice a peer that lost its power within a minute."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    return sock


def new_socket(address: Address) -> socket.socket:
    """Return an unconnected TCP socket of the address's family."""
    return socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)


def bytes_taken(sock: socket.socket) -> int:
    """Count the bytes the peer of a socket that we connected has acknowledged, even after a reset.

    A kernel's send buffer is not yet the printer: only what came back acknowledged was taken.
    """
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    if len(info) < _TCP_INFO_BYTES:
        raise OSError("this kernel does not count acknowledged bytes (Linux 4.1 or later does)")
    acked: int = struct.unpack_from("=Q", info, _BYTES_ACKED_AT)[0]
    return max(0, acked - 1)  # Opening the connection counts as one.


def reset(sock: socket.socket) -> None:
    """Close a connection so that the peer sees an error, not an end."""
    with contextlib.suppress(OSError):  # It is gone already; closing is all that is left.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def ends_too(sock: socket.socket, timeout_s: float) -> bool:
    """Say that this was all; True once the other side has ended as well. Raises OSError.

    It does so when it has read everything: a printer that stands still does not get to it.
    """
    sock.shutdown(socket.SHUT_WR)
    until_s = time.monotonic() + timeout_s
    while (left_s := until_s - time.monotonic()) > 0:
        if select.select([sock], [], [], left_s)[0] and not sock.recv(4096):
            return True
    return False

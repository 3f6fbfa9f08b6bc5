"""The network between one device and central, with a plug that can be pulled.

A TCP relay on loopback. Cut, it resets what is open, and then either refuses or swallows: refused
is a server that is gone, swallowed is a cable that is out, where a caller hears nothing until it
gives up. It never looks at what it carries.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from typing import Literal, Self

Link = Literal["up", "refusing", "silent"]

_READ_BYTES = 65_536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing sends a reset


class Relay:
    """Carries connections from `port` to `target_port` between `start` and `stop`, or in `with`."""

    def __init__(self, port: int, target_port: int) -> None:
        self.port = port
        self._target = ("127.0.0.1", target_port)
        self._link: Link = "up"
        self._listener: socket.socket | None = None
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._waiting: list[socket.socket] = []
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = socket.socketpair()
        self._orders: list[Link | None] = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"relay {port}", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def link(self) -> Link:
        """How the cable is now."""
        return self._link

    def start(self) -> None:
        """Listen. Raises OSError if the port is taken."""
        self._listen()
        self._selector.register(self._wake_out, selectors.EVENT_READ)
        self._thread.start()

    def cut(self, how: Literal["refusing", "silent"] = "refusing") -> None:
        """Pull the plug: open connections are reset before this returns."""
        self._order(how)

    def plug(self) -> None:
        """Put the plug back; what waited in silence is carried now."""
        self._order("up")

    def stop(self) -> None:
        """End every connection and let go of the port; the thread has ended."""
        if self._thread.is_alive():
            self._order(None)
            self._thread.join()
        for end in (self._wake_in, self._wake_out):
            end.close()
        self._selector.close()

    def _order(self, link: Link | None) -> None:
        with self._changed:
            self._orders.append(link)
            self._wake_in.send(b"!")
            self._changed.wait_for(lambda: not self._orders)

    def _run(self) -> None:
        running = True
        while running:
            for key, _ in self._selector.select():
                if key.fileobj is self._wake_out:
                    running = self._obey()
                    break  # sockets of this round may be closed now
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    self._carry(key.fileobj)  # type: ignore[arg-type]
        self._reset_all()
        self._close_listener()

    def _obey(self) -> bool:
        """Carry out what was ordered; return False when the order was to stop."""
        self._wake_out.recv(64)
        with self._changed:
            orders, stopping = list(self._orders), False
            for link in orders:
                stopping = stopping or link is None
                self._become(link or self._link)
            self._orders.clear()
            self._changed.notify_all()
        return not stopping

    def _become(self, link: Link) -> None:
        was, self._link = self._link, link
        if link not in (was, "up"):
            self._reset_all()
        if link == "refusing":
            self._close_listener()
        elif self._listener is None:
            self._listen()
        if link == "up":
            waiting, self._waiting = self._waiting, []
            for near in waiting:
                self._connect(near)

    def _listen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self._selector.register(self._listener, selectors.EVENT_READ)

    def _close_listener(self) -> None:
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None

    def _accept(self) -> None:
        assert self._listener is not None
        near, _ = self._listener.accept()
        if self._link == "silent":
            self._waiting.append(near)
        else:
            self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._target, timeout=1.0)
        except OSError:
            _reset(near)
            return
        for one, other in ((near, far), (far, near)):
            one.settimeout(5.0)  # a peer that takes nothing for so long is gone
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _carry(self, source: socket.socket) -> None:
        target = self._pairs.get(source)
        if target is None:
            return  # its pair ended earlier in this round
        try:
            data = source.recv(_READ_BYTES)
            if data:
                target.sendall(data)
                return
            target.shutdown(socket.SHUT_WR)
            self._selector.unregister(source)
        except OSError:
            self._drop(source, target)
            return
        if target not in self._selector.get_map():
            self._drop(source, target, gently=True)

    def _drop(self, *pair: socket.socket, gently: bool = False) -> None:
        for end in pair:
            self._pairs.pop(end, None)
            if end in self._selector.get_map():
                self._selector.unregister(end)
            if gently:
                end.close()
            else:
                _reset(end)

    def _reset_all(self) -> None:
        for source, target in list(self._pairs.items()):
            if source in self._pairs:
                self._drop(source, target)
        for near in self._waiting:
            _reset(near)
        self._waiting.clear()


def _reset(end: socket.socket) -> None:
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    end.close()

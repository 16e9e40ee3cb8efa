"""Listening sockets: opened with words for what goes wrong, accepting without ever spinning."""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

from tarmac_core.http.settings import ListenError
from tarmac_core.plugin import Log

Accepted = Callable[[socket.socket, tuple[object, ...]], None]

_ACCEPTS_A_TURN = 64
_PAUSE_S = 0.5
_EXHAUSTED = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
_REMEDIES = {
    errno.EADDRINUSE: "another program listens there: stop it, or choose another address",
    errno.EACCES: "ports below 1024 need a privilege: choose a higher one",
    errno.EADDRNOTAVAIL: "no interface of this machine has this address: choose another, or leave the host empty",
}


class Listener:
    """One address, with TLS while `context` is set; a new `context` serves the connections that come after.

    `accepted(socket, address)` gets each connection; with TLS the handshake is still to be done.
    """

    def __init__(
        self, address: tuple[str, int], accepted: Accepted, *, log: Log, context: ssl.SSLContext | None
    ) -> None:
        self.context = context
        self._address = address
        self._accepted = accepted
        self._log = log
        self._sockets: list[socket.socket] = []
        self._resume: asyncio.TimerHandle | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, also where the system chose it."""
        return int(self._sockets[0].getsockname()[1])

    def open(self, backlog_count: int) -> None:
        """Listen; raises `ListenError`. Accepting begins at once."""
        self._sockets = _bound(self._address, backlog_count)
        self._accept_on()

    def close(self) -> None:
        """Take what the kernel has accepted for us already, then stop."""
        if self._resume is not None:
            self._resume.cancel()
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            loop.remove_reader(sock)
            self._accept(sock)
            sock.close()
        if self._resume is not None:
            self._resume.cancel()
        self._sockets.clear()

    def _accept_on(self) -> None:
        self._resume = None
        for sock in self._sockets:
            asyncio.get_running_loop().add_reader(sock, self._accept, sock)

    def _accept(self, sock: socket.socket) -> None:
        for _ in range(_ACCEPTS_A_TURN):
            try:
                connection, address = sock.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._pause(error)
                    return
                continue  # The client was gone before it was accepted.
            self._hand_over(connection, address)

    def _hand_over(self, connection: socket.socket, address: tuple[object, ...]) -> None:
        connection.setblocking(False)
        try:
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            self._accepted(connection, address)
        except OSError:
            connection.close()  # The client was gone before the first byte; ssl.SSLError is an OSError too.

    def _pause(self, error: OSError) -> None:
        # The socket stays readable: without a pause the loop would try again at once, for ever.
        self._log.error("Cannot accept connections: %s; raise the limit of open files", error.strerror)
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            loop.remove_reader(sock)
        if self._resume is None:
            self._resume = loop.call_later(_PAUSE_S, self._accept_on)


def _bound(address: tuple[str, int], backlog_count: int) -> list[socket.socket]:
    host, port = address
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, place in _places(host, port):
            sock = socket.socket(family, kind, protocol)
            sockets.append(sock)
            # Port 0 means one port that the system chooses, the same on every interface.
            chosen = sockets[0].getsockname()[1] if port == 0 and len(sockets) > 1 else port
            _bind(sock, (place[0], chosen, *place[2:]), backlog_count)
    except OSError as error:
        for sock in sockets:
            sock.close()
        raise ListenError(_trouble(address, error)) from error
    return sockets


def _places(host: str, port: int) -> list[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[object, ...]]]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    unique = sorted(set(found), key=lambda place: place[0])
    if host:
        return list(unique)
    # Every interface: of IPv6 only where the kernel has it.
    return [place for place in unique if place[0] != socket.AF_INET6 or _has_ipv6()]


def _has_ipv6() -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
        sock.bind(("::", 0))
        return True
    return False


def _bind(sock: socket.socket, place: tuple[object, ...], backlog_count: int) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.setblocking(False)
    sock.bind(place)
    sock.listen(backlog_count)


def _trouble(address: tuple[str, int], error: OSError) -> str:
    host, port = address
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if isinstance(error, socket.gaierror):
        return f"cannot listen on {place}: the host is unknown (write an address of this machine, or leave it empty)"
    number = error.errno or 0
    remedy = f" ({_REMEDIES[number]})" if number in _REMEDIES else ""
    return f"cannot listen on {place}: {os.strerror(number).lower()}{remedy}"

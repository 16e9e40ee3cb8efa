"""Tornado's streams, with the points where it would drop a connection without an answer taken over.

Tornado closes on headers over the limit, writes its own bare 400, resets the client by closing while input is unread, and
has no time-out for writes. Only methods that Tornado documents for subclasses or callers are overridden.
"""

import asyncio
import os
import select
import socket
import ssl
from contextlib import suppress
from typing import Any, Protocol

from tornado.iostream import IOStream, SSLIOStream, UnsatisfiableReadError

from tarmac_core.http.watch import Watch

TORNADO_400 = b"HTTP/1.1 400 Bad Request\r\n\r\n"
_LINGER_S = 2.0


class Owner(Protocol):
    """The connection that a stream belongs to."""

    watch: Watch
    is_lingering: bool

    def on_oversized(self) -> None:
        """Headers or a chunk's size line are over the limit; answer now, the stream closes next."""

    def on_malformed(self) -> bytes:
        """The bytes to send in place of Tornado's own 400."""

    def on_plaintext(self) -> bytes:
        """The bytes to send, in the clear, to a client that speaks HTTP where TLS is spoken."""

    def linger(self, fileno: int) -> None:
        """Keep the socket until the client has read its answer; the stream closes next."""


class PlainStream(IOStream):
    """A stream without TLS."""

    def __init__(self, sock: socket.socket, owner: Owner) -> None:
        self._owner = owner
        self._watch = owner.watch
        super().__init__(sock)

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Read, and note that something came."""
        count_bytes = super().read_from_fd(buf)
        if count_bytes:
            # Tornado passes a memoryview only to `read_into`, which HTTP does not use.
            assert isinstance(buf, bytearray)
            self._watch.on_read(buf, count_bytes)
        return count_bytes

    def write_to_fd(self, data: memoryview) -> int:
        """Write, and note how much went."""
        count_bytes = super().write_to_fd(data)
        self._watch.on_write(count_bytes)
        return count_bytes

    def write(self, data: bytes | memoryview) -> "asyncio.Future[None]":
        """Write; Tornado's bare 400 goes out as a whole answer of ours."""
        return super().write(self._owner.on_malformed() if data == TORNADO_400 else data)

    def close(self, exc_info: Any = False) -> None:
        """Close; what is over a limit is answered first, and an answer that the client may not have read yet is kept."""
        if not self.closed() and isinstance(exc_info, UnsatisfiableReadError):
            self._owner.on_oversized()
        if not self.closed() and self._owner.is_lingering:
            self._owner.linger(self.socket.fileno())
        super().close(exc_info)

    def has_input(self) -> bool:
        """Whether the client has sent something that nobody has read."""
        poll = select.poll()
        poll.register(self.socket.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def set_nodelay(self, value: bool) -> None:
        """Nothing: it is on from the start, and Tornado would switch it twice a request."""


class TlsStream(PlainStream, SSLIOStream):
    """A stream with TLS; the handshake is done by the first reads and writes."""

    socket: Any

    def close(self, exc_info: Any = False) -> None:
        """Close; a client that forgot the `s` of https is told so."""
        if not self.closed() and isinstance(exc_info, ssl.SSLError) and exc_info.reason == "HTTP_REQUEST":
            with suppress(OSError):
                os.write(self.socket.fileno(), self._owner.on_plaintext())
        super().close(exc_info)


class Lingering:
    """Sockets whose answer is out while the client still sends.

    Closing one with unread input makes the kernel reset it, and the client may lose the answer. So our side is shut, and
    what comes is read and dropped, until the client closes or a moment has passed.
    """

    def __init__(self) -> None:
        self._timers: dict[socket.socket, asyncio.TimerHandle] = {}

    def keep(self, fileno: int) -> None:
        """Take over the connection behind `fileno`, which the caller closes."""
        loop = asyncio.get_running_loop()
        sock = socket.socket(fileno=os.dup(fileno))
        sock.setblocking(False)
        self._timers[sock] = loop.call_later(_LINGER_S, self._drop, sock)
        loop.add_reader(sock, self._read, sock)
        with suppress(OSError):
            sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Let go of all."""
        for sock in tuple(self._timers):
            self._drop(sock)

    def _read(self, sock: socket.socket) -> None:
        try:
            is_open = bool(sock.recv(65536))
        except BlockingIOError:
            return
        except OSError:
            is_open = False
        if not is_open:
            self._drop(sock)

    def _drop(self, sock: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(sock)
        self._timers.pop(sock).cancel()
        sock.close()

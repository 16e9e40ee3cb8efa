"""The driver's connection on our event loop.

The driver's own ways to wait for sockets have a thread each, so that every answer would change threads twice, and would wait
for a busy interpreter. Here a socket is one more of those that the event loop looks at. Opening blocks, in a thread of the
driver's; all else happens on the loop.
"""

import socket
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from cassandra import AuthenticationFailed
from cassandra.connection import Connection, ConnectionBusy, ConnectionException, ConnectionShutdown

from tarmac_kv_cassandra.reactor import Reactor, Timer

_READ_BYTES = 16 * 1024
"""The most that a TLS record holds: what TLS has deciphered and kept for later would wake no loop."""

_LAST_STREAM = (1 << 15) - 1
_NO_LIMIT = 1 << 30
_TRY_LATER = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class LoginRefusedError(ConnectionException):  # type: ignore[misc]
    """The node does not take the login, now."""


class LoopConnection(Connection):  # type: ignore[misc]
    """One connection; `bound` makes the class for one store's event loop."""

    reactor: ClassVar[Reactor]
    names: ClassVar[Mapping[str, str]]
    """Names of nodes by their addresses, for certificates."""

    _socket: Any
    is_closed: bool
    in_flight: int
    highest_request_id: int
    _requests: dict[int, tuple[Callable[[Exception], object], object, object]]

    @classmethod
    def create_timer(cls, timeout: float, callback: Callable[[], object]) -> Timer:
        """Call it after `timeout` seconds."""
        return Timer(cls.reactor, timeout, callback)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._queue: deque[bytes] = deque()
        self._unsent = bytearray()
        self._is_flush_due = False
        self._is_writing = False
        # Of the driver, which at its own limit waits for two seconds, and here that would be the event loop.
        self.max_request_id = _NO_LIMIT
        self.reactor.add(self)
        try:
            self._connect()
        except BaseException:
            self.reactor.remove(self)
            raise
        self.reactor.run(self._watch)
        self._send_options_message()

    def _connect(self) -> None:
        address = (self.endpoint.address, self.endpoint.port)
        # Set at once, so that `abort` can end a handshake.
        self._socket = socket.create_connection(address, self.connect_timeout)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.ssl_context:
                self._encrypt()
            self._socket.setblocking(False)
        except BaseException:
            self._socket.close()
            raise

    def _encrypt(self) -> None:
        context: ssl.SSLContext = self.ssl_context
        name = self.names.get(self.endpoint.address, self.endpoint.address)
        self._socket = context.wrap_socket(self._socket, server_hostname=name, do_handshake_on_connect=False)
        self._socket.do_handshake()

    def _watch(self) -> None:
        if self.is_closed:
            self._socket.close()
        else:
            self.reactor.loop.add_reader(self._socket.fileno(), self._read)

    def get_request_id(self) -> int:
        """A free stream for a request that was counted, called with the lock held. Raises ConnectionBusy without one."""
        if self.request_ids:
            stream: int = self.request_ids.popleft()
            return stream
        if self.highest_request_id >= _LAST_STREAM:
            self.in_flight -= 1
            raise ConnectionBusy("too many requests wait for answers that do not come")
        self.highest_request_id += 1
        return self.highest_request_id

    def push(self, data: bytes) -> None:
        """Send, with all else that is sent in the same turn of the loop."""
        self._queue.append(data)
        if not self._is_flush_due:
            self._is_flush_due = True
            if self.reactor.is_here:
                self.reactor.loop.call_soon(self._flush)
            else:
                self.reactor.loop.call_soon_threadsafe(self._flush)

    def _flush(self) -> None:
        self._is_flush_due = False
        if self.is_closed:
            return
        while self._queue:
            self._unsent += self._queue.popleft()
        if not self._is_writing:
            self._write()

    def _write(self) -> None:
        try:
            while self._unsent:
                sent = self._socket.send(self._unsent)
                del self._unsent[:sent]
        except _TRY_LATER:
            self._watch_writing(True)
        except OSError as error:
            self.defunct(error)
        else:
            self._watch_writing(False)

    def _watch_writing(self, is_wanted: bool) -> None:
        if is_wanted == self._is_writing:
            return
        self._is_writing = is_wanted
        loop, number = self.reactor.loop, self._socket.fileno()
        if is_wanted:
            loop.add_writer(number, self._write)
        else:
            loop.remove_writer(number)

    def _read(self) -> None:
        try:
            while not self.is_closed:
                data = self._socket.recv(_READ_BYTES)
                if not data:
                    self.defunct(ConnectionShutdown("the node closed the connection", self.endpoint))
                    return
                self._iobuf.write(data)
                self.process_io_buffer()
                if len(data) < _READ_BYTES:
                    return
        except _TRY_LATER:
            return
        except OSError as error:
            self.defunct(error)

    def defunct(self, exc: Exception) -> Any:
        """Close after a failure."""
        if isinstance(exc, AuthenticationFailed):
            # After this error the driver would never try the node again, and a node that is starting gives it too.
            exc = LoginRefusedError(str(exc), self.endpoint)
        return super().defunct(exc)

    def close(self) -> None:
        """Close; requests that are not answered fail. From any thread."""
        with self.lock:
            if self.is_closed:
                return
            self.is_closed = True
        self.reactor.run(self._release)
        if not self.is_defunct:
            self.error_all_requests(ConnectionShutdown("the connection was closed", self.endpoint))
        self.connected_event.set()

    def abort(self) -> None:
        """Close, also while it is being opened."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self.defunct(ConnectionShutdown("the store is closed", self.endpoint))

    def _release(self) -> None:
        self.reactor.remove(self)
        if self._socket is None:
            return
        number = self._socket.fileno()
        if number >= 0:
            self.reactor.loop.remove_reader(number)
            self.reactor.loop.remove_writer(number)
        self._socket.close()

    def error_all_requests(self, exc: Exception) -> None:
        """Fail all requests, soon. The driver's own would start a thread for many of them."""
        with self.lock:
            requests, self._requests = self._requests, {}
        error = ConnectionShutdown(str(exc))
        for callback, _, _ in requests.values():
            self.reactor.loop.call_soon_threadsafe(callback, error)


def bound(reactor: Reactor, names: Mapping[str, str]) -> type[LoopConnection]:
    """The class whose connections live on the reactor's loop: the driver makes connections of a class."""
    return type("BoundConnection", (LoopConnection,), {"reactor": reactor, "names": names})

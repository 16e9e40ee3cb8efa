"""What the driver's connections need of an event loop, from any thread."""

import asyncio
import threading
from collections.abc import Callable
from typing import Protocol


class Closable(Protocol):
    """A connection as the reactor knows it."""

    def abort(self) -> None:
        """End now, whatever it is doing; from any thread."""


class Reactor:
    """The event loop of one store; made on that loop. The driver's own threads only open and close connections."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._connections: set[Closable] = set()
        self._is_closing = False
        self._lock = threading.Lock()

    def run(self, callback: Callable[[], object]) -> None:
        """Call it on the loop: at once if this is the loop's thread, else soon."""
        if self.is_here:
            callback()
        else:
            self.loop.call_soon_threadsafe(callback)

    @property
    def is_here(self) -> bool:
        """Whether the caller runs on the loop."""
        return threading.get_ident() == self._thread

    def add(self, connection: Closable) -> None:
        """Remember it until it is closed. Raises ConnectionError once the store is closing."""
        with self._lock:
            if self._is_closing:
                raise ConnectionError("the store is closing")
            self._connections.add(connection)

    def remove(self, connection: Closable) -> None:
        """Forget it."""
        with self._lock:
            self._connections.discard(connection)

    def close(self) -> None:
        """End every connection, those that are being made too, and allow no others."""
        with self._lock:
            self._is_closing = True
            connections = list(self._connections)
        for connection in connections:
            connection.abort()


class Timer:
    """A call that happens later on the loop, as the driver wants it: made and cancelled by any thread."""

    __slots__ = ("_callback", "_delay_s", "_handle", "_reactor")

    def __init__(self, reactor: Reactor, delay_s: float, callback: Callable[[], object]) -> None:
        self._reactor = reactor
        self._delay_s = max(delay_s, 0.0)
        self._callback: Callable[[], object] | None = callback
        self._handle: asyncio.TimerHandle | None = None
        reactor.run(self._start)

    def cancel(self) -> None:
        """Not any more; nothing happens if it has been."""
        # The request that waits holds this timer: together they would stay until the garbage collector comes.
        self._callback = None
        if self._handle is not None:
            self._handle.cancel()

    def _start(self) -> None:
        if self._callback is not None:
            self._handle = self._reactor.loop.call_later(self._delay_s, self._callback)

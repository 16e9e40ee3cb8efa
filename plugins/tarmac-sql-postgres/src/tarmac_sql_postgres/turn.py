"""A call at work: a generator that speaks the protocol, driven by the event loop without a task."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg.waiting import Ready, Wait
from tarmac_sql.running import AbortedError, Running

T = TypeVar("T")

Driver: TypeAlias = psycopg.AsyncConnection[Any]
Steps: TypeAlias = Generator[int, int, T]
"""Yields what it waits for (`Wait`, 0 for a wish to cancel), is sent what is ready (`Ready`, or 0), returns the answer."""

CANCEL_S = 1.0
"""So long a wish to cancel may take to be heard by the server."""

_READS, _WRITES = int(Wait.R), int(Wait.W)


class Turn(Running[T]):
    """Runs steps on a connection until they end. The watch on its socket lasts over all turns of the protocol.

    `steps` gets a function with which they make the server stop what it does; it returns whether that has been said.
    """

    __slots__ = ("_cancelling", "_connection", "_end", "_loop", "_socket", "_steps", "_waits")

    def __init__(self, connection: Driver, steps: Callable[[Callable[[], bool]], Steps[T]]) -> None:
        self._loop = asyncio.get_running_loop()
        super().__init__(self._loop.create_future())
        self._end: asyncio.Future[None] = self._loop.create_future()
        self._connection = connection
        self._socket = connection.pgconn.socket
        self._cancelling: asyncio.Task[None] | None = None
        self._waits = 0
        self._steps = steps(self._cancel)
        self._go_on(None)

    async def ended(self) -> None:
        """Wait for the end of the steps."""
        await asyncio.wait((self._end,))

    def abort(self) -> None:
        """Close the socket."""
        self._watch(0)
        self._steps.close()
        self._connection.pgconn.finish()
        if self._cancelling is not None:
            self._cancelling.cancel()
        self._finish(AbortedError())

    def _cancel(self) -> bool:
        if self._cancelling is None:
            self._cancelling = self._loop.create_task(cancel(self._connection))
            self._cancelling.add_done_callback(self._on_cancelled)
        return self._cancelling.done()

    def _on_cancelled(self, _: "asyncio.Task[None]") -> None:
        if not self._end.done():
            self._go_on(0)

    def _go_on(self, ready: int | None) -> None:
        try:
            waits = next(self._steps) if ready is None else self._steps.send(ready)
        except StopIteration as end:
            self._watch(0)
            self._finish(None, end.value)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the call's outcome
            self._watch(0)
            self._finish(error)
        else:
            if waits != self._waits:
                self._watch(waits)

    def _finish(self, error: Exception | None, answer: Any = None) -> None:
        if not self._end.done():
            self._end.set_result(None)
        if self.outcome.done():
            return
        if error is None:
            self.outcome.set_result(answer)
        else:
            self.outcome.set_exception(error)
            # Looked at, so that asyncio does not report it where the caller has gone.
            self.outcome.exception()

    def _watch(self, waits: int) -> None:
        new, old, self._waits = waits & ~self._waits, self._waits & ~waits, waits
        if new & _READS:
            self._loop.add_reader(self._socket, self._go_on, int(Ready.R))
        if new & _WRITES:
            self._loop.add_writer(self._socket, self._go_on, int(Ready.W))
        if old & _READS:
            self._loop.remove_reader(self._socket)
        if old & _WRITES:
            self._loop.remove_writer(self._socket)


async def cancel(connection: Driver) -> None:
    """Make the server stop what it does for this connection; a server that does not hear it in time is left alone."""
    with suppress(psycopg.Error, OSError):
        await connection.cancel_safe(timeout=CANCEL_S)

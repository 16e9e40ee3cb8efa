"""Ends calls that take too long, or that nobody waits for any more, on the server as well."""

import asyncio
from contextlib import suppress
from typing import Any, Generic

from tarmac_sql.connections import Connection, Connections
from tarmac_sql.dialect import C, Dialect
from tarmac_sql.running import AbortedError, Running

_AGAIN_S = 0.05
_PATIENCE_S = 2.0


class Stopper(Generic[C]):
    """Takes over the connection of what it ends, and gives it back when no wish to stop can hit the next call any more."""

    def __init__(self, dialect: Dialect[C], connections: Connections[C]) -> None:
        self._dialect = dialect
        self._connections = connections
        self._ending: set[asyncio.Task[None]] = set()

    def end(self, running: Running[Any], connection: Connection[C]) -> None:
        """Begin to end a call, whose outcome comes soon then; to be called once."""
        ending = asyncio.create_task(self._end(running, connection))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """Wait until all have ended."""
        while self._ending:
            await asyncio.wait(self._ending)

    async def _end(self, running: Running[Any], connection: Connection[C]) -> None:
        ended = asyncio.ensure_future(running.ended())
        is_stopped = False
        try:
            is_stopped = await self._is_stopped(ended, connection)
        finally:
            if is_stopped:
                self._connections.give(connection)
            else:
                await self._give_up(running, ended, connection)

    async def _give_up(self, running: Running[Any], ended: "asyncio.Future[None]", connection: Connection[C]) -> None:
        running.abort()
        await asyncio.wait((ended,), timeout=_PATIENCE_S)
        ended.cancel()
        self._connections.drop(connection)
        if not running.outcome.done():
            running.outcome.set_exception(AbortedError())

    async def _is_stopped(self, ended: "asyncio.Future[None]", connection: Connection[C]) -> bool:
        loop = asyncio.get_running_loop()
        patience_ends_s = loop.time() + _PATIENCE_S
        while not ended.done() and loop.time() < patience_ends_s:
            # A server that does not take the wish is asked again, and given up when patience ends.
            with suppress(TimeoutError, *self._dialect.errors):
                async with asyncio.timeout_at(patience_ends_s):
                    await self._dialect.stop(connection.driver)
            await asyncio.wait((ended,), timeout=_AGAIN_S)
        return ended.done()

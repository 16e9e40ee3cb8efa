"""Open connections, kept for the next call. SQLAlchemy opens and closes them; taking a free one is a list's `pop`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic

from sqlalchemy import URL, Engine, NullPool, PoolProxiedConnection, create_engine, event
from sqlalchemy.util import greenlet_spawn

from tarmac_sql.backend import SQLError
from tarmac_sql.dialect import C, Dialect

_PATIENCE_S = 2.0


class NoneFreeError(Exception):
    """No connection was given back in time."""


class NotOpenedError(Exception):
    """The server did not take a new connection in time."""


def engine_for(url: URL, options: Mapping[str, Any], prepare: Callable[[Any], Awaitable[None]] | None = None) -> Engine:
    """An engine that has opened nothing yet.

    `url` names an asynchronous driver (`postgresql+psycopg_async`, `mysql+asyncmy`); `options` are the driver's own, for each
    connection; `prepare` is awaited with each new connection of the driver. It is a plain engine and no `AsyncEngine`, which
    would import SQLAlchemy's object mapper, a fifth of a second at each start.
    """
    # NullPool, since connections are kept here; no reset, since calls leave nothing open.
    engine = create_engine(
        url, poolclass=NullPool, pool_reset_on_return=None, hide_parameters=True, connect_args=dict(options)
    )
    if prepare is not None:

        @event.listens_for(engine, "connect")
        def on_connect(connection: Any, _record: object) -> None:
            connection.run_async(prepare)

    return engine


class Connection(Generic[C]):
    """One open connection: the driver's, and SQLAlchemy's hold on it."""

    __slots__ = ("driver", "held")

    def __init__(self, held: PoolProxiedConnection) -> None:
        driver: Any = held.driver_connection
        self.driver: C = driver
        self.held = held


class Connections(Generic[C]):
    """At most `size` connections at a time; who finds none free waits in turn."""

    def __init__(self, engine: Engine, dialect: Dialect[C], size: int) -> None:
        self._engine = engine
        self._is_usable = dialect.is_usable
        self._size = size
        self._turns = asyncio.Semaphore(size)
        self._free: list[Connection[C]] = []
        self._openings: set[asyncio.Task[Connection[C]]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def take(self, deadline_s: float | None) -> Connection[C]:
        """One that is open and idle, by the loop's time `deadline_s`.

        Raises `NoneFreeError`, `NotOpenedError`, or what the driver raises where none can be opened.
        """
        await self._turn(deadline_s)
        # Asked once it is the call's turn: it may have waited while the database was closed.
        if self._is_closed:
            self._turns.release()
            raise SQLError("the database is closed")
        return self._kept() or await self._opened(deadline_s)

    async def _turn(self, deadline_s: float | None) -> None:
        if not self._turns.locked():
            await self._turns.acquire()
            return
        try:
            async with asyncio.timeout_at(deadline_s):
                await self._turns.acquire()
        except TimeoutError:
            raise NoneFreeError from None

    def _kept(self) -> Connection[C] | None:
        # The one used last comes first: those below are what a server closes for not being used.
        while self._free:
            connection = self._free.pop()
            if self._is_usable(connection.driver):
                return connection
            self._throw_away(connection)
        return None

    async def _opened(self, deadline_s: float | None) -> Connection[C]:
        opening = asyncio.create_task(self._open())
        try:
            async with asyncio.timeout_at(deadline_s):
                await asyncio.wait((opening,))
        except BaseException as error:
            # Drivers leak what is half open when they are cancelled: it goes on, keeps its turn, and serves the next call.
            self._openings.add(opening)
            opening.add_done_callback(self._keep)
            if isinstance(error, TimeoutError):
                raise NotOpenedError from None
            raise
        if opening.exception() is not None:
            self._turns.release()
        return opening.result()

    async def _open(self) -> Connection[C]:
        return Connection(await greenlet_spawn(self._engine.raw_connection))

    def _keep(self, opening: asyncio.Task[Connection[C]]) -> None:
        self._openings.discard(opening)
        if opening.cancelled() or opening.exception() is not None:
            self._turns.release()
        else:
            self.give(opening.result())

    def give(self, connection: Connection[C]) -> None:
        """Take it back, or throw it away if it is broken."""
        if self._is_usable(connection.driver):
            self._free.append(connection)
            self._turns.release()
        else:
            self.drop(connection)

    def drop(self, connection: Connection[C]) -> None:
        """Throw a taken one away."""
        self._throw_away(connection)
        self._turns.release()

    def _throw_away(self, connection: Connection[C]) -> None:
        closing = asyncio.create_task(greenlet_spawn(connection.held.invalidate))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Wait until all are given back, and close them; whoever waits for one is refused. Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._openings:
            await asyncio.wait(self._openings, timeout=_PATIENCE_S)
        for opening in self._openings:
            opening.cancel()
        for _ in range(self._size):
            await self._turns.acquire()
        for _ in range(self._size):
            self._turns.release()
        while self._free:
            await greenlet_spawn(self._free.pop().held.close)
        while self._closing:
            await asyncio.wait(self._closing)

"""What `Database` must be told about a server, and what it lets the server's driver do."""

from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Generic, TypeVar

from tarmac_sql.backend import Done, Rows, SQLError, Statement
from tarmac_sql.rows import Shape
from tarmac_sql.running import Running, RunningTask

C = TypeVar("C")
"""The driver's connection."""


class Dialect(ABC, Generic[C]):
    """One kind of connection. All methods run on the event loop, each connection has one call at a time.

    A call is one transaction: when it has ended, well or not, the connection is outside of any, or `is_usable` says no.
    `errors` are the driver's exceptions, those of opening a connection included.
    """

    errors: tuple[type[Exception], ...] = ()

    @abstractmethod
    def start_query(self, connection: C, statement: Statement, shape: Shape, *, read_only: bool) -> Running[Rows]:
        """Start to run a statement and to write its rows; what has no rows gives `NO_ROWS`."""

    @abstractmethod
    def start_exec(self, connection: C, statement: Statement) -> Running[Done]:
        """Start to run a statement and to learn what it changed."""

    @abstractmethod
    async def stop(self, connection: C) -> None:
        """Make the call that runs on this connection end soon; called again while it has not. Raises nothing but `errors`."""

    @abstractmethod
    def is_usable(self, connection: C) -> bool:
        """Whether the connection is open and idle, as far as this side can see; asked before and after each call."""

    def failure(self, error: Exception) -> SQLError:
        """One of `errors` in words that guests may read."""
        return SQLError(str(error))


class ServerDialect(Dialect[C]):
    """A server reached through an asynchronous driver: begin, fetch or change, commit; after a failure roll back.

    A driver that can do several of these in one turn overrides `query` and `exec`.
    """

    @abstractmethod
    async def begin(self, connection: C, *, read_only: bool) -> None:
        """Begin the call's transaction."""

    @abstractmethod
    async def fetch(self, connection: C, statement: Statement, shape: Shape) -> Rows:
        """Run the statement and write its rows as they come, with `shape.writer`; what has no rows gives `NO_ROWS`."""

    @abstractmethod
    async def change(self, connection: C, statement: Statement) -> Done:
        """Run the statement and tell what it changed."""

    @abstractmethod
    async def commit(self, connection: C) -> None:
        """Commit; raises `SQLError` where the guest's statement has ended the transaction."""

    @abstractmethod
    async def rollback(self, connection: C) -> None:
        """Undo whatever is open, rows not yet fetched included."""

    async def query(self, connection: C, statement: Statement, shape: Shape, *, read_only: bool) -> Rows:
        """The whole call `query`."""
        await self.begin(connection, read_only=read_only)
        try:
            rows = await self.fetch(connection, statement, shape)
            await self.commit(connection)
        except Exception:
            await self._undo(connection)
            raise
        return rows

    async def exec(self, connection: C, statement: Statement) -> Done:
        """The whole call `exec`."""
        await self.begin(connection, read_only=False)
        try:
            done = await self.change(connection, statement)
            await self.commit(connection)
        except Exception:
            await self._undo(connection)
            raise
        return done

    def start_query(self, connection: C, statement: Statement, shape: Shape, *, read_only: bool) -> Running[Rows]:
        """Run it in a task."""
        return RunningTask(self.query(connection, statement, shape, read_only=read_only))

    def start_exec(self, connection: C, statement: Statement) -> Running[Done]:
        """Run it in a task."""
        return RunningTask(self.exec(connection, statement))

    async def _undo(self, connection: C) -> None:
        # The first failure is the one to tell; whether the connection has survived it, `is_usable` says.
        with suppress(*self.errors):
            await self.rollback(connection)

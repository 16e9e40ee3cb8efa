"""A backend on one SQLAlchemy engine: connections, limits, time-outs, failures. What servers differ in is the `Dialect`'s."""

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tarmac_sql.backend import Done, ReadOnlyError, Rows, SQLBackend, SQLError, Statement
from tarmac_sql.connections import Connection, Connections, NoneFreeError, NotOpenedError
from tarmac_sql.dialect import C, Dialect
from tarmac_sql.rows import RowLimits, Shape
from tarmac_sql.running import Running
from tarmac_sql.settings import SQLStoreSettings
from tarmac_sql.stopping import Stopper

T = TypeVar("T")


class _Call(Generic[C]):
    """A call that runs, and the reason why it is being ended, if it is; from then on its connection is the stopper's."""

    __slots__ = ("connection", "end_reason", "running")

    def __init__(self, running: Running[Any], connection: Connection[C]) -> None:
        self.running = running
        self.connection = connection
        self.end_reason = ""


class Database(SQLBackend, Generic[C]):
    """One engine, from `engine_for`, and at most `pool_size` connections; 0 takes the settings' number."""

    def __init__(self, engine: Engine, dialect: Dialect[C], settings: SQLStoreSettings, *, pool_size: int = 0) -> None:
        self._dialect = dialect
        self._shape = Shape(RowLimits(settings.max_rows, settings.max_result_bytes), is_go=settings.values == "go")
        self._is_read_only = settings.read_only
        self._timeout_ms = settings.statement_timeout_ms
        self._connections = Connections(engine, dialect, pool_size or settings.pool_size)
        self._stopper = Stopper(dialect, self._connections)
        self._calls: set[_Call[C]] = set()
        self._is_closed = False

    async def query(self, statement: Statement, *, read_only: bool = False) -> Rows:
        """Run a statement and return its rows."""
        only_reads = read_only or self._is_read_only
        return await self._checked(
            lambda connection: self._dialect.start_query(connection, statement, self._shape, read_only=only_reads)
        )

    async def exec(self, statement: Statement) -> Done:
        """Run a statement and tell what it changed."""
        if self._is_read_only:
            raise ReadOnlyError("the database is opened for reading only (sql_read_only)")
        return await self._checked(lambda connection: self._dialect.start_exec(connection, statement))

    async def health(self) -> None:
        """Ask the server for a row."""
        await self.query(Statement("SELECT 1"))

    async def close(self) -> None:
        """End what still runs, wait until it has, then close every connection; idempotent."""
        self._is_closed = True
        for call in self._calls:
            self._end(call, "the database is closed")
        await self._connections.close()
        await self._stopper.close()

    async def _checked(self, start: Callable[[C], Running[T]]) -> T:
        if self._is_closed:
            raise SQLError("the database is closed")
        try:
            return await self._run(start)
        except NoneFreeError:
            raise SQLError(f"no connection became free within {self._timeout_ms} ms (sql_pool_size)") from None
        except NotOpenedError:
            raise SQLError(f"the server took no connection within {self._timeout_ms} ms") from None
        except self._dialect.errors as error:
            raise self._dialect.failure(error) from error
        except DBAPIError as error:
            raise self._dialect.failure(error.orig if isinstance(error.orig, Exception) else error) from error
        except SQLAlchemyError as error:
            raise SQLError(f"the statement cannot be run: {type(error).__name__}") from error

    async def _run(self, start: Callable[[C], Running[T]]) -> T:
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + self._timeout_ms / 1000 if self._timeout_ms else None
        connection = await self._connections.take(deadline_s)
        try:
            running = start(connection.driver)
        except BaseException:
            self._connections.give(connection)
            raise
        call = _Call(running, connection)
        self._calls.add(call)
        timer = None if deadline_s is None else loop.call_at(deadline_s, self._end, call, self._time_up)
        try:
            return await running.outcome
        except asyncio.CancelledError:
            self._end(call, "cancelled")
            raise
        except Exception as error:
            if call.end_reason and not isinstance(error, SQLError):
                raise SQLError(call.end_reason) from error
            raise
        finally:
            self._calls.discard(call)
            if timer is not None:
                timer.cancel()
            if not call.end_reason:
                self._connections.give(connection)

    @property
    def _time_up(self) -> str:
        return f"it took longer than {self._timeout_ms} ms and was stopped (sql_statement_timeout_ms)"

    def _end(self, call: _Call[C], reason: str) -> None:
        if not call.end_reason:
            call.end_reason = reason
            self._stopper.end(call.running, call.connection)

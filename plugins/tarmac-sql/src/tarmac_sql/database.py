"""A backend on one SQLAlchemy engine: transactions, limits, time-outs, failures. What servers differ in is the `Dialect`'s."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from tarmac_sql.backend import Done, ReadOnlyError, Rows, SQLBackend, SQLError, Statement
from tarmac_sql.dialect import Dialect
from tarmac_sql.rows import RowLimits, RowWriter
from tarmac_sql.settings import SQLStoreSettings
from tarmac_sql.stopping import Stopper, TimeUpError

T = TypeVar("T")

_CHUNK_ROWS = 500


@dataclass(slots=True)
class _Running:
    """What a statement runs on, once it has a connection."""

    driver_connection: Any = None
    has_begun: bool = False


class Database(SQLBackend):
    """One engine with its pool. The engine stays the owner's until `close`."""

    def __init__(self, engine: AsyncEngine, dialect: Dialect, settings: SQLStoreSettings) -> None:
        self._engine = engine
        self._dialect = dialect
        self._limits = RowLimits(settings.max_rows, settings.max_result_bytes)
        self._is_go = settings.values == "go"
        self._is_read_only = settings.read_only
        self._timeout_ms = settings.statement_timeout_ms
        self._stopper = Stopper(settings.statement_timeout_ms)
        self._is_closed = False

    async def query(self, statement: Statement, *, read_only: bool = False) -> Rows:
        """Run a statement and return its rows."""
        return await self._run(statement, self._fetch, read_only=read_only or self._is_read_only)

    async def exec(self, statement: Statement) -> Done:
        """Run a statement and tell what it changed."""
        if self._is_read_only:
            raise ReadOnlyError("the database is opened for reading only (sql_read_only)")
        return await self._run(statement, self._done, read_only=False)

    async def health(self) -> None:
        """Ask the server for a row."""
        await self.query(Statement("SELECT 1"))

    async def close(self) -> None:
        """Wait for what was cancelled, then close every connection; idempotent."""
        self._is_closed = True
        await self._stopper.close()
        await self._engine.dispose()

    async def _run(self, statement: Statement, take: Callable[[CursorResult[Any]], T], *, read_only: bool) -> T:
        if self._is_closed:
            raise SQLError("the database is closed")
        running = _Running()

        async def stop() -> bool:
            if running.driver_connection is not None:
                await self._dialect.stop(running.driver_connection)
            return running.has_begun

        try:
            return await self._stopper.run(self._transaction(running, statement, take, read_only=read_only), stop)
        except TimeUpError as error:
            raise self._time_up(has_begun=running.has_begun) from error
        except DBAPIError as error:
            raise self._dialect.failure(error.orig or error) from error
        except self._dialect.errors as error:
            raise self._dialect.failure(error) from error
        except SQLAlchemyError as error:
            raise SQLError(f"the statement cannot be run: {type(error).__name__}") from error

    def _time_up(self, *, has_begun: bool) -> SQLError:
        if has_begun:
            return SQLError(f"it took longer than {self._timeout_ms} ms and was stopped (sql_statement_timeout_ms)")
        return SQLError(f"no connection became free within {self._timeout_ms} ms (sql_pool_size)")

    async def _transaction(
        self, running: _Running, statement: Statement, take: Callable[[CursorResult[Any]], T], *, read_only: bool
    ) -> T:
        async with self._engine.connect() as connection:
            raw = await connection.get_raw_connection()
            running.driver_connection, running.has_begun = raw.driver_connection, True
            try:
                return await connection.run_sync(self._in_greenlet, statement, take, read_only=read_only)
            finally:
                running.driver_connection = None

    def _in_greenlet(
        self, connection: Connection, statement: Statement, take: Callable[[CursorResult[Any]], T], *, read_only: bool
    ) -> T:
        self._dialect.begin(connection, statement, read_only=read_only)
        try:
            result = self._execute(connection, statement, is_streamed=self._dialect.is_streamed and take == self._fetch)
            answer = take(result)
            result.close()
            self._dialect.commit(connection)
        except Exception:
            self._dialect.rollback(connection)
            raise
        except BaseException:
            # Cancelled, since the server does not answer: what state the connection is in cannot be known.
            connection.invalidate()
            raise
        return answer

    def _execute(self, connection: Connection, statement: Statement, *, is_streamed: bool) -> CursorResult[Any]:
        options = {"no_parameters": statement.args is None, "stream_results": is_streamed}
        return connection.exec_driver_sql(statement.text, statement.args, execution_options=options)

    def _fetch(self, result: CursorResult[Any]) -> Rows:
        if not result.returns_rows:
            return Rows((), b"[]")
        cursor = result.cursor
        assert cursor is not None
        columns = [column[0] for column in cursor.description]
        converters = self._dialect.converters(cursor.description, is_go=self._is_go)
        writer = RowWriter(columns, converters, self._limits, is_go=self._is_go)
        while rows := result.fetchmany(_CHUNK_ROWS):
            writer.add(rows)
        return writer.finish()

    def _done(self, result: CursorResult[Any]) -> Done:
        return Done(max(result.rowcount, 0), self._dialect.last_insert_id(result))

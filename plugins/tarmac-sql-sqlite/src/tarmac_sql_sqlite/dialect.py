"""What is special about SQLite."""

import sqlite3
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, CursorResult
from tarmac_sql import ReadOnlyError, SQLError, Statement
from tarmac_sql.dialect import Dialect

_OWN_TRANSACTION = "each call is a transaction of its own: BEGIN, COMMIT and ROLLBACK have no place in it"
_TEXTS = {
    sqlite3.SQLITE_AUTH: (
        "not allowed: ATTACH, temporary tables and PRAGMAs that set something would reach beyond the call"
    ),
    sqlite3.SQLITE_FULL: "the database cannot grow: database or disk is full",
    sqlite3.SQLITE_BUSY: "another process is writing to the database (sql_busy_timeout_ms): database is locked",
    sqlite3.SQLITE_CANTOPEN: "the database's file cannot be opened",
}
_INSERTS = ("insert", "replace", "with")


class SqliteDialect(Dialect):
    """Connections are in SQLite's own autocommit mode: readers need no more, since one statement is one transaction."""

    is_streamed = True
    errors = (sqlite3.Error, sqlite3.Warning)

    def commit(self, connection: Connection) -> None:
        """Nothing to commit; a transaction that the statement began must not outlive the call."""
        if _driver(connection).in_transaction:
            raise SQLError(_OWN_TRANSACTION)

    def rollback(self, connection: Connection) -> None:
        """Undo whatever is open; SQLAlchemy would not, since it takes autocommit for no transaction at all."""
        connection.connection.rollback()

    def failure(self, error: BaseException) -> SQLError:
        """SQLite's words, or better ones."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_READONLY:
            return ReadOnlyError(f"the database is opened for reading only: {error}")
        return SQLError(_TEXTS.get(code, str(error)))

    async def stop(self, driver_connection: Any) -> None:
        """Interrupt it; a connection that is closed by now runs nothing."""
        with suppress(ValueError):
            await driver_connection.interrupt()


class WriterDialect(SqliteDialect):
    """The one connection that writes takes the lock first, so that no statement fails halfway for want of it."""

    def begin(self, connection: Connection, statement: Statement, *, read_only: bool) -> None:
        """Begin a transaction that writes."""
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def commit(self, connection: Connection) -> None:
        """Commit, if the transaction is still there."""
        if not _driver(connection).in_transaction:
            raise SQLError(_OWN_TRANSACTION)
        connection.commit()

    def last_insert_id(self, result: CursorResult[Any]) -> int:
        """The new row's id. SQLite keeps it for the connection, so that other statements would show an older one."""
        text = result.context.statement if result.context else ""
        is_insert = (text or "").lstrip().lower().startswith(_INSERTS)
        return (result.lastrowid or 0) if is_insert and result.rowcount > 0 else 0

    def failure(self, error: BaseException) -> SQLError:
        """The file itself cannot be written here."""
        found = super().failure(error)
        return (
            SQLError(f"the database's file cannot be written: {error}") if isinstance(found, ReadOnlyError) else found
        )


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection

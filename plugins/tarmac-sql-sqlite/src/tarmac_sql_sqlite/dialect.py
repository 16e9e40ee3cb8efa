"""What is special about SQLite: a whole call is one function, run on the connection's thread."""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import aiosqlite
from tarmac_sql import Done, ReadOnlyError, Rows, SQLError, Statement
from tarmac_sql.backend import NO_ROWS
from tarmac_sql.dialect import Dialect
from tarmac_sql.rows import CHUNK_ROWS, RowLimits, Shape

from tarmac_sql_sqlite.job import Job

T = TypeVar("T")

_OWN_TRANSACTION = "each call is a transaction of its own: BEGIN, COMMIT and ROLLBACK have no place in it"
_TEXTS = {
    sqlite3.SQLITE_AUTH: (
        "not allowed: ATTACH, temporary tables and PRAGMAs that set something would reach beyond the call"
    ),
    sqlite3.SQLITE_FULL: "the database cannot grow: database or disk is full",
    sqlite3.SQLITE_BUSY: "another process is writing to the database (sql_busy_timeout_ms): database is locked",
    sqlite3.SQLITE_CANTOPEN: "the database's file cannot be opened: it and its folder must be writable, even to read",
    sqlite3.SQLITE_CORRUPT: "the database's file is damaged: database disk image is malformed",
    sqlite3.SQLITE_NOTADB: "the database's file is damaged: file is not a database",
    sqlite3.SQLITE_IOERR: "the database's file cannot be read or written: disk I/O error",
}
_NO_MEMORY = "it needs more memory than SQLite may take: ask for less at a time"
_LONG_TEXT_LENGTH = 64 << 10
_MOST_LONG_TEXT_LENGTH = 16 << 20
_INSERTS = ("insert", "replace", "with")


class SqliteDialect(Dialect[aiosqlite.Connection]):
    """Connections in SQLite's own autocommit mode.

    Readers need no more, since one statement is one transaction. The writer takes the lock first, so that no statement fails
    halfway for want of it.
    """

    errors = (sqlite3.Error, sqlite3.Warning, MemoryError)

    def __init__(self, *, is_writer: bool) -> None:
        self._is_writer = is_writer
        # Connections keep statements by number, however long their texts are: so much of long ones is with each.
        self._long_text: WeakKeyDictionary[aiosqlite.Connection, int] = WeakKeyDictionary()

    def start_query(
        self, connection: aiosqlite.Connection, statement: Statement, shape: Shape, *, read_only: bool
    ) -> Job[Rows]:
        """Readers cannot write at all, whatever `read_only` says."""
        self._note_text(connection, statement)
        return Job(connection, partial(_transaction, partial(_fetch, statement, shape), self._is_writer))

    def start_exec(self, connection: aiosqlite.Connection, statement: Statement) -> Job[Done]:
        """The writer's."""
        self._note_text(connection, statement)
        return Job(connection, partial(_transaction, partial(_change, statement), self._is_writer))

    async def stop(self, connection: aiosqlite.Connection) -> None:
        """Interrupt it; a connection that is closed by now runs nothing."""
        with suppress(ValueError):
            await connection.interrupt()

    def is_usable(self, connection: aiosqlite.Connection) -> bool:
        """Whether nothing was left open, and what it keeps is not too much."""
        return not connection.in_transaction and self._long_text.get(connection, 0) < _MOST_LONG_TEXT_LENGTH

    def failure(self, error: Exception) -> SQLError:
        """SQLite's words, or better ones."""
        if isinstance(error, MemoryError):
            return SQLError(_NO_MEMORY)
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code != sqlite3.SQLITE_READONLY:
            return SQLError(_TEXTS.get(code, str(error)))
        if self._is_writer:
            return SQLError(f"the database's file cannot be written: {error}")
        return ReadOnlyError(f"the database is opened for reading only: {error}")

    def _note_text(self, connection: aiosqlite.Connection, statement: Statement) -> None:
        length = len(statement.text)
        if length > _LONG_TEXT_LENGTH:
            self._long_text[connection] = self._long_text.get(connection, 0) + length


def _transaction(work: Callable[[sqlite3.Connection], T], is_writer: bool, connection: sqlite3.Connection) -> T:
    if is_writer:
        connection.execute("BEGIN IMMEDIATE")
    try:
        answer = work(connection)
        _check_transaction(connection, is_writer)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return answer


def _check_transaction(connection: sqlite3.Connection, is_there: bool) -> None:
    # What the guest began must not outlive the call, and what the call began is not the guest's to end.
    if connection.in_transaction is not is_there:
        raise SQLError(_OWN_TRANSACTION)


def _fetch(statement: Statement, shape: Shape, connection: sqlite3.Connection) -> Rows:
    with closing(connection.execute(statement.text, statement.args or ())) as cursor:
        if cursor.description is None:
            return NO_ROWS
        writer = shape.writer([column[0] for column in cursor.description])
        for rows in _chunks(cursor, shape.limits):
            writer.add(rows)
        return writer.finish()


def _chunks(cursor: sqlite3.Cursor, limits: RowLimits) -> Iterator[list[Any]]:
    """The rows, some at a time; raises `SQLError` as soon as what they hold cannot become a result any more."""
    rows: list[Any] = []
    size_bytes = 0
    for row in cursor:
        size_bytes += sum([len(value) for value in row if isinstance(value, str | bytes)])
        if size_bytes > limits.max_bytes:
            raise limits.too_many_bytes()
        rows.append(row)
        if len(rows) == CHUNK_ROWS:
            yield rows
            rows = []
    yield rows


def _change(statement: Statement, connection: sqlite3.Connection) -> Done:
    with closing(connection.execute(statement.text, statement.args or ())) as cursor:
        # With RETURNING the number of rows is only known after the last of them.
        deque(cursor, maxlen=0)
        rows_affected = max(cursor.rowcount, 0)
        # SQLite keeps the id for the connection, so that other statements would show an older one.
        is_insert = rows_affected > 0 and statement.text.lstrip().lower().startswith(_INSERTS)
        return Done(rows_affected, (cursor.lastrowid or 0) if is_insert else 0)

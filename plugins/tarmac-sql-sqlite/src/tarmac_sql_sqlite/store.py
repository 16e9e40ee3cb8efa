"""The backend: reads on many connections that cannot write, writes one after the other on one that can."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiosqlite import Connection
from tarmac_sql import Done, ReadOnlyError, Rows, SQLBackend, SQLError, Statement
from tarmac_sql.database import Database

from tarmac_sql_sqlite.address import SqliteFileError, file_of, prepare
from tarmac_sql_sqlite.connections import sqlite_engine
from tarmac_sql_sqlite.dialect import SqliteDialect
from tarmac_sql_sqlite.plugin import SqliteSettings


class SqliteSQL(SQLBackend):
    """One opened file. SQLite lets one write at a time, so writers wait for each other here, in order and without polling."""

    def __init__(self, path: Path, readers: Database[Connection], writer: Database[Connection] | None) -> None:
        self._path = path
        self._readers = readers
        self._writer = writer
        self._file: os.stat_result | None = None

    async def query(self, statement: Statement, *, read_only: bool = False) -> Rows:
        """Run it where nothing can be written; SQLite refuses before it changes anything, then the writer gets it."""
        try:
            return await self._readers.query(statement, read_only=True)
        except ReadOnlyError:
            if read_only or self._writer is None:
                raise
        self._check_file()
        return await self._writer.query(statement)

    async def exec(self, statement: Statement) -> Done:
        """Run it on the writer."""
        if self._writer is None:
            raise ReadOnlyError("the database is opened for reading only (sql_read_only)")
        self._check_file()
        return await self._writer.exec(statement)

    async def health(self) -> None:
        """Read the file."""
        self._check_file()
        await self._readers.query(Statement("SELECT count(*) FROM sqlite_schema"))

    def keep_file(self) -> None:
        """Remember the file that was opened."""
        self._file = self._path.stat()

    def _check_file(self) -> None:
        """Refuse what would go to a file without a name, which is gone when the server ends."""
        try:
            is_same = self._file is None or os.path.samestat(self._file, self._path.stat())
        except FileNotFoundError:
            is_same = False
        except OSError as error:
            raise SQLError(f"the database's file cannot be reached: {error.strerror}") from error
        if not is_same:
            raise SQLError("the database's file was removed or replaced while open: the server must be restarted")


@asynccontextmanager
async def opened(settings: SqliteSettings, default: Path) -> AsyncIterator[SqliteSQL]:
    """Yield the backend; at the end every connection is closed and its thread has ended. Raises `SqliteFileError`."""
    path = file_of(settings.dsn, default)
    prepare(path, read_only=settings.read_only)
    readers = Database(sqlite_engine(path, settings, "ro"), SqliteDialect(is_writer=False), settings)
    writer = None if settings.read_only else _writer(path, settings)
    store = SqliteSQL(path, readers, writer)
    try:
        await _check(path, store, writer)
        store.keep_file()
        yield store
    finally:
        await readers.close()
        if writer is not None:
            await writer.close()


def _writer(path: Path, settings: SqliteSettings) -> Database[Connection]:
    return Database(sqlite_engine(path, settings, "rwc"), SqliteDialect(is_writer=True), settings, pool_size=1)


async def _check(path: Path, store: SqliteSQL, writer: Database[Connection] | None) -> None:
    try:
        if writer is not None:
            # The file has to be there before anyone reads it.
            await writer.query(Statement("SELECT count(*) FROM sqlite_schema"))
        await store.health()
    except SQLError as error:
        raise SqliteFileError(f"{path}: cannot be opened: {error} (mend its permissions, or set sql_dsn)") from error

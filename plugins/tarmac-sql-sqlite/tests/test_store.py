"""What is SQLite's own: the file, and what a statement must not reach."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

import pytest
from tarmac_sql import SQLBackend, SQLError, Statement
from tarmac_sql_sqlite.address import SqliteFileError

from tarmac_core.testing import Leaks

OpenSqlite = Callable[..., AbstractAsyncContextManager[SQLBackend]]


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_the_missing_folder_is_made_and_the_file_is_in_wal_mode(
    open_database: OpenSqlite, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "folder" / "my data.db"
    async with open_database(dsn=str(path)) as database:
        await database.exec(Statement("CREATE TABLE t (a)"))
        assert path.parent.stat().st_mode & 0o777 == 0o700
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert other.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]


async def test_writing_does_not_hold_up_reading(open_database: OpenSqlite, tmp_path: Path) -> None:
    async with open_database() as database:
        await database.exec(Statement("CREATE TABLE t (a)"))
        with closing(sqlite3.connect(tmp_path / "sql.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO t VALUES (1)")
            assert (await database.query(Statement("SELECT a FROM t"))).data == b"[]"
            other.execute("COMMIT")
        assert (await database.query(Statement("SELECT a FROM t"))).data == b'[{"a":1}]'


@pytest.mark.parametrize(
    "text",
    [
        "ATTACH DATABASE 'stolen.db' AS stolen",
        "VACUUM INTO 'copy.db'",
        "CREATE TEMP TABLE kept (a)",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = 1",
        "SELECT load_extension('x')",
    ],
)
async def test_no_statement_reaches_other_files_or_later_calls(
    open_database: OpenSqlite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_database() as database:
        for run in (database.query, database.exec):
            with pytest.raises(SQLError, match=r"not allowed|not authorized|VACUUM"):
                await run(Statement(text))
    assert not _names(tmp_path) & {"stolen.db", "copy.db"}


@pytest.mark.parametrize("text", ["BEGIN", "COMMIT", "ROLLBACK"])
async def test_a_statement_that_begins_or_ends_a_transaction_is_refused(open_database: OpenSqlite, text: str) -> None:
    async with open_database() as database:
        for run in (database.query, database.exec):
            with pytest.raises(SQLError, match=r"of its own|within a transaction|no transaction is active"):
                await run(Statement(text))


async def test_exec_counts_all_rows_that_a_statement_returns(open_database: OpenSqlite) -> None:
    async with open_database() as database:
        await database.exec(Statement("CREATE TABLE t (a)"))
        done = await database.exec(Statement("INSERT INTO t VALUES (1), (2), (3) RETURNING a"))
    assert done == (3, 3, "")


async def test_questions_about_the_schema_are_allowed(open_database: OpenSqlite) -> None:
    async with open_database() as database:
        await database.exec(Statement("CREATE TABLE t (a INTEGER)"))
        rows = await database.query(Statement("PRAGMA table_info(t)"))
    assert json.loads(rows.data)[0]["name"] == "a"


async def test_foreign_keys_are_enforced_unless_turned_off(open_database: OpenSqlite) -> None:
    orphan = Statement("INSERT INTO child VALUES (9)")
    async with open_database() as database:
        await database.exec(Statement("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        await database.exec(Statement("CREATE TABLE child (parent REFERENCES parent (id))"))
        with pytest.raises(SQLError, match="FOREIGN KEY"):
            await database.exec(orphan)
    async with open_database(foreign_keys=False) as database:
        assert (await database.exec(orphan)).rows_affected == 1


async def test_rows_that_a_write_returns_past_the_limit_undo_it(open_database: OpenSqlite) -> None:
    async with open_database(max_rows=2) as database:
        await database.exec(Statement("CREATE TABLE t (a)"))
        with pytest.raises(SQLError, match="more than 2 rows"):
            await database.query(Statement("INSERT INTO t VALUES (1), (2), (3) RETURNING a"))
        assert (await database.query(Statement("SELECT a FROM t"))).data == b"[]"
        rows = await database.query(Statement("INSERT INTO t VALUES (1), (2) RETURNING a"))
        assert rows.data == b'[{"a":1},{"a":2}]'


@pytest.mark.parametrize(("values", "expected"), [("natural", b'[{"b":2.0,"a":"Infinity"}]'), ("go", None)])
async def test_shapes_of_values(open_database: OpenSqlite, values: str, expected: bytes | None) -> None:
    async with open_database(values=values) as database:
        statement = Statement("SELECT 2.0 AS b, 9e999 AS a")
        if expected is not None:
            assert (await database.query(statement)).data == expected
            return
        with pytest.raises(SQLError, match=r"json: unsupported value: \+Inf"):
            await database.query(statement)
        assert (await database.query(Statement("SELECT 2.0 AS b, 'x' AS a"))).data == b'[{"a":"x","b":2}]'


@pytest.mark.parametrize(
    ("dsn", "made", "text"),
    [
        ("folder", "folder", "is a folder"),
        ("file", "text", "is neither an SQLite file nor empty; it stays untouched"),
        ("file/sql.db", "text", "the folder cannot be made"),
        ("damaged", "damaged", "cannot be opened: the database's file is damaged"),
        ("u:secret@tcp(h)/db", "", "is the address of a server"),
        ("postgres://u:secret@h/db", "", "is the address of a server"),
        (":memory:", "", "in memory"),
        ("sqlite://host/x", "", "has a host"),
        ("sqlite:///x?cache=shared", "", "the options cache are not read"),
    ],
)
async def test_what_cannot_be_opened_is_named_and_left_alone(
    open_database: OpenSqlite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dsn: str, made: str, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("my diary")
    (tmp_path / "damaged").write_bytes(b"SQLite format 3\0" + os.urandom(8000))
    leaks = Leaks.now()
    with pytest.raises(SqliteFileError) as raised:
        async with open_database(dsn=dsn):
            pass
    assert text in str(raised.value)
    assert "secret" not in str(raised.value)
    assert not made or str(tmp_path) in str(raised.value)
    assert (tmp_path / "file").read_text() == "my diary"
    await asyncio.sleep(0)
    assert leaks.found() == []


async def test_reading_only_needs_a_file_that_is_there(open_database: OpenSqlite, tmp_path: Path) -> None:
    with pytest.raises(SqliteFileError, match=r"is missing, and sql_read_only forbids to make it"):
        async with open_database(read_only=True):
            pass
    assert _names(tmp_path) == set()


@pytest.mark.parametrize("form", ["{}", "file:{}", "sqlite:///{}", "sqlite+aiosqlite:///{}"])
async def test_every_form_of_address_opens_the_same_file(open_database: OpenSqlite, tmp_path: Path, form: str) -> None:
    path = tmp_path / "here.db"
    async with open_database(dsn=form.format(path)) as database:
        await database.health()
    assert path.is_file()


def test_the_plugin_loads_no_driver() -> None:
    program = (
        "import sys, tarmac_sql_sqlite.plugin; sys.exit('aiosqlite' in sys.modules or 'sqlalchemy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, check=True)

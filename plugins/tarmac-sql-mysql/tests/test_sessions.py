"""What a call leaves behind: nothing, on whichever connection it ran. With one connection, the next call gets the same."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import pytest_asyncio
from tarmac_sql import SQLBackend, SQLError, Statement

from tests.services.mariadb import MariaDBServer

OpenMySQL = Callable[..., AbstractAsyncContextManager[SQLBackend]]


@pytest_asyncio.fixture
async def database(open_with: OpenMySQL, shared_server: MariaDBServer) -> AsyncIterator[SQLBackend]:
    """With one connection, so that all calls share it."""
    async with open_with(dsn=shared_server.dsn(), pool_size=1) as database:
        yield database


async def one(database: SQLBackend, text: str) -> Any:
    """The only value of a result."""
    return next(iter(json.loads((await database.query(Statement(text))).data)[0].values()))


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("SET @a = 1", "SELECT @a", None),
        ("SELECT @a := 1", "SELECT @a", None),
        ("SELECT 1 INTO @a", "SELECT @a", None),
        ("SET SESSION sort_buffer_size = 1000000", "SELECT @@sort_buffer_size = 1000000", 0),
        ("SET NAMES latin1", "SELECT @@character_set_client", "utf8mb4"),
        ("SET SESSION TRANSACTION READ ONLY", "SELECT 'é'", "é"),
        ("SET autocommit = 0", "SELECT @@autocommit", 1),
        ("SELECT GET_LOCK('mine', 0)", "SELECT IS_USED_LOCK('mine')", None),
        ("SELECT LAST_INSERT_ID(77)", "SELECT LAST_INSERT_ID()", 0),
        ("SELECT SQL_CALC_FOUND_ROWS 1", "SELECT FOUND_ROWS() < 2", 1),
        ("USE information_schema", "SELECT DATABASE()", "tarmac"),
        ("/*!50000 SET @a = 1 */", "SELECT @a", None),
        ("(SELECT @a := 1)", "SELECT @a", None),
        ("PREPARE kept FROM 'SELECT 1'", "SELECT 1", 1),
        ("LOCK TABLES information_schema.tables WRITE", "SELECT 1", 1),
    ],
)
async def test_nothing_of_a_session_reaches_the_next_call(
    database: SQLBackend, text: str, asked: str, expected: object
) -> None:
    for run in (database.query, database.exec):
        try:
            await run(Statement(text))
        except SQLError as error:
            assert "Error 1044" in str(error)  # noqa: PT017 - the user may not lock that table
        assert await one(database, asked) == expected


async def test_a_temporary_table_is_gone_with_its_call(database: SQLBackend) -> None:
    await database.exec(Statement("CREATE TEMPORARY TABLE mine (a INT)"))
    with pytest.raises(SQLError, match=r"Error 1146 \(42S02\)"):
        await database.query(Statement("SELECT * FROM mine"))


async def test_a_prepared_statement_is_gone_with_its_call(database: SQLBackend) -> None:
    await database.exec(Statement("PREPARE kept FROM 'SELECT 1'"))
    with pytest.raises(SQLError, match="Unknown prepared statement"):
        await database.query(Statement("EXECUTE kept"))


async def test_warnings_of_one_call_are_not_shown_to_another(database: SQLBackend) -> None:
    await database.query(Statement("SELECT CAST('secret' AS SIGNED) AS a"))
    assert (await database.query(Statement("SHOW WARNINGS"))).data == b"[]"


async def test_a_lock_is_free_for_others_when_its_call_is_answered(
    database: SQLBackend, open_with: OpenMySQL, shared_server: MariaDBServer
) -> None:
    async with open_with(dsn=shared_server.dsn()) as other:
        await database.query(Statement("SELECT GET_LOCK('shared', 0)"))
        assert await one(other, "SELECT GET_LOCK('shared', 0)") == 1


async def test_the_new_id_is_not_that_of_an_earlier_call(database: SQLBackend) -> None:
    await database.exec(Statement("CREATE TABLE IF NOT EXISTS ids (id INT AUTO_INCREMENT PRIMARY KEY, a INT)"))
    assert (await database.exec(Statement("INSERT INTO ids (a) VALUES (1), (2)"))).last_insert_id > 0
    assert (await database.exec(Statement("UPDATE ids SET a = a + 1"))).last_insert_id == 0
    assert (await one(database, "SELECT ROW_COUNT()")) < 1
    await database.exec(Statement("DROP TABLE ids"))


@pytest.mark.parametrize(
    "text", ["BEGIN", "START TRANSACTION", "commit", " /* x */ ROLLBACK", "SAVEPOINT a", "XA START 'a'"]
)
async def test_a_call_is_a_transaction_of_its_own(database: SQLBackend, text: str) -> None:
    with pytest.raises(SQLError, match="each call is a transaction of its own"):
        await database.exec(Statement(text))


async def test_a_procedure_is_one_transaction(database: SQLBackend) -> None:
    await database.exec(Statement("DROP TABLE IF EXISTS twice"))
    await database.exec(Statement("DROP PROCEDURE IF EXISTS twice"))
    await database.exec(Statement("CREATE TABLE twice (a INT PRIMARY KEY)"))
    body = "BEGIN INSERT INTO twice VALUES (n); SELECT n AS one; SELECT n AS two; INSERT INTO twice VALUES (1); END"
    await database.exec(Statement(f"CREATE PROCEDURE twice (n INT) {body}"))
    rows = await database.query(Statement("CALL twice(?)", (0,)))
    assert rows == (("one",), b'[{"one":0}]')
    with pytest.raises(SQLError, match=r"Error 1062 \(23000\): Duplicate entry"):
        await database.exec(Statement("CALL twice(2)"))
    assert await one(database, "SELECT count(*) FROM twice") == 2
    await database.exec(Statement("DELETE FROM twice WHERE a = 1"))
    assert (await database.exec(Statement("CALL twice(3)"))).rows_affected in (1, 2)


async def test_a_transaction_that_a_procedure_leaves_open_is_no_other_calls(database: SQLBackend) -> None:
    await database.exec(Statement("DROP TABLE IF EXISTS open_end"))
    await database.exec(Statement("DROP PROCEDURE IF EXISTS open_end"))
    await database.exec(Statement("CREATE TABLE open_end (a INT)"))
    body = "BEGIN COMMIT; START TRANSACTION; INSERT INTO open_end VALUES (1); END"
    await database.exec(Statement(f"CREATE PROCEDURE open_end () {body}"))
    await database.exec(Statement("CALL open_end()"))
    assert await one(database, "SELECT count(*) FROM open_end") == 1


async def test_what_returning_gives_past_the_limit_is_undone(open_with: OpenMySQL, mariadb: MariaDBServer) -> None:
    async with open_with(dsn=mariadb.dsn(), max_rows=2) as database:
        await database.exec(Statement("CREATE OR REPLACE TABLE given (id INT AUTO_INCREMENT PRIMARY KEY, a INT)"))
        with pytest.raises(SQLError, match="more than 2 rows"):
            await database.query(Statement("INSERT INTO given (a) VALUES (1), (2), (3) RETURNING id"))
        assert await one(database, "SELECT count(*) FROM given") == 0
        assert len(json.loads((await database.query(Statement("DELETE FROM given RETURNING id"))).data)) == 0
        rows = await database.query(Statement("INSERT INTO given (a) VALUES (1), (2) RETURNING a"))
        assert rows.data == b'[{"a":1},{"a":2}]'
        done = await database.exec(Statement("DELETE FROM given RETURNING id"))
        assert done.rows_affected == 2
        assert "RETURNING" in done.missing


async def test_only_reading_and_writing_may_take_turns_on_a_connection(database: SQLBackend) -> None:
    await database.exec(Statement("CREATE TABLE IF NOT EXISTS turns (a INT)"))
    for _ in range(3):
        await database.exec(Statement("INSERT INTO turns VALUES (1)"))
        assert await one(database, "SELECT count(*) > 0 FROM turns") == 1
        assert (await database.query(Statement("SELECT 1 AS a"), read_only=True)).data == b'[{"a":1}]'
        with pytest.raises(SQLError):
            await database.query(Statement("DELETE FROM turns"), read_only=True)
    assert await one(database, "SELECT count(*) FROM turns") == 3
    await database.exec(Statement("DROP TABLE turns"))

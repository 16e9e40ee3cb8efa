"""What a statement may do: one at a time, no files of this host, nothing but reading where only that is allowed."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from tarmac_sql import ReadOnlyError, SQLBackend, SQLError, Statement
from tarmac_sql_mysql.statements import kind_of

from tests.services.mariadb import MariaDBServer

OpenMySQL = Callable[..., AbstractAsyncContextManager[SQLBackend]]


async def rows_of(database: SQLBackend, text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((await database.query(Statement(text))).data)
    return found


async def test_several_statements_in_one_text_are_refused_by_the_server(
    shared_server: MariaDBServer, open_with: OpenMySQL
) -> None:
    async with open_with(dsn=shared_server.dsn(options="multiStatements=true")) as database:
        await database.exec(Statement("CREATE TABLE IF NOT EXISTS several (a INT)"))
        for text in ("SELECT 1; DROP TABLE several", "SELECT 1; DELETE FROM several", ";;"):
            with pytest.raises(SQLError, match=r"Error 10(64|65)"):
                await database.query(Statement(text))
        assert await rows_of(database, "SELECT * FROM several") == []
        assert await rows_of(database, "SELECT 1 AS a;") == [{"a": 1}]


async def test_files_of_this_host_are_never_sent(shared_server: MariaDBServer, open_with: OpenMySQL) -> None:
    for options in ("", "allowAllFiles=true"):
        async with open_with(dsn=shared_server.dsn(options=options)) as database:
            await database.exec(Statement("CREATE TABLE IF NOT EXISTS files (a TEXT)"))
            with pytest.raises(SQLError, match=r"Error (1148|3948|4166)"):
                await database.exec(Statement("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE files"))
            assert await rows_of(database, "SELECT * FROM files") == []


@pytest.mark.parametrize(
    "text",
    [
        "DROP TABLE kept",
        "TRUNCATE kept",
        "ALTER TABLE kept ADD b INT",
        "CREATE TABLE kept2 (a INT)",
        "CREATE TEMPORARY TABLE kept3 (a INT)",
        "REPLACE INTO kept VALUES (1)",
        "INSERT INTO kept VALUES (1) RETURNING a",
        "WITH a AS (SELECT 1) DELETE FROM kept",
        "CALL writes()",
        "SELECT writing()",
        "BEGIN NOT ATOMIC COMMIT; INSERT INTO kept VALUES (1); END",
        "EXECUTE IMMEDIATE 'INSERT INTO kept VALUES (1)'",
        "SET STATEMENT max_statement_time=1 FOR INSERT INTO kept VALUES (1)",
        "SET SESSION TRANSACTION READ WRITE",
        "/*! INSERT INTO kept VALUES (1) */",
        "/* SELECT */ INSERT INTO kept VALUES (1)",
        "-- SELECT\nINSERT INTO kept VALUES (1)",
        "#SELECT\nINSERT INTO kept VALUES (1)",
        "SELECT 1 INTO OUTFILE '/tmp/never-written'",
        "SELECT 1 /*! INTO DUMPFILE '/tmp/never-written' */",
        "SELECT * FROM kept FOR UPDATE",
        "GRANT SELECT ON *.* TO tarmac",
        "FLUSH TABLES",
        "SET GLOBAL max_connections = 10",
        "KILL 1",
        "DO writing()",
        "HANDLER kept OPEN",
        "ANALYZE TABLE kept",
        "",
    ],
)
async def test_where_only_reading_is_allowed_nothing_else_is(
    shared_server: MariaDBServer, open_with: OpenMySQL, text: str
) -> None:
    async with open_with(dsn=shared_server.dsn("admin"), pool_size=1) as database:
        await database.exec(Statement("CREATE TABLE IF NOT EXISTS kept (a INT)"))
        await database.exec(Statement("DROP PROCEDURE IF EXISTS writes"))
        await database.exec(Statement("DROP FUNCTION IF EXISTS writing"))
        body = "BEGIN COMMIT; SET SESSION TRANSACTION READ WRITE; INSERT INTO kept VALUES (1); END"
        await database.exec(Statement(f"CREATE PROCEDURE writes () {body}"))
        body = "BEGIN INSERT INTO kept VALUES (1); RETURN 1; END"
        await database.exec(Statement(f"CREATE FUNCTION writing () RETURNS INT DETERMINISTIC {body}"))
        with pytest.raises(SQLError) as raised:
            await database.query(Statement(text), read_only=True)
        # MariaDB has no DELETE behind WITH.
        assert isinstance(raised.value, ReadOnlyError) or "Error 1064" in str(raised.value)
        assert await rows_of(database, "SELECT a FROM kept") == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 AS a",
        "(SELECT 1) UNION (SELECT 2)",
        "/* first */ -- then\n select 1",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "SHOW TABLES",
        "EXPLAIN SELECT 1",
        "DESCRIBE information_schema.tables",
        "SELECT @a := 1",
    ],
)
async def test_reading_is_allowed_in_all_its_forms(
    shared_server: MariaDBServer, open_with: OpenMySQL, text: str
) -> None:
    async with open_with(dsn=shared_server.dsn(), read_only=True, pool_size=1) as database:
        assert (await database.query(Statement(text))).columns
        with pytest.raises(ReadOnlyError):
            await database.query(Statement("CREATE TABLE never (a INT)"))


@pytest.mark.parametrize(("options", "changed"), [("", 0), ("clientFoundRows=true", 1), ("clientFoundRows=false", 0)])
async def test_rows_that_stay_as_they_are_count_only_if_the_dsn_says_so(
    shared_server: MariaDBServer, open_with: OpenMySQL, options: str, changed: int
) -> None:
    async with open_with(dsn=shared_server.dsn(options=options)) as database:
        await database.exec(Statement("DROP TABLE IF EXISTS counted"))
        await database.exec(Statement("CREATE TABLE counted (id INT PRIMARY KEY, a INT)"))
        await database.exec(Statement("INSERT INTO counted VALUES (1, 1)"))
        assert (await database.exec(Statement("UPDATE counted SET a = 1"))).rows_affected == changed
        upsert = Statement("INSERT INTO counted VALUES (1, 2) ON DUPLICATE KEY UPDATE a = 2")
        assert (await database.exec(upsert)).rows_affected == 2


async def test_ids_beyond_63_bits_are_those_of_go(shared_server: MariaDBServer, open_with: OpenMySQL) -> None:
    async with open_with(dsn=shared_server.dsn()) as database:
        await database.exec(Statement("DROP TABLE IF EXISTS large_ids"))
        start = "AUTO_INCREMENT = 18446744073709551613"
        await database.exec(
            Statement(f"CREATE TABLE large_ids (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY) {start}")
        )
        assert (await database.exec(Statement("INSERT INTO large_ids () VALUES ()"))).last_insert_id == -3


async def test_rows_of_a_statement_that_is_executed_are_read_away(
    shared_server: MariaDBServer, open_with: OpenMySQL
) -> None:
    async with open_with(dsn=shared_server.dsn(), pool_size=1) as database:
        assert await database.exec(Statement("SELECT * FROM information_schema.columns")) == (0, 0, "")
        assert await rows_of(database, "SELECT 1 AS a") == [{"a": 1}]


async def test_a_statement_that_the_server_cannot_take_is_refused_before_it_is_sent(
    mariadb: MariaDBServer, open_with: OpenMySQL
) -> None:
    async with open_with(dsn=mariadb.dsn(), pool_size=1) as database:
        with pytest.raises(SQLError, match=r"has 1677\d+ bytes, the server takes 16777216 \(its max_allowed_packet\)"):
            await database.query(Statement(f"SELECT '{'x' * (1 << 24)}' AS a"))
        rows = await rows_of(database, f"SELECT length('{'x' * (15 << 20)}') AS a")
        assert rows == [{"a": 15 << 20}]
    async with open_with(dsn=mariadb.dsn(options="maxAllowedPacket=1000")) as database:
        with pytest.raises(SQLError, match="the server takes 1000"):
            await database.query(Statement("SELECT ? AS a", ("x" * 1000,)))


async def test_warnings_of_the_server_are_not_asked_for_or_logged(
    shared_server: MariaDBServer, open_with: OpenMySQL, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_with(dsn=shared_server.dsn()) as database:
        await database.exec(Statement("DROP TABLE IF EXISTS never_there"))
        assert await rows_of(database, "SELECT CAST('secret' AS SIGNED) AS a") == [{"a": 0}]
    assert caplog.records == []


async def test_answers_that_come_at_once_never_get_mixed_up(shared_server: MariaDBServer, open_with: OpenMySQL) -> None:
    async with open_with(dsn=shared_server.dsn(), pool_size=3) as database:
        for round_ in range(20):
            calls = [asyncio.create_task(rows_of(database, f"SELECT {number} AS a")) for number in range(30)]
            await asyncio.sleep(0.0003 * (round_ % 7))
            for call in calls[::3]:
                call.cancel()
            for number, answer in enumerate(await asyncio.gather(*calls, return_exceptions=True)):
                assert answer == [{"a": number}] or isinstance(answer, asyncio.CancelledError)


def test_a_plain_statement_takes_one_turn() -> None:
    for text in ("SELECT a FROM t", "INSERT INTO t VALUES (1)", "UPDATE t SET a = 1", "DELETE FROM t", "DROP TABLE t"):
        assert kind_of(text).is_plain
    for text in (
        "CALL a()",
        "SELECT @a",
        "SET @a = 1",
        "BEGIN",
        "INSERT INTO t VALUES (1) RETURNING a",
        "SHOW TABLES",
        "",
    ):
        assert not kind_of(text).is_plain

"""What a text may do in a call, and that nothing of it is left for the next one."""

import asyncio
import json
import select
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import psycopg
import pytest
from tarmac_sql import Done, ReadOnlyError, Rows, SQLBackend, SQLError, Statement
from tarmac_sql_postgres.exchange import call, frames
from tarmac_sql_postgres.results import DoneTaker
from tarmac_sql_postgres.turn import Steps
from tarmac_sql_postgres.watch import Watch

from tarmac_core.testing import Records
from tests.services.postgres import PostgresServer

OpenPostgres = Callable[..., AbstractAsyncContextManager[SQLBackend]]


async def one(database: SQLBackend, text: str, *args: Any, read_only: bool = False) -> Any:
    """The value of the first column of the first row."""
    rows = await database.query(Statement(text, args or None), read_only=read_only)
    return next(iter(json.loads(rows.data)[0].values()))


async def test_a_text_of_several_statements_gives_the_first_rows(open_database: OpenPostgres) -> None:
    async with open_database() as database:
        text = (
            "CREATE TABLE several (a int); INSERT INTO several VALUES (1), (2); SELECT a FROM several; SELECT 'x' AS b"
        )
        rows = await database.query(Statement(text))
        assert rows == Rows(("a",), b'[{"a":1},{"a":2}]')
        assert await database.query(Statement("SELECT a FROM several WHERE a > 9; SELECT 1 AS b")) == Rows(
            ("a",), b"[]"
        )
        assert await database.exec(Statement("UPDATE several SET a = 3; DELETE FROM several WHERE a = 9")) == Done(0)
        assert await database.exec(Statement("SELECT 1; DROP TABLE several; SELECT 1 UNION SELECT 2")) == Done(2)


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100, 1234])
async def test_rows_of_any_number_are_counted_and_given(open_database: OpenPostgres, count: int) -> None:
    async with open_database() as database:
        statement = Statement(f"SELECT a FROM generate_series(1, {count}) AS t (a)")
        assert await database.exec(statement) == Done(count)
        assert json.loads((await database.query(statement)).data) == [{"a": a} for a in range(1, count + 1)]


async def test_a_text_of_several_statements_is_one_transaction(open_database: OpenPostgres) -> None:
    async with open_database() as database:
        await database.exec(Statement("CREATE TABLE whole (a int)"))
        with pytest.raises(SQLError, match=r"division by zero \(22012\)"):
            await database.exec(Statement("INSERT INTO whole VALUES (1); SELECT 1 / 0"))
        assert await one(database, "SELECT count(*) FROM whole") == 0
        await database.exec(Statement("DROP TABLE whole"))


async def test_a_text_may_end_its_transaction_itself(open_database: OpenPostgres) -> None:
    async with open_database(pool_size=1) as database:
        await database.exec(Statement("CREATE TABLE own (a int)"))
        await database.exec(Statement("BEGIN; INSERT INTO own VALUES (1); COMMIT"))
        await database.exec(Statement("INSERT INTO own VALUES (2); ROLLBACK"))
        await database.exec(Statement("INSERT INTO own VALUES (3); COMMIT; BEGIN; INSERT INTO own VALUES (4)"))
        with pytest.raises(SQLError, match="division by zero"):
            await database.exec(
                Statement("INSERT INTO own VALUES (5); COMMIT; INSERT INTO own VALUES (6); SELECT 1 / 0")
            )
        rows = await database.query(Statement("SELECT array_agg(a ORDER BY a) AS a FROM own"))
        assert json.loads(rows.data) == [{"a": [1, 3, 4, 5]}]
        await database.exec(Statement("DROP TABLE own"))


async def test_a_commit_that_fails_is_an_error_and_undone(open_database: OpenPostgres) -> None:
    async with open_database(pool_size=1) as database:
        await database.exec(Statement("CREATE TABLE late (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
        with pytest.raises(SQLError, match=r"duplicate key .* \(23505\)"):
            await database.exec(Statement("INSERT INTO late VALUES (1), (1)"))
        assert await one(database, "SELECT count(*) FROM late") == 0
        await database.exec(Statement("DROP TABLE late"))


async def test_what_refuses_to_be_in_a_transaction_runs_without_one(open_database: OpenPostgres) -> None:
    async with open_database() as database:
        await database.exec(Statement("VACUUM pg_type"))
        await database.query(Statement("CREATE DATABASE another"))
        await database.exec(Statement("DROP DATABASE another"))
        with pytest.raises(SQLError, match="read-only"):
            await database.query(Statement("CREATE DATABASE another"), read_only=True)


async def test_what_refuses_to_be_in_a_transaction_is_never_a_reason_to_run_a_text_again(
    open_database: OpenPostgres,
) -> None:
    async with open_database() as database:
        await database.exec(Statement("CREATE TABLE once (a int)"))
        for text in ("INSERT INTO once VALUES (1); COMMIT; VACUUM once", "INSERT INTO once VALUES (2); VACUUM once"):
            with pytest.raises(SQLError, match=r"VACUUM cannot .*\(25001\)"):
                await database.exec(Statement(text))
        rows = await database.query(Statement("SELECT a FROM once"))
        assert json.loads(rows.data) == [{"a": 1}]
        await database.exec(Statement("DROP TABLE once"))


@pytest.mark.parametrize(
    "text",
    ["COPY (SELECT 1) TO STDOUT", "COPY (SELECT generate_series(1, 3000000)) TO STDOUT", "COPY copied FROM STDIN"],
)
async def test_copy_is_refused_and_the_connection_still_usable(open_database: OpenPostgres, text: str) -> None:
    async with open_database(pool_size=1) as database:
        await database.exec(Statement("CREATE TABLE copied (a int)"))
        before = await one(database, "SELECT pg_backend_pid()")
        statements = (Statement(text), Statement(text, ()), Statement(f"SELECT 1; {text}; SELECT 2"))
        for run in (database.query, database.exec) * 5:
            for statement in statements:
                with pytest.raises(SQLError, match="COPY FROM STDIN and COPY TO STDOUT have no place in a call"):
                    await asyncio.wait_for(run(statement), 10)
        assert await one(database, "SELECT pg_backend_pid()") == before
        await database.exec(Statement("DROP TABLE copied"))


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("SET application_name = 'mine'", "SELECT current_setting('application_name')", "tarmac"),
        ("SET search_path = pg_catalog", "SELECT current_setting('search_path')", '"$user", public'),
        ("SET ROLE pg_monitor", "SELECT current_user::text", "tarmac"),
        ("SET SESSION AUTHORIZATION pg_monitor", "SELECT session_user::text", "tarmac"),
        ("SELECT set_config('my.own', 'x', false)", "SELECT coalesce(current_setting('my.own', true), '')", ""),
        ("SET default_transaction_read_only = on", "SELECT current_setting('transaction_read_only')", "off"),
        ("SET default_transaction_isolation = serializable", "SHOW transaction_isolation", "read committed"),
        ("CREATE TEMP TABLE pg_class2 (a int)", "SELECT to_regclass('pg_class2') IS NULL", True),
        ("SELECT pg_advisory_lock(42)", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", 0),
        ("LISTEN mine", "SELECT count(*) FROM pg_listening_channels()", 0),
        ("PREPARE mine AS SELECT 1", "SELECT count(*) FROM pg_prepared_statements", 0),
        ("DECLARE mine CURSOR WITH HOLD FOR SELECT 1", "SELECT count(*) FROM pg_cursors WHERE name = 'mine'", 0),
        ("DEALLOCATE ALL", "SELECT 1", 1),
        ("SET client_encoding = 'LATIN1'", "SELECT 'ü'", "ü"),
        ("SET statement_timeout = 1", "SELECT pg_sleep(0.05)::text", ""),
    ],
)
@pytest.mark.parametrize("failing", ["", "; COMMIT; SELECT 1 / 0"], ids=["done", "failed"])
async def test_nothing_of_a_session_reaches_the_next_call(
    open_database: OpenPostgres, text: str, asked: str, expected: Any, failing: str
) -> None:
    async with open_database(pool_size=1) as database:
        before = await one(database, "SELECT pg_backend_pid()")
        for run in (database.query, database.exec):
            try:
                await run(Statement(text + failing))
            except SQLError as error:
                assert failing, error  # noqa: PT017 - only then
        assert await one(database, asked) == expected
        assert await one(database, "SELECT pg_backend_pid()") == before


async def test_notices_and_notifications_are_not_collected(
    shared_server: PostgresServer, open_database: OpenPostgres, caplog: pytest.LogCaptureFixture
) -> None:
    text = "DO $$ BEGIN FOR i IN 1..100 LOOP RAISE WARNING '%', i; PERFORM pg_notify('a', i::text); END LOOP; END $$"
    caplog.set_level("INFO", logger="sqlalchemy")
    async with open_database(pool_size=1) as database:
        await database.exec(Statement(f"LISTEN a; {text}"))
        assert await one(database, "SELECT 1") == 1
    assert not [message for message in caplog.messages if "WARNING" in message]
    async with await psycopg.AsyncConnection.connect(shared_server.dsn(), autocommit=True) as connection:
        await Watch("", Records().log("")).greet(connection)
        for statement in ("LISTEN a", text):
            await connection.execute(statement.encode())
        assert [heard async for heard in connection.notifies(timeout=0.05)] == []


async def test_who_may_only_read_cannot_notify_either(
    shared_server: PostgresServer, open_database: OpenPostgres
) -> None:
    async with (
        await psycopg.AsyncConnection.connect(shared_server.dsn(), autocommit=True) as listener,
        open_database() as database,
    ):
        await listener.execute(b"LISTEN heard")
        for read_only in (True, False):
            text = f"SELECT pg_notify('heard', '{read_only}')"
            await database.query(Statement(text), read_only=read_only)
        assert [heard.payload async for heard in listener.notifies(timeout=0.2)] == ["False"]


async def test_a_call_does_not_end_before_its_wish_to_cancel_was_heard(shared_server: PostgresServer) -> None:
    asked: list[bool] = []

    def cancel() -> bool:
        asked.append(len(asked) >= 3)
        return asked[-1]

    async with await psycopg.AsyncConnection.connect(shared_server.dsn(), autocommit=True) as connection:
        text = Statement("COPY (SELECT 1) TO STDOUT")
        steps = call(connection.pgconn, text, frames(0).usual, DoneTaker, cancel)
        with pytest.raises(SQLError, match="have no place in a call"):
            _finish(steps, connection.pgconn.socket)
    assert asked == [False, False, False, True]


def _finish(steps: Steps[Done], socket: int) -> None:
    """Drive a call without an event loop."""
    waits = next(steps)
    while True:
        reads, writes = [socket] if waits & 1 else [], [socket] if waits & 2 else []
        ready = [len(found) for found in select.select(reads, writes, [], 10)[:2]] if waits else (0, 0)
        waits = steps.send(ready[0] + 2 * ready[1])


async def test_a_role_that_only_reads_stays_so(open_database: OpenPostgres) -> None:
    async with open_database() as database:
        await database.exec(Statement("ALTER ROLE tarmac SET default_transaction_read_only = on"))
    try:
        async with open_database() as database:
            with pytest.raises(ReadOnlyError):
                await database.exec(Statement("CREATE TABLE never (a int)"))
    finally:
        async with open_database() as database:
            text = "SET TRANSACTION READ WRITE; ALTER ROLE tarmac RESET default_transaction_read_only"
            await database.exec(Statement(text))


@pytest.mark.parametrize(
    "text",
    [
        "SET TRANSACTION READ WRITE; INSERT INTO kept VALUES (1)",
        "COMMIT; INSERT INTO kept VALUES (1)",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        "DO $$ BEGIN SET TRANSACTION READ WRITE; INSERT INTO kept VALUES (1); END $$",
        "DO $$ BEGIN COMMIT; INSERT INTO kept VALUES (1); END $$",
        "SELECT set_config('transaction_read_only', 'off', true), nextval('kept_a_seq')",
        "WITH a AS (INSERT INTO kept VALUES (1) RETURNING a) SELECT a FROM a",
        "EXPLAIN ANALYZE INSERT INTO kept VALUES (1)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'INSERT INTO kept VALUES (1) RETURNING a'",
        "SELECT pg_catalog.set_config('default_transaction_read_only', 'off', false)",
        "PREPARE TRANSACTION 'a'",
    ],
)
async def test_reading_only_has_no_way_round(open_database: OpenPostgres, text: str) -> None:
    async with open_database(pool_size=1) as database:
        await database.exec(Statement("CREATE TABLE kept (a serial)"))
        try:
            for args in (None, ()):
                try:
                    await database.query(Statement(text, args), read_only=True)
                except SQLError as error:
                    assert str(error)  # noqa: PT017 - what does nothing may pass
                with pytest.raises(ReadOnlyError):
                    await database.query(Statement("INSERT INTO kept VALUES (2)"), read_only=True)
            assert await one(database, "SELECT count(*) FROM kept") == 0
        finally:
            await database.exec(Statement("DROP TABLE kept"))


@pytest.mark.parametrize(
    ("text", "args", "expected"),
    [
        ("SELECT $1", (7,), 7),
        ("SELECT $1", (True,), True),
        ("SELECT $1", (2.5,), 2.5),
        ("SELECT $1", ("x",), "x"),
        ("SELECT $1", (b"\x00\xff",), "AP8="),
        ("SELECT $1::int IS NULL", (None,), True),
        ("SELECT $1 + 1", (9223372036854775806,), 9223372036854775807),
        ("SELECT $1", (-9223372036854775808,), -9223372036854775808),
        ("SELECT repeat('ab', $1)", (2,), "abab"),
        ("SELECT '2024-02-28'::date + $1", (1,), "2024-02-29"),
        ("SELECT $1::jsonb -> $2", ('{"a": [1]}', "a"), [1]),
        ("SELECT $1::uuid", ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("SELECT $1::date", ("2024-02-29",), "2024-02-29"),
        ("SELECT $1 = ANY(ARRAY['a', 'b'])", ("b",), True),
        ("SELECT count(*) FROM (VALUES (1::int8), (2)) AS t (a) WHERE a = $1", (2,), 1),
        ("SELECT a FROM generate_series(1, 9) AS t (a) ORDER BY a LIMIT $1 OFFSET $2", (1, 3), 4),
        ("SELECT $1::float8", (float("inf"),), "Infinity"),
        ("SELECT '%s :x $1 %' || $1::text", ("x",), "%s :x $1 %x"),
        ("SELECT ?::int + ?::int * 10", (1, 2), 21),
        ("SELECT '?' || ?::text || $$?$$ /* ? */ -- ?", ("x",), "?x?"),
        ("""SELECT '{"a": 1}'::jsonb ? $1""", ("a",), True),
    ],
)
async def test_a_parameter_has_the_type_it_needs(
    open_database: OpenPostgres, text: str, args: tuple[Any, ...], expected: Any
) -> None:
    async with open_database() as database:
        assert await one(database, text, *args) == expected


async def test_a_parameter_that_text_cannot_hold_is_named(open_database: OpenPostgres) -> None:
    async with open_database() as database:
        with pytest.raises(SQLError, match="a parameter has a NUL"):
            await one(database, "SELECT $1, $2", "a", "b\0c")
        with pytest.raises(SQLError, match="cannot be sent"):
            await one(database, "SELECT 1", *range(70_000))
        with pytest.raises(SQLError, match=r"several|multiple commands"):
            await one(database, "SELECT $1; SELECT 2", 1)
        assert await one(database, "SELECT 1") == 1


async def test_failures_are_in_the_server_s_words_with_its_code(open_database: OpenPostgres) -> None:
    async with open_database() as database:
        with pytest.raises(SQLError, match=r'^syntax error at or near "SELEC" \(42601\)$'):
            await one(database, "SELEC 1")
        with pytest.raises(SQLError, match=r'^relation "no_such" does not exist \(42P01\)$'):
            await one(database, "SELECT * FROM no_such")
        with pytest.raises(SQLError, match=r"^mine \(P0001\)$"):
            await one(database, "DO $$ BEGIN RAISE 'mine'; END $$")

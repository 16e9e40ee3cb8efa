"""Statements that are meant to harm the host: each is refused or fails, and the next call is served."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from tarmac_sql import SQLBackend, SQLError, Statement

OpenSqlite = Callable[..., AbstractAsyncContextManager[SQLBackend]]
MIB = 1 << 20


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("SELECT fts3_tokenizer('simple')", None),
        ("SELECT fts3_tokenizer('evil', x'4141414141414141')", None),
        ("SELECT FTS3_Tokenizer('evil', ?)", (b"A" * 8,)),
        ("SELECT sql FROM sqlite_stmt", None),
        ("SELECT sql FROM SQLite_Stmt", None),
        ("PRAGMA database_list", None),
        ("SELECT file FROM pragma_database_list", None),
        ("PRAGMA wal_checkpoint", None),
    ],
)
async def test_no_statement_reaches_memory_other_statements_or_the_files_place(
    open_database: OpenSqlite, text: str, args: tuple[bytes] | None
) -> None:
    async with open_database() as database:
        for run in (database.query, database.exec):
            with pytest.raises(SQLError, match=r"not allowed|not authorized|prohibited"):
                await run(Statement(text, args))


async def test_a_view_or_trigger_is_no_way_around_what_is_denied(open_database: OpenSqlite) -> None:
    async with open_database() as database:
        await database.exec(Statement("CREATE TABLE t (a)"))
        for text in (
            "CREATE VIEW v AS SELECT fts3_tokenizer('simple') AS a",
            "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT fts3_tokenizer('simple'); END",
        ):
            await database.exec(Statement(text))
        with pytest.raises(SQLError, match=r"unsafe use|not authorized"):
            await database.query(Statement("SELECT a FROM v"))
        with pytest.raises(SQLError, match=r"unsafe use|not authorized"):
            await database.exec(Statement("INSERT INTO t VALUES (1)"))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT zeroblob(900000000)",
        "SELECT hex(zeroblob(400000000))",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 400) SELECT zeroblob(15000000) FROM n",
        f"SELECT {','.join(['hex(zeroblob(30000000))'] * 20)}",
    ],
)
async def test_a_result_beyond_the_limit_is_refused_before_it_fills_the_memory_or_holds_up_the_loop(
    open_database: OpenSqlite, text: str
) -> None:
    longest_gap_s = 0.0

    async def watch() -> None:
        nonlocal longest_gap_s
        while True:
            before_s = time.perf_counter()
            await asyncio.sleep(0.01)
            longest_gap_s = max(longest_gap_s, time.perf_counter() - before_s)

    async with open_database() as database:
        watching = asyncio.create_task(watch())
        with pytest.raises(SQLError, match=r"too big|more memory|more than"):
            await database.query(Statement(text))
        watching.cancel()
        assert (await database.query(Statement("SELECT 1 AS a"))).data == b'[{"a":1}]'
    assert longest_gap_s < 1.0


async def test_long_statements_are_not_kept_for_ever(open_database: OpenSqlite) -> None:
    texts = [f"SELECT {number} AS a, length('{'x' * MIB}') AS b" for number in range(40)]
    at_first = sys.getrefcount(texts[0])
    async with open_database(pool_size=1) as database:
        for text in texts:
            assert json.loads((await database.query(Statement(text))).data)[0]["b"] == MIB
        kept = sum(sys.getrefcount(texts[index]) > at_first for index in range(len(texts)))
    assert kept <= 17


def test_a_function_that_no_interrupt_ends_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    # In a process of its own, since its thread goes on for hours.
    ran = subprocess.run(
        [sys.executable, "-c", _STOP, str(tmp_path)], check=True, capture_output=True, text=True, timeout=30
    )
    assert "sql_statement_timeout_ms" in ran.stdout
    assert ran.stdout.endswith("closed\n")


_STOP = """
import asyncio, pathlib, sys
from tarmac_core.plugin import Context
from tarmac_core.testing import Records
from tarmac_sql import SQLError, Statement
from tarmac_sql_sqlite.plugin import SqliteSettings, open_sqlite

async def main():
    records, clock = Records(), asyncio.get_running_loop().time
    context = Context(records.log("sql"), records.invoke, records.events.append, pathlib.Path(sys.argv[1]), clock)
    async with open_sqlite(SqliteSettings(statement_timeout_ms=100), context) as database:
        try:
            await database.query(Statement("SELECT instr(hex(zeroblob(8000000)), hex(zeroblob(4000000)) || '1')"))
        except SQLError as error:
            print(error)
        await database.query(Statement("SELECT 1"))
    print("closed")

asyncio.run(main())
"""

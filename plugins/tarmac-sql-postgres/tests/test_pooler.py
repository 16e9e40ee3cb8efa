"""Behind PgBouncer in transaction mode, where each call may reach another connection of the server."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager

import pytest
from tarmac_sql import ReadOnlyError, SQLBackend, SQLError, Statement

from tests.services.pgbouncer import PgBouncer
from tests.services.postgres import PostgresServer

OpenPostgres = Callable[..., AbstractAsyncContextManager[SQLBackend]]


@pytest.fixture
def pooler(shared_server: PostgresServer) -> Iterator[PgBouncer]:
    with PgBouncer(shared_server) as pooler:
        yield pooler


async def test_calls_share_a_few_connections_and_nothing_else(pooler: PgBouncer, open_with: OpenPostgres) -> None:
    async with open_with(dsn=pooler.dsn, pool_size=10) as database:
        await database.exec(Statement("CREATE TABLE pooled (a int)"))
        insert = Statement("INSERT INTO pooled VALUES ($1)", (1,))
        leaving = Statement("SET search_path = pg_catalog; SELECT pg_advisory_lock(7); PREPARE a AS SELECT 1")
        await asyncio.gather(*(database.exec(one) for _ in range(60) for one in (insert, leaving)))
        rows = await database.query(Statement("SELECT count(*) AS n FROM pooled"))
        assert json.loads(rows.data) == [{"n": 60}]
        text = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory'"
        assert json.loads((await database.query(Statement(text))).data) == [{"n": 0}]
        await database.exec(Statement("DROP TABLE pooled"))


async def test_limits_and_rights_hold(pooler: PgBouncer, open_with: OpenPostgres) -> None:
    async with open_with(dsn=pooler.dsn, statement_timeout_ms=300) as database:
        with pytest.raises(SQLError, match="longer than 300 ms"):
            await database.query(Statement("SELECT pg_sleep(99)"))
        with pytest.raises(ReadOnlyError):
            await database.query(Statement("CREATE TABLE pooled (a int)"), read_only=True)
        rows = await database.query(Statement("SHOW statement_timeout"))
        assert json.loads(rows.data) == [{"statement_timeout": "5300ms"}]

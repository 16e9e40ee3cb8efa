"""A database as servers' backends are built, step by step on an asynchronous driver, here on SQLite's.

It does what every database must do, apart from reading only, which is each server's own; then connections that break, servers
that do not answer, calls that are given up.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiosqlite import Connection
from sqlalchemy import URL

pytest.register_assert_rewrite("tarmac_sql.conformance")

from tarmac_sql import Done, Rows, SQLBackend, SQLError, Statement, conformance  # noqa: E402
from tarmac_sql.backend import NO_ROWS  # noqa: E402
from tarmac_sql.connections import engine_for  # noqa: E402
from tarmac_sql.database import Database  # noqa: E402
from tarmac_sql.dialect import ServerDialect  # noqa: E402
from tarmac_sql.rows import CHUNK_ROWS, Shape  # noqa: E402
from tarmac_sql.settings import SQLStoreSettings  # noqa: E402

ONE = Statement("SELECT 1 AS a")
ENDLESS = Statement(conformance.Suite.endless)


class SteppedDialect(ServerDialect[Connection]):
    """`broken` are connections to be taken for broken, `seen` all that calls ran on.

    With `is_deaf` a statement does not stop before `is_over`; while `may_open` is not set, connections stay half open.
    """

    errors = (sqlite3.Error, sqlite3.Warning)

    def __init__(self, *, is_deaf: bool = False) -> None:
        self.is_deaf = is_deaf
        self.is_over = False
        self.seen: list[Connection] = []
        self.has_begun = asyncio.Event()
        self.may_open = asyncio.Event()
        self.may_open.set()
        self.broken: set[Connection] = set()

    async def prepare(self, connection: Connection) -> None:
        await self.may_open.wait()
        await connection.execute_fetchall("PRAGMA journal_mode=WAL")
        await connection.set_progress_handler(lambda: self.is_over, 10_000)

    async def begin(self, connection: Connection, *, read_only: bool) -> None:
        self.seen.append(connection)
        self.has_begun.set()
        await connection.execute_fetchall("BEGIN IMMEDIATE")

    async def fetch(self, connection: Connection, statement: Statement, shape: Shape) -> Rows:
        async with connection.execute(statement.text, statement.args or ()) as cursor:
            if cursor.description is None:
                return NO_ROWS
            writer = shape.writer([column[0] for column in cursor.description])
            while rows := list(await cursor.fetchmany(CHUNK_ROWS)):
                writer.add(rows)
        return writer.finish()

    async def change(self, connection: Connection, statement: Statement) -> Done:
        async with connection.execute(statement.text, statement.args or ()) as cursor:
            is_insert = statement.text.startswith("INSERT")
            return Done(max(cursor.rowcount, 0), (cursor.lastrowid or 0) if is_insert else 0)

    async def commit(self, connection: Connection) -> None:
        if not connection.in_transaction:
            raise SQLError("the transaction is not the statement's to end")
        await connection.commit()

    async def rollback(self, connection: Connection) -> None:
        await connection.rollback()

    async def stop(self, connection: Connection) -> None:
        if not self.is_deaf:
            with suppress(ValueError):
                await connection.interrupt()

    def is_usable(self, connection: Connection) -> bool:
        return connection not in self.broken and not connection.in_transaction


@asynccontextmanager
async def stepped(
    path: Path, dialect: SteppedDialect | None = None, **settings: Any
) -> AsyncIterator[Database[Connection]]:
    """Opens it, and closes it at the end."""
    told = dialect or SteppedDialect()
    url = URL.create("sqlite+aiosqlite", database=str(path))
    engine = engine_for(url, {"isolation_level": None}, told.prepare)
    database = Database(engine, told, SQLStoreSettings.model_validate(settings))
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
def open_database(tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[SQLBackend]]:
    """Each opens the same file."""
    return partial(stepped, tmp_path / "sql.db")


class TestStatements(conformance.Statements): ...


class TestParameters(conformance.Parameters): ...


class TestTransactions(conformance.Transactions): ...


class TestLimits(conformance.Limits): ...


class TestTimeOuts(conformance.TimeOuts): ...


class TestLifeCycle(conformance.LifeCycle): ...


async def test_a_connection_is_kept_for_the_next_call(tmp_path: Path) -> None:
    dialect = SteppedDialect()
    async with stepped(tmp_path / "sql.db", dialect) as database:
        for _ in range(3):
            await database.query(ONE)
    assert len(set(dialect.seen)) == 1


async def test_a_connection_that_broke_while_it_was_free_is_replaced(tmp_path: Path) -> None:
    dialect = SteppedDialect()
    async with stepped(tmp_path / "sql.db", dialect, pool_size=1) as database:
        await database.query(ONE)
        dialect.broken.add(dialect.seen[0])
        assert (await database.query(ONE)).data == b'[{"a":1}]'
    assert len(set(dialect.seen)) == 2


async def test_a_connection_that_broke_in_a_call_is_closed_at_once(tmp_path: Path) -> None:
    dialect = SteppedDialect()
    async with stepped(tmp_path / "sql.db", dialect, pool_size=1) as database:
        call = asyncio.create_task(database.query(ONE))
        await dialect.has_begun.wait()
        dialect.broken.add(dialect.seen[0])
        await call
        await asyncio.sleep(0.3)
        assert not _is_open(dialect.seen[0])
        await database.query(ONE)
    assert len(set(dialect.seen)) == 2


def _is_open(connection: Connection) -> bool:
    try:
        return connection.in_transaction in (True, False)
    except ValueError:
        return False


async def test_what_cannot_be_stopped_is_given_up_with_its_connection(tmp_path: Path) -> None:
    dialect = SteppedDialect(is_deaf=True)
    async with stepped(tmp_path / "sql.db", dialect, pool_size=1, statement_timeout_ms=300) as database:
        begun_s = asyncio.get_running_loop().time()
        with pytest.raises(SQLError, match="longer than 300 ms"):
            await database.query(ENDLESS)
        assert 2 < asyncio.get_running_loop().time() - begun_s < 5
        dialect.is_over = True
        assert (await database.query(ONE)).data == b'[{"a":1}]'
    assert len(set(dialect.seen)) == 2


async def test_closing_ends_what_runs_and_refuses_who_waits(tmp_path: Path) -> None:
    async with stepped(tmp_path / "sql.db", pool_size=1) as database:
        calls = [asyncio.create_task(database.query(ENDLESS)) for _ in range(3)]
        await asyncio.sleep(0.1)
        begun_s = asyncio.get_running_loop().time()
        await database.close()
        assert asyncio.get_running_loop().time() - begun_s < 1
        ended = await asyncio.gather(*calls, return_exceptions=True)
    assert [str(error) for error in ended] == ["the database is closed"] * 3


async def test_who_gives_up_waiting_takes_no_ones_turn(tmp_path: Path) -> None:
    async with stepped(tmp_path / "sql.db", pool_size=1) as database:
        running = asyncio.create_task(database.query(ENDLESS))
        await asyncio.sleep(0.05)
        waiting = asyncio.create_task(database.query(ONE))
        await asyncio.sleep(0.05)
        for call in (waiting, running):
            call.cancel()
        await asyncio.gather(waiting, running, return_exceptions=True)
        assert (await asyncio.wait_for(database.query(ONE), 2)).data == b'[{"a":1}]'


async def test_calls_get_their_turn_in_the_order_they_came(tmp_path: Path) -> None:
    order: list[int] = []

    async def ask(number: int) -> None:
        for _ in range(3):
            await database.query(ONE)
            order.append(number)

    async with stepped(tmp_path / "sql.db", pool_size=1) as database:
        await asyncio.gather(*(ask(number) for number in range(4)))
    assert order == [0, 1, 2, 3] * 3


async def test_a_server_that_lets_nobody_in_is_named_as_such(tmp_path: Path) -> None:
    dialect = SteppedDialect()
    dialect.may_open.clear()
    async with stepped(tmp_path / "sql.db", dialect, statement_timeout_ms=200) as database:
        with pytest.raises(SQLError, match="the server took no connection within 200 ms"):
            await database.query(ONE)
        dialect.may_open.set()
        await database.health()


async def test_a_connection_whose_caller_left_while_it_was_opened_serves_the_next(tmp_path: Path) -> None:
    dialect = SteppedDialect()
    dialect.may_open.clear()
    async with stepped(tmp_path / "sql.db", dialect, pool_size=1) as database:
        leaving = asyncio.create_task(database.query(ONE))
        await asyncio.sleep(0.05)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        waiting = asyncio.create_task(database.query(ONE))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        dialect.may_open.set()
        assert (await waiting).data == b'[{"a":1}]'


async def test_a_server_that_cannot_be_reached_is_an_error_and_costs_no_turn(tmp_path: Path) -> None:
    async with stepped(tmp_path / "missing" / "sql.db", pool_size=1) as database:
        for _ in range(3):
            with pytest.raises(SQLError, match="unable to open database file"):
                await database.query(ONE)
        (tmp_path / "missing").mkdir()
        await database.health()

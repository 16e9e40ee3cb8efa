"""Each call is a transaction; opening, closing, opening again."""

import asyncio
import gc
import threading
from pathlib import Path

import pytest

from tarmac_sql.backend import SQLBackend, SQLError, Statement
from tarmac_sql.conformance.suite import OpenDatabase, Suite, listed


class Transactions(Suite):
    """Committed when answered, undone when failed."""

    async def test_what_was_answered_is_seen_by_others_and_after_a_new_start(
        self, open_database: OpenDatabase, table: str
    ) -> None:
        async with open_database() as first, open_database() as second:
            await first.exec(self.insert(table, "exec"))
            await first.query(Statement(f"INSERT INTO {table} (name) VALUES ('query')"))
            assert await self.names(second, table) == ["exec", "query"]
        async with open_database() as third:
            assert await self.names(third, table) == ["exec", "query"]

    async def test_a_statement_that_fails_halfway_changes_nothing(self, database: SQLBackend, table: str) -> None:
        await database.exec(Statement(f"INSERT INTO {table} (id, name) VALUES (2, 'b')"))
        with pytest.raises(SQLError):
            await database.exec(Statement(f"INSERT INTO {table} (id, name) VALUES (1, 'a'), (2, 'again')"))
        assert await self.names(database, table) == ["b"]

    @pytest.mark.parametrize("text", ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a"])
    async def test_no_transaction_reaches_beyond_its_call(self, database: SQLBackend, table: str, text: str) -> None:
        for run in (database.query, database.exec):
            try:
                await run(Statement(text))
            except SQLError as error:
                assert str(error)  # noqa: PT017 - servers may refuse it or do nothing
            await database.exec(self.insert(table, text))
            try:
                await run(Statement("ROLLBACK"))
            except SQLError as error:
                assert str(error)  # noqa: PT017 - as above
        assert await self.names(database, table) == [text, text]

    async def test_many_writers_lose_nothing(self, database: SQLBackend, table: str) -> None:
        await database.exec(Statement(f"INSERT INTO {table} (name, score) VALUES ('n', 0)"))
        add = Statement(f"UPDATE {table} SET score = score + 1")
        await asyncio.gather(*(database.exec(add) for _ in range(100)))
        assert listed(await database.query(Statement(f"SELECT score FROM {table}"))) == [{"score": 100.0}]


class LifeCycle(Suite):
    """Health and closing."""

    async def test_an_open_database_is_healthy(self, database: SQLBackend) -> None:
        await database.health()

    async def test_a_closed_database_says_so(self, open_database: OpenDatabase) -> None:
        async with open_database() as database:
            await database.health()
        for call in (
            lambda: database.query(Statement("SELECT 1")),
            lambda: database.exec(Statement("SELECT 1")),
            database.health,
        ):
            with pytest.raises(SQLError, match="closed"):
                await call()

    async def test_nothing_is_left_after_closing(self, open_database: OpenDatabase, table: str) -> None:
        async def use() -> None:
            async with open_database() as database:
                await asyncio.gather(*(database.exec(self.insert(table, "x")) for _ in range(5)))
                await asyncio.gather(*(database.query(Statement("SELECT 1")) for _ in range(5)))

        await use()
        gc.collect()
        before = _held()
        for _ in range(3):
            await use()
        gc.collect()
        threads, tasks, files = _held()
        assert threads <= before[0]
        assert tasks <= before[1]
        assert files <= before[2]


def _held() -> tuple[set[threading.Thread], set["asyncio.Task[object]"], int]:
    """Threads, tasks and the number of open files of this process."""
    return set(threading.enumerate()), asyncio.all_tasks(), len(list(Path("/proc/self/fd").iterdir()))

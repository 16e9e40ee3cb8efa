"""Results that are too large, statements that take too long, calls that nobody waits for."""

import asyncio
import time

import pytest

from tarmac_sql.backend import SQLError, Statement
from tarmac_sql.conformance.suite import OpenDatabase, Suite, listed

_NUMBERS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < {}) SELECT x FROM c"


class Limits(Suite):
    """Rows, bytes, connections."""

    async def test_a_result_of_the_most_rows_passes_and_one_more_does_not(self, open_database: OpenDatabase) -> None:
        async with open_database(max_rows=700) as database:
            assert len(listed(await database.query(Statement(_NUMBERS.format(700))))) == 700
            with pytest.raises(SQLError, match="more than 700 rows"):
                await database.query(Statement(_NUMBERS.format(701)))
            assert len(listed(await database.query(Statement(_NUMBERS.format(700))))) == 700

    async def test_a_result_of_too_many_bytes_is_an_error(self, open_database: OpenDatabase) -> None:
        async with open_database(max_result_bytes=2000) as database:
            assert len(listed(await database.query(Statement(_NUMBERS.format(100))))) == 100
            with pytest.raises(SQLError, match="more than 2000 bytes"):
                await database.query(Statement(_NUMBERS.format(900)))
            await database.health()

    async def test_more_calls_than_connections_wait_for_their_turn(self, open_database: OpenDatabase) -> None:
        async with open_database(pool_size=2) as database:
            rows = await asyncio.gather(*(database.query(Statement(f"SELECT {number} AS n")) for number in range(40)))
        assert [listed(one) for one in rows] == [[{"n": number}] for number in range(40)]


class TimeOuts(Suite):
    """The server stops working too."""

    async def test_a_statement_is_stopped_when_its_time_is_up(self, open_database: OpenDatabase) -> None:
        async with open_database(statement_timeout_ms=300, pool_size=1) as database:
            began_s = time.monotonic()
            with pytest.raises(SQLError, match="longer than 300 ms"):
                await database.query(Statement(self.endless))
            assert time.monotonic() - began_s < 2
            # With one connection this only works when the statement before has ended.
            assert listed(await database.query(Statement("SELECT 1 AS a"))) == [{"a": 1}]

    async def test_a_write_that_was_stopped_changes_nothing(self, open_database: OpenDatabase, table: str) -> None:
        async with open_database(statement_timeout_ms=300) as database:
            with pytest.raises(SQLError, match="longer than 300 ms"):
                await database.exec(Statement(f"INSERT INTO {table} (score) {self.endless}"))
            assert await self.names(database, table) == []
            await database.exec(self.insert(table, "a"))

    async def test_a_cancelled_call_ends_at_once_and_its_statement_soon(self, open_database: OpenDatabase) -> None:
        async with open_database(pool_size=1) as database:
            call = asyncio.create_task(database.query(Statement(self.endless)))
            await asyncio.sleep(0.2)
            began_s = time.monotonic()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert time.monotonic() - began_s < 0.1
            assert listed(await database.query(Statement("SELECT 1 AS a"))) == [{"a": 1}]
            assert time.monotonic() - began_s < 2

    async def test_stopping_a_call_never_hits_the_next(self, open_database: OpenDatabase) -> None:
        async with open_database(pool_size=1) as database:
            for number in range(20):
                call = asyncio.create_task(database.query(Statement(self.endless if number % 2 else "SELECT 2 AS a")))
                await asyncio.sleep(number % 5 / 1000)
                call.cancel()
                assert listed(await database.query(Statement("SELECT 1 AS a"))) == [{"a": 1}]

    async def test_waiting_for_a_connection_ends_too(self, open_database: OpenDatabase) -> None:
        async with open_database(statement_timeout_ms=300, pool_size=1) as database:
            calls = [database.query(Statement(self.endless)) for _ in range(3)]
            errors = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(error, SQLError) for error in errors)
            assert any("no connection became free" in str(error) for error in errors)
            await database.health()

    async def test_closing_ends_what_still_runs(self, open_database: OpenDatabase) -> None:
        async with open_database() as database:
            call = asyncio.create_task(database.query(Statement(self.endless)))
            await asyncio.sleep(0.1)
            call.cancel()
        began_s = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert time.monotonic() - began_s < 1

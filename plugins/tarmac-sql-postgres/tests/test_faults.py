"""A server that dies, comes back, hangs, is slow, has no room or no time left, under load."""

import asyncio
import json
import logging
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from tarmac_sql import SQLBackend, SQLError, Statement

from tarmac_core.testing import Records
from tests.services.postgres import PASSWORD, PostgresServer
from tests.services.proxy import delayed

OpenPostgres = Callable[..., AbstractAsyncContextManager[SQLBackend]]

LOST = {"the connection to the database was lost", "the database cannot be reached"}


async def value(database: SQLBackend, text: str) -> object:
    rows = await database.query(Statement(text))
    return next(iter(json.loads(rows.data)[0].values()))


class Load:
    """Many writers; remembers what was acknowledged, what failed, and the slowest call."""

    def __init__(self, database: SQLBackend) -> None:
        self._database = database
        self.acknowledged: set[int] = set()
        self.failures: Counter[str] = Counter()
        self.slowest_s = 0.0
        self._tasks = [asyncio.create_task(self._write(writer)) for writer in range(40)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes), outcomes

    async def lost(self) -> set[int]:
        """What was acknowledged and is not there."""
        rows = await self._database.query(Statement("SELECT a FROM load"))
        return self.acknowledged - {row["a"] for row in json.loads(rows.data)}

    async def _write(self, writer: int) -> None:
        number = writer
        while True:
            number += 1000
            began_s = time.monotonic()
            try:
                await self._database.exec(Statement("INSERT INTO load VALUES ($1)", (number,)))
                self.acknowledged.add(number)
            except SQLError as error:
                self.failures[str(error)] += 1
                await asyncio.sleep(0.01)
            self.slowest_s = max(self.slowest_s, time.monotonic() - began_s)


async def test_a_killed_server_fails_calls_in_flight_and_later_ones_succeed(
    server: PostgresServer, open_with: OpenPostgres, records: Records
) -> None:
    async with open_with(dsn=server.dsn(), statement_timeout_ms=2000) as database:
        await database.exec(Statement("CREATE TABLE load (a int)"))
        load = Load(database)
        await asyncio.sleep(0.4)
        server.kill()
        await asyncio.sleep(0.3)
        with pytest.raises(SQLError, match="cannot be reached"):
            await database.health()
        before = len(load.acknowledged)
        assert before > 0
        server.start()
        await asyncio.sleep(0.7)
        await load.stop()
        assert len(load.acknowledged) > before
        assert load.failures
        assert set(load.failures) <= LOST
        assert load.slowest_s < 3
        assert await load.lost() == set()
    warnings = records.messages(logging.WARNING)
    assert 1 <= len(warnings) <= 2
    assert all(f"sql_dsn {server.address}: " in one and PASSWORD not in one for one in warnings)
    assert any("answers again" in message for message in records.messages())


async def test_a_server_that_was_restarted_while_idle_is_not_noticed(
    server: PostgresServer, open_with: OpenPostgres
) -> None:
    async with open_with(dsn=server.dsn()) as database:
        await asyncio.gather(*(database.health() for _ in range(10)))
        server.stop()
        server.start()
        await asyncio.sleep(0.05)
        await asyncio.gather(*(database.health() for _ in range(20)))


async def test_a_hung_server_fails_calls_within_their_limit_and_works_again_after(
    server: PostgresServer, open_with: OpenPostgres
) -> None:
    async with open_with(dsn=server.dsn(), statement_timeout_ms=500) as database:
        await database.exec(Statement("CREATE TABLE load (a int)"))
        load = Load(database)
        await asyncio.sleep(0.3)
        server.pause()
        try:
            await asyncio.sleep(2)
        finally:
            server.resume()
        await asyncio.sleep(3)
        await load.stop()
        before = len(load.acknowledged)
        assert load.failures
        assert not set(load.failures) & LOST
        assert load.slowest_s < 4
        assert await load.lost() == set()
        await database.exec(Statement("INSERT INTO load VALUES (1)"))
        assert before > 0


async def test_a_slow_server_is_waited_for_within_the_limit(server: PostgresServer, open_with: OpenPostgres) -> None:
    async with delayed(server.port, 0.1) as port:
        dsn = server.dsn().replace(server.address, f"127.0.0.1:{port}")
        async with open_with(dsn=dsn) as database:
            assert await value(database, "SELECT 7") == 7
        async with open_with(dsn=dsn, statement_timeout_ms=2000) as database:
            with pytest.raises(SQLError, match="longer than 2000 ms"):
                await database.query(Statement("SELECT pg_sleep(99)"))
            assert await value(database, "SELECT 7") == 7


async def test_a_hung_server_does_not_hold_up_the_close(server: PostgresServer, open_with: OpenPostgres) -> None:
    async with open_with(dsn=server.dsn()) as database:
        await database.health()
        server.pause()
        hanging = asyncio.create_task(database.health())
        await asyncio.sleep(0.1)
        began_s = time.monotonic()
    server.resume()
    assert time.monotonic() - began_s < 6
    with pytest.raises(SQLError):
        await hanging


async def test_a_stopped_statement_has_stopped_on_the_server(server: PostgresServer, open_with: OpenPostgres) -> None:
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(99)%' AND pid <> pg_backend_pid()"
    async with (
        open_with(dsn=server.dsn(), statement_timeout_ms=300) as database,
        open_with(dsn=server.dsn()) as other,
    ):
        with pytest.raises(SQLError, match="longer than 300 ms"):
            await database.query(Statement("SELECT pg_sleep(99)"))
        assert await value(other, running) == 0
        call = asyncio.create_task(other.exec(Statement("SELECT pg_sleep(99)")))
        await asyncio.sleep(0.2)
        assert await value(other, running) == 1
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await asyncio.sleep(0.3)
        assert await value(other, running) == 0


async def test_a_cancelled_call_never_stops_or_answers_another(
    shared_server: PostgresServer, open_with: OpenPostgres
) -> None:
    async with open_with(dsn=shared_server.dsn(), pool_size=4) as database:
        for turn in range(25):
            texts = [f"SELECT {number} AS a FROM pg_sleep(0.001)" for number in range(30)]
            calls = [asyncio.create_task(database.query(Statement(text))) for text in texts]
            await asyncio.sleep(0.001 * (turn % 6))
            for call in calls[::3]:
                call.cancel()
            for number, answer in enumerate(await asyncio.gather(*calls, return_exceptions=True)):
                if not isinstance(answer, asyncio.CancelledError):
                    assert not isinstance(answer, BaseException), answer
                    assert json.loads(answer.data) == [{"a": number}]
        assert await value(database, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'") <= 8  # type: ignore[operator]


async def test_the_server_stops_a_statement_whose_caller_died(server: PostgresServer, open_with: OpenPostgres) -> None:
    async with open_with(dsn=server.dsn(), statement_timeout_ms=1500) as database:
        rows = await database.query(Statement("SHOW statement_timeout"))
        assert json.loads(rows.data) == [{"statement_timeout": "6500ms"}]
    async with open_with(dsn=server.dsn(), statement_timeout_ms=0) as database:
        assert await value(database, "SHOW statement_timeout") == "0"


async def test_a_connection_that_the_server_ends_fails_its_call_only(
    server: PostgresServer, open_with: OpenPostgres, records: Records
) -> None:
    async with open_with(dsn=server.dsn()) as database:
        call = asyncio.create_task(database.query(Statement("SELECT pg_sleep(99)")))
        await asyncio.sleep(0.2)
        await database.exec(
            Statement(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%(99)%' AND pid <> pg_backend_pid()"
            )
        )
        with pytest.raises(SQLError, match="was lost"):
            await call
        await database.health()
        # A guest may do it to itself.
        with pytest.raises(SQLError, match="was lost"):
            await database.query(Statement("SELECT pg_terminate_backend(pg_backend_pid())"))
        await database.health()


@pytest.fixture
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of 96 MB, which only root can make."""
    if os.geteuid():
        pytest.skip("only root can mount a small disk")
    folder = Path("/tmp") / f"tarmac-disk-{os.getpid()}"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


async def test_a_full_disk_is_an_error_that_loses_nothing(small_disk: Path, open_with: OpenPostgres) -> None:
    data = small_disk / "data"
    with PostgresServer(
        {"max_wal_size": "32MB", "min_wal_size": "32MB", "wal_level": "minimal", "max_wal_senders": "0"}, data=data
    ) as server:
        async with open_with(dsn=server.dsn()) as database:
            await database.exec(Statement("CREATE UNLOGGED TABLE load (a text)"))
            await database.exec(Statement("INSERT INTO load VALUES ('kept')"))
            with pytest.raises(SQLError, match=r"the database cannot grow: its disk is full \(53100\)"):
                await database.exec(
                    Statement("INSERT INTO load SELECT repeat(md5(i::text), 50) FROM generate_series(1, 200000) i")
                )
            assert await value(database, "SELECT count(*) FROM load") == 1
            await database.exec(Statement("TRUNCATE load"))
            await database.exec(Statement("INSERT INTO load VALUES ('more')"))
            assert await value(database, "SELECT a FROM load") == "more"


async def test_a_huge_result_is_cut_without_being_held(shared_server: PostgresServer, open_with: OpenPostgres) -> None:
    """8 GB would come; no more than a few chunks may be in memory."""
    async with open_with(dsn=shared_server.dsn(), pool_size=1) as database:
        before = await value(database, "SELECT pg_backend_pid()")
        began_s, used = time.monotonic(), _peak_bytes(is_new=True)
        with pytest.raises(SQLError, match="more than 16777216 bytes"):
            await database.query(Statement("SELECT repeat('x', 100000) AS a FROM generate_series(1, 80000)"))
        done = await database.exec(Statement("SELECT repeat('x', 100000) AS a FROM generate_series(1, 5000)"))
        assert done.rows_affected == 5000
        assert _peak_bytes() - used < 100 << 20
        assert time.monotonic() - began_s < 10
        assert await value(database, "SELECT pg_backend_pid()") == before


async def test_a_write_whose_rows_pass_the_limit_is_undone(open_database: OpenPostgres) -> None:
    async with open_database(max_rows=2) as database:
        await database.exec(Statement("CREATE TABLE cut (a int)"))
        with pytest.raises(SQLError, match="more than 2 rows"):
            await database.query(Statement("INSERT INTO cut VALUES (1), (2), (3) RETURNING a"))
        assert await value(database, "SELECT count(*) FROM cut") == 0
        await database.exec(Statement("DROP TABLE cut"))


def _peak_bytes(*, is_new: bool = False) -> int:
    """The most memory this process has had; `is_new` begins to look anew."""
    if is_new:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) << 10

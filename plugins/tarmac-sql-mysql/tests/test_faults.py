"""A server that dies, comes back, hangs, is slow, is full or has no room, under load."""

import asyncio
import json
import logging
import os
import resource
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tarmac_sql import SQLBackend, SQLError, Statement
from tarmac_sql_mysql.faults import MySQLOpenError

from tarmac_core.testing import Leaks, Records
from tests.services.mariadb import PASSWORD, MariaDBServer

OpenMySQL = Callable[..., AbstractAsyncContextManager[SQLBackend]]

LOST = {"the connection to the database was lost", "the database cannot be reached"}
RUNNING = "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(9%' AND id <> CONNECTION_ID()"
CONNECTED = "SELECT count(*) FROM information_schema.processlist WHERE user IN ('tarmac', 'admin')"


async def one(database: SQLBackend, text: str) -> Any:
    """The only value of a result."""
    return next(iter(json.loads((await database.query(Statement(text))).data)[0].values()))


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
        rows = await self._database.query(Statement("SELECT a FROM writes"))
        return self.acknowledged - {row["a"] for row in json.loads(rows.data)}

    async def _write(self, writer: int) -> None:
        number = writer
        while True:
            number += 1000
            began_s = time.monotonic()
            try:
                await self._database.exec(Statement("INSERT INTO writes VALUES (?)", (number,)))
                self.acknowledged.add(number)
            except SQLError as error:
                self.failures[str(error)] += 1
                await asyncio.sleep(0.01)
            self.slowest_s = max(self.slowest_s, time.monotonic() - began_s)


async def test_a_killed_server_fails_calls_in_flight_and_later_ones_succeed(
    server: MariaDBServer, open_with: OpenMySQL, records: Records
) -> None:
    async with open_with(dsn=server.dsn(), statement_timeout_ms=2000) as database:
        await database.exec(Statement("CREATE TABLE writes (a INT)"))
        load = Load(database)
        await asyncio.sleep(0.4)
        server.kill()
        await asyncio.sleep(0.3)
        with pytest.raises(SQLError, match="cannot be reached"):
            await database.health()
        before = len(load.acknowledged)
        assert before > 0
        await asyncio.to_thread(server.start)
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


async def test_a_server_that_was_restarted_while_nothing_ran_is_not_noticed(
    server: MariaDBServer, open_with: OpenMySQL
) -> None:
    async with open_with(dsn=server.dsn()) as database:
        await asyncio.gather(*(database.health() for _ in range(10)))
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        await asyncio.gather(*(database.health() for _ in range(20)))


async def test_connections_that_the_server_closed_for_not_being_used_are_not_noticed(
    server: MariaDBServer, open_with: OpenMySQL
) -> None:
    async with open_with(dsn=server.dsn(options="wait_timeout=1")) as database:
        await asyncio.gather(*(database.health() for _ in range(5)))
        await asyncio.sleep(1.6)
        await asyncio.gather(*(database.health() for _ in range(5)))


async def test_a_hung_server_fails_calls_within_their_limit_and_works_again_after(
    server: MariaDBServer, open_with: OpenMySQL
) -> None:
    async with open_with(dsn=server.dsn(), statement_timeout_ms=500) as database:
        await database.exec(Statement("CREATE TABLE writes (a INT)"))
        load = Load(database)
        await asyncio.sleep(0.3)
        server.pause()
        try:
            await asyncio.sleep(2)
        finally:
            server.resume()
        await asyncio.sleep(3)
        before = len(load.acknowledged)
        await asyncio.sleep(0.3)
        await load.stop()
        assert load.failures
        assert not set(load.failures) & LOST
        assert load.slowest_s < 5.5
        assert len(load.acknowledged) > before > 0
        assert await load.lost() == set()


async def test_a_large_statement_that_a_hung_server_does_not_take_ends_in_time_and_leaves_nothing(
    server: MariaDBServer, open_with: OpenMySQL
) -> None:
    leaks = Leaks.now()
    async with open_with(dsn=server.dsn(), statement_timeout_ms=300) as database:
        await database.health()
        server.pause()
        await asyncio.sleep(0.1)
        began_s = time.monotonic()
        with pytest.raises(SQLError, match="longer than 300 ms"):
            await database.query(Statement(f"SELECT '{'x' * (15 << 20)}'"))
        assert time.monotonic() - began_s < 5.5
    await asyncio.sleep(0.05)
    left = leaks.found()
    server.resume()
    assert left == []


async def test_a_hung_server_does_not_hold_up_the_close(server: MariaDBServer, open_with: OpenMySQL) -> None:
    leaks = Leaks.now()
    async with open_with(dsn=server.dsn()) as database:
        await database.health()
        server.pause()
        # Its threads stop one after the other.
        await asyncio.sleep(0.1)
        hanging = asyncio.create_task(database.health())
        await asyncio.sleep(0.1)
        began_s = time.monotonic()
    server.resume()
    assert time.monotonic() - began_s < 6
    with pytest.raises(SQLError):
        await hanging
    await asyncio.sleep(0.05)
    assert leaks.found() == []


async def test_a_stopped_statement_has_stopped_on_the_server(
    shared_server: MariaDBServer, open_with: OpenMySQL
) -> None:
    sleeping = Statement("SELECT SLEEP(99) FROM information_schema.tables WHERE table_schema = 'tarmac' OR 1")
    async with (
        open_with(dsn=shared_server.dsn(), statement_timeout_ms=300, pool_size=1) as database,
        open_with(dsn=shared_server.dsn("admin")) as other,
    ):
        before, began_s = await one(database, "SELECT CONNECTION_ID()"), time.monotonic()
        with pytest.raises(SQLError, match="longer than 300 ms"):
            await database.query(sleeping)
        assert time.monotonic() - began_s < 5
        # A kill that comes late can only hit a connection that is used no more.
        assert await one(database, "SELECT CONNECTION_ID()") != before
        assert await one(other, RUNNING) == 0
        call = asyncio.create_task(other.exec(sleeping))
        await asyncio.sleep(0.2)
        assert await one(other, RUNNING) == 1
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await asyncio.sleep(0.3)
        assert await one(other, RUNNING) == 0


async def test_the_server_itself_ends_a_statement_that_nobody_could_stop(
    shared_server: MariaDBServer, open_with: OpenMySQL
) -> None:
    limit = (
        "SELECT @@max_execution_time" if "mysqld" in shared_server.output() else "SELECT @@max_statement_time * 1000"
    )
    async with open_with(dsn=shared_server.dsn(), statement_timeout_ms=1500) as database:
        assert await one(database, limit) == 2500
    async with open_with(dsn=shared_server.dsn(), statement_timeout_ms=0) as database:
        assert await one(database, limit) == 0


async def test_the_servers_own_limit_is_told_as_such(mariadb: MariaDBServer, open_with: OpenMySQL) -> None:
    async with open_with(dsn=mariadb.dsn(options="max_statement_time=0.2")) as database:
        with pytest.raises(SQLError, match="was stopped by the server"):
            await database.query(Statement("SELECT count(*) FROM seq_1_to_1000000000 WHERE seq % 7 = 8"))


async def test_a_connection_that_the_server_ends_fails_its_call_only(
    server: MariaDBServer, open_with: OpenMySQL
) -> None:
    async with open_with(dsn=server.dsn("admin")) as database:
        call = asyncio.create_task(database.query(Statement("SELECT SLEEP(98)")))
        await asyncio.sleep(0.2)
        number = await one(database, RUNNING.replace("count(*)", "id"))
        await database.exec(Statement(f"KILL {number}"))
        with pytest.raises(SQLError, match="was lost"):
            await call
        await database.health()


async def test_a_password_that_is_changed_while_running_is_told_without_it(
    server: MariaDBServer, open_with: OpenMySQL
) -> None:
    async with open_with(dsn=server.dsn("admin")) as admin, open_with(dsn=server.dsn(), pool_size=1) as database:
        await database.health()
        await admin.exec(Statement("ALTER USER 'tarmac'@'%' IDENTIFIED BY 'another'"))
        await database.health()
        await database.exec(Statement("SET @a = 1"))
        with pytest.raises(SQLError, match=r"^Error 1045 \(28000\): Access denied \(using password: YES\)$"):
            await database.health()


async def test_a_server_without_free_connections_says_so(open_with: OpenMySQL) -> None:
    with MariaDBServer({"max-connections": "10", "extra-max-connections": "1"}) as server:
        async with open_with(dsn=server.dsn(), pool_size=20) as database:
            sleeps = [database.query(Statement("SELECT SLEEP(0.5)")) for _ in range(20)]
            answers = await asyncio.gather(*sleeps, return_exceptions=True)
            failures = Counter(str(one) for one in answers if isinstance(one, SQLError))
            assert 8 <= failures["the database takes no more connections"] <= 11
            with pytest.raises(MySQLOpenError, match="lower sql_pool_size, or raise max_connections there"):
                await _filled_and_opened(database, open_with, server)


async def _filled_and_opened(database: SQLBackend, open_with: OpenMySQL, server: MariaDBServer) -> None:
    sleeps = [asyncio.create_task(database.query(Statement("SELECT SLEEP(0.5)"))) for _ in range(15)]
    await asyncio.sleep(0.2)
    try:
        async with open_with(dsn=server.dsn()):
            pass
    finally:
        await asyncio.gather(*sleeps, return_exceptions=True)


async def test_no_connection_is_left_when_the_database_is_closed(server: MariaDBServer, open_with: OpenMySQL) -> None:
    async with open_with(dsn=server.dsn("admin")) as other:
        async with open_with(dsn=server.dsn(), pool_size=5) as database:
            await asyncio.gather(*(database.query(Statement(f"SELECT {number}")) for number in range(200)))
            assert await one(other, CONNECTED) == 6
        await asyncio.sleep(0.1)
        assert await one(other, CONNECTED) == 1
        aborted = await other.query(Statement("SHOW GLOBAL STATUS LIKE 'Aborted_clients'"))
        assert json.loads(aborted.data)[0]["Value"] == "0"


@pytest.fixture
def small_disk() -> Iterator[Callable[[Path], None]]:
    """Puts a disk of 150 MB on a folder, which only root can do."""
    if os.geteuid():
        pytest.skip("only root can mount a small disk")
    mounted: list[Path] = []

    def mount(folder: Path) -> None:
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=150m", "tmpfs", str(folder)], check=True)
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        # The server could not remove what was mounted on.
        shutil.rmtree(folder.parent, ignore_errors=True)


async def test_a_full_disk_is_an_error_that_loses_nothing(
    small_disk: Callable[[Path], None], open_with: OpenMySQL
) -> None:
    server = MariaDBServer({"innodb-log-file-size": "8M", "innodb-data-file-path": "ibdata1:10M:autoextend"})
    small_disk(server.data)
    # Rows of few pages: InnoDB 10.11 dies itself where a page of a large value finds no room.
    large = Statement("INSERT INTO writes SELECT seq, REPEAT('x', 2000) FROM seq_1_to_20000")
    with server:
        async with open_with(dsn=server.dsn()) as database:
            await database.exec(Statement("CREATE TABLE writes (a INT, b VARCHAR(3000))"))
            await database.exec(Statement("INSERT INTO writes VALUES (0, 'kept')"))
            answers = await asyncio.gather(*(database.exec(large) for _ in range(5)), return_exceptions=True)
            failures = {str(one) for one in answers if not isinstance(one, tuple)}
            assert failures == {"the database cannot grow: its disk or a table is full (Error 1114)"}
            assert await one(database, "SELECT b FROM writes WHERE a = 0") == "kept"
            await database.exec(Statement("TRUNCATE writes"))
            await database.exec(Statement("INSERT INTO writes VALUES (1, 'more')"))
            assert await one(database, "SELECT b FROM writes") == "more"


async def test_a_huge_result_is_cut_without_being_held(shared_server: MariaDBServer, open_with: OpenMySQL) -> None:
    many = (
        "(SELECT 1 FROM information_schema.columns LIMIT 200) a, (SELECT 1 FROM information_schema.columns LIMIT 200) b"
    )
    async with open_with(dsn=shared_server.dsn(), pool_size=1) as database:
        began_s, used_kb = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(SQLError, match="more than 16777216 bytes"):
            await database.query(Statement(f"SELECT REPEAT('x', 100000) AS a FROM {many}"))
        assert await database.exec(Statement(f"SELECT REPEAT('x', 10000) AS a FROM {many}")) == (0, 0, "")
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used_kb < 150_000
        assert time.monotonic() - began_s < 10
        await database.health()


@asynccontextmanager
async def slow(server: MariaDBServer, delay_s: float) -> AsyncIterator[str]:
    """The address of a way to the server on which each piece of data takes that long."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await asyncio.sleep(delay_s)
            writer.write(data)
        writer.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", server.port)
        tasks.extend(asyncio.create_task(one) for one in (copy(reader, back), copy(there, writer)))

    tasks: list[asyncio.Task[None]] = []
    async with await asyncio.start_server(pass_on, "127.0.0.1", 0) as proxy:
        yield f"127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_slow_server_is_waited_for_within_the_limits(mariadb: MariaDBServer, open_with: OpenMySQL) -> None:
    async with slow(mariadb, 0.05) as address:
        dsn = mariadb.dsn().replace(mariadb.address, address)
        with pytest.raises(MySQLOpenError, match=r"no answer within 0.1 s .*sql_connect_timeout"):
            async with open_with(dsn=dsn, connect_timeout=0.1):
                pass
        async with open_with(dsn=dsn, statement_timeout_ms=3000) as database:
            await asyncio.gather(*(database.health() for _ in range(30)))
        async with open_with(dsn=dsn, statement_timeout_ms=60) as database:
            with pytest.raises(SQLError, match=r"(longer than|within) 60 ms"):
                await database.health()

"""A node that dies, comes back, hangs, is slow or full, under load."""

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, suppress

import pytest
from tarmac_kv import KVError
from tarmac_kv_cassandra import connection
from tarmac_kv_cassandra.faults import CassandraOpenError
from tarmac_kv_cassandra.store import CassandraKV

from tarmac_core.testing import Records
from tests.services.cassandra import CassandraServer
from tests.services.process import free_port

OpenCassandra = Callable[..., AbstractAsyncContextManager[CassandraKV]]

LATE = "the store did not answer in time"
QUEUED = "too many requests to the store are on their way"


@pytest.fixture(scope="module")
def server() -> Iterator[CassandraServer]:
    """A server to be harmed; each test leaves it running. It keeps tables through a crash, and has little room for logs."""
    options = {"commitlog_segment_size": "1MiB", "memtable_heap_space": "16MiB"}
    with CassandraServer(options, properties={"cassandra.unsafesystem": "false"}) as server:
        yield server


class Load:
    """Many writers, each with its own keys; remembers what was acknowledged, what failed, and the slowest call."""

    def __init__(self, store: CassandraKV) -> None:
        self._store = store
        self.acknowledged: dict[bytes, bytes] = {}
        self.failures: Counter[str] = Counter()
        self.slowest_s = 0.0
        self._tasks = [asyncio.create_task(self._write(writer)) for writer in range(40)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes), outcomes

    async def _write(self, writer: int) -> None:
        turn = 0
        while True:
            turn += 1
            key = b"%d/%d" % (writer, turn)
            began_s = time.monotonic()
            try:
                await self._store.set(key, key * 2)
                self.acknowledged[key] = key * 2
            except KVError as error:
                self.failures[str(error)] += 1
                await asyncio.sleep(0.01)
            self.slowest_s = max(self.slowest_s, time.monotonic() - began_s)


async def all_kept(store: CassandraKV, acknowledged: dict[bytes, bytes]) -> bool:
    return all([await store.get(key) == value for key, value in acknowledged.items()])


async def until_healthy(store: CassandraKV, limit_s: float) -> None:
    """Within the limit the store works."""
    end_s = time.monotonic() + limit_s
    while True:
        try:
            await store.health()
        except KVError:
            assert time.monotonic() < end_s
            await asyncio.sleep(0.05)
        else:
            return


async def test_a_killed_server_fails_calls_in_flight_and_later_ones_succeed(
    server: CassandraServer, open_with: OpenCassandra, records: Records
) -> None:
    async with open_with(**server.settings) as store:
        load = Load(store)
        await asyncio.sleep(0.5)
        server.kill()
        await asyncio.sleep(0.3)
        with pytest.raises(KVError, match="cannot be reached"):
            await store.health()
        before = len(load.acknowledged)
        assert before > 0
        await asyncio.to_thread(server.start)
        await until_healthy(store, 10)
        await asyncio.sleep(0.5)
        await load.stop()
        assert len(load.acknowledged) > before
        assert set(load.failures) == {"the store cannot be reached"}
        assert load.slowest_s < 2
        assert await all_kept(store, load.acknowledged)
    warnings = records.messages(logging.WARNING)
    assert len(warnings) == 1
    assert f"cassandra_hosts {server.address}: " in warnings[0]
    assert len([message for message in records.messages() if "answers again" in message]) == 1
    assert any(message.startswith("driver: ") for message in records.messages(logging.INFO))


async def test_an_idle_store_finds_a_server_that_was_restarted(
    server: CassandraServer, open_with: OpenCassandra
) -> None:
    async with open_with(**server.settings) as store:
        await store.set(b"before", b"value")
        server.kill()
        await asyncio.to_thread(server.start)
        await until_healthy(store, 6)
        assert await store.get(b"before") == b"value"
        assert await store.cas(b"before", expected=b"value", value=b"other")


async def test_a_hung_server_fails_calls_within_their_limit_and_works_again_after(
    server: CassandraServer, open_with: OpenCassandra, records: Records
) -> None:
    async with open_with(**server.settings, request_timeout=0.5, pool_timeout=0.3, max_active=30) as store:
        load = Load(store)
        await asyncio.sleep(0.3)
        server.pause()
        try:
            await asyncio.sleep(1.5)
        finally:
            server.resume()
        await asyncio.sleep(0.5)
        await load.stop()
        assert set(load.failures) == {LATE, QUEUED}
        assert load.slowest_s < 1.5
        await store.health()
        assert await all_kept(store, load.acknowledged)
    assert "cassandra_request_timeout 0.5 s" in records.messages(logging.WARNING)[0]


async def test_streams_that_a_hung_server_does_not_give_back_hold_up_nobody(
    server: CassandraServer, open_with: OpenCassandra, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The driver's connections begin with 300 streams.
    monkeypatch.setattr(connection, "_LAST_STREAM", 300)
    async with open_with(**server.settings, request_timeout=0.3) as store:
        server.pause()
        try:
            first = await asyncio.gather(*(store.get(b"key") for _ in range(301)), return_exceptions=True)
            began_s = time.monotonic()
            second = await asyncio.gather(*(store.get(b"key") for _ in range(20)), return_exceptions=True)
            assert time.monotonic() - began_s < 5
        finally:
            server.resume()
        assert {str(error) for error in first} <= {LATE, "the store cannot be reached"}
        assert {str(error) for error in second} == {"the store cannot be reached"}
        await until_healthy(store, 2)


async def test_a_hung_server_does_not_hold_up_the_close(server: CassandraServer, open_with: OpenCassandra) -> None:
    async with open_with(**server.settings) as store:
        server.pause()
        hanging = asyncio.create_task(store.get(b"key"))
        await asyncio.sleep(0.05)
        began_s = time.monotonic()
    with pytest.raises(KVError, match="closed"):
        await hanging
    assert time.monotonic() - began_s < 3
    server.resume()


async def test_a_hung_server_ends_the_start_within_its_limit(server: CassandraServer, open_with: OpenCassandra) -> None:
    server.pause()
    began_s = time.monotonic()
    try:
        with pytest.raises(
            CassandraOpenError, match=rf"cassandra_hosts {server.address}: .*cassandra_connect_timeout 1 s"
        ):
            async with open_with(**server.settings, connect_timeout=1):
                raise AssertionError("it opened")
    finally:
        server.resume()
    assert time.monotonic() - began_s < 3


async def test_a_start_that_is_given_up_leaves_nothing(server: CassandraServer, open_with: OpenCassandra) -> None:
    server.pause()
    began_s = time.monotonic()
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), open_with(**server.settings, connect_timeout=30):
                raise AssertionError("it opened")
    finally:
        server.resume()
    assert time.monotonic() - began_s < 3


async def test_a_cancelled_call_never_gives_its_answer_to_another(
    server: CassandraServer, open_with: OpenCassandra
) -> None:
    async with open_with(**server.settings, max_active=20) as store:
        for number in range(50):
            await store.set(b"%d" % number, b"value %d" % number)
        for round_ in range(30):
            calls = [asyncio.create_task(store.get(b"%d" % number)) for number in range(50)]
            await asyncio.sleep(0.0005 * (round_ % 7))
            for call in calls[::3]:
                call.cancel()
            answers = await asyncio.gather(*calls, return_exceptions=True)
            for number, answer in enumerate(answers):
                assert answer == b"value %d" % number or isinstance(answer, asyncio.CancelledError)


async def test_a_value_beyond_the_servers_limit_is_refused_in_its_own_words(
    server: CassandraServer, open_with: OpenCassandra
) -> None:
    async with open_with(**server.settings) as store:
        with pytest.raises(KVError, match="the store refused: Request is too big"):
            await store.set(b"large", bytes(20 << 20))
        with pytest.raises(KVError, match=r"the store refused: .*mutation"):
            await store.set(b"large", bytes(1 << 20))
        await until_healthy(store, 2)
        assert await store.get(b"large") is None


async def test_a_host_that_is_down_is_passed_over(
    server: CassandraServer, open_with: OpenCassandra, records: Records
) -> None:
    hosts = ("nowhere.invalid", f"127.0.0.1:{free_port()}", server.address)
    async with open_with(**(server.settings | {"hosts": hosts})) as store:
        await store.set(b"key", b"value")
        assert await store.get(b"key") == b"value"
    (warning,) = records.messages(logging.WARNING)
    assert "the host name nowhere.invalid cannot be resolved" in warning


class Slow:
    """Hands on what it receives, `delay_s` later."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.delay_s = 0.0
        self._serving: list[asyncio.Task[None]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.append(task)
        back, forth = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(self._hand_on(reader, forth), self._hand_on(back, writer))

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                await asyncio.sleep(self.delay_s)
                writer.write(data)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def ended(self) -> None:
        """Wait until both sides of every connection have closed it."""
        await asyncio.gather(*self._serving)


async def test_a_slow_server_is_waited_for_as_long_as_set(
    server: CassandraServer, open_with: OpenCassandra, records: Records
) -> None:
    slow = Slow(server.port)
    async with await asyncio.start_server(slow.serve, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        async with open_with(**(server.settings | {"port": port}), request_timeout=0.5) as store:
            slow.delay_s = 0.1
            await store.set(b"key", b"late")
            assert await store.get(b"key") == b"late"
            slow.delay_s = 0.5
            with pytest.raises(KVError, match=LATE):
                await store.get(b"other")
            slow.delay_s = 0.0
            await asyncio.sleep(1)
            assert await store.get(b"key") == b"late"
            assert await store.get(b"other") is None
        await slow.ended()
    (warning,) = records.messages(logging.WARNING)
    assert f"cassandra_hosts 127.0.0.1:{port}: no answer in time (" in warning


async def test_a_full_disk_fails_writes_and_loses_nothing_acknowledged(
    server: CassandraServer, open_with: OpenCassandra
) -> None:
    server.kill()
    # No file may grow beyond the server's logs, so that it can keep no values.
    server.prefix = ("prlimit", f"--fsize={(1 << 20) + 4096}")
    server.start()
    acknowledged: dict[bytes, bytes] = {}
    async with open_with(**server.settings) as store:
        failures: list[str] = []
        while not failures and len(acknowledged) < 400:
            key, value = b"full/%d" % len(acknowledged), os.urandom(1 << 18)
            try:
                await store.set(key, value)
                acknowledged[key] = value
            except KVError as error:
                failures.append(str(error))
        assert failures in ([LATE], ["the store cannot be reached"])
        server.kill()
        server.prefix = ()
        await asyncio.to_thread(server.start)
        await until_healthy(store, 10)
        assert acknowledged
        assert await all_kept(store, acknowledged)
        await store.set(b"full/again", b"value")

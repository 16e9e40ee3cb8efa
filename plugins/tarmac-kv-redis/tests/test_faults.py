"""A server that dies, comes back, hangs or is slow, under load."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from tarmac_kv import KVError
from tarmac_kv_redis.faults import RedisOpenError
from tarmac_kv_redis.store import RedisKV

from tarmac_core.testing import Records
from tests.services.proxy import delayed
from tests.services.redis import RedisServer, tls_options

OpenRedis = Callable[..., AbstractAsyncContextManager[RedisKV]]


class Load:
    """Many writers, each with its own keys; remembers what was acknowledged, what failed, and the slowest call."""

    def __init__(self, store: RedisKV) -> None:
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


async def all_kept(store: RedisKV, load: Load) -> bool:
    return all([await store.get(key) == value for key, value in load.acknowledged.items()])


async def test_a_killed_server_fails_calls_in_flight_and_later_ones_succeed(
    server: RedisServer, open_with: OpenRedis, records: Records
) -> None:
    async with open_with(server=server.address, max_active=20) as store:
        load = Load(store)
        await asyncio.sleep(0.3)
        server.kill()
        await asyncio.sleep(0.3)
        with pytest.raises(KVError, match="cannot be reached"):
            await store.health()
        before = len(load.acknowledged)
        assert before > 0
        server.start()
        await asyncio.sleep(0.5)
        await load.stop()
        assert len(load.acknowledged) > before
        assert set(load.failures) == {"the store cannot be reached"}
        assert load.slowest_s < 2
        await store.health()
        assert await all_kept(store, load)
    warnings = records.messages(logging.WARNING)
    assert len(warnings) == 1
    assert f"redis_server {server.address}: " in warnings[0]
    assert any("answers again" in message for message in records.messages())


async def test_a_hung_server_fails_calls_within_their_limits_and_works_again_after(
    server: RedisServer, open_with: OpenRedis, records: Records
) -> None:
    limits = {"connect_timeout": 0.3, "read_timeout": 0.3, "write_timeout": 0.3, "pool_timeout": 0.3}
    async with open_with(server=server.address, max_active=20, **limits) as store:
        load = Load(store)
        await asyncio.sleep(0.2)
        server.pause()
        try:
            await asyncio.sleep(1.5)
        finally:
            server.resume()
        await asyncio.sleep(0.5)
        await load.stop()
        assert set(load.failures) <= {"the store did not answer in time", "no connection to the store was free in time"}
        assert load.failures["the store did not answer in time"] > 0
        assert load.slowest_s < 1.4
        await store.health()
        assert await all_kept(store, load)
    assert "redis_read_timeout 0.3 s" in records.messages(logging.WARNING)[0]


async def test_a_slow_server_is_waited_for_up_to_the_limit(server: RedisServer, open_with: OpenRedis) -> None:
    async with delayed(server.port, 0.2) as port:
        async with open_with(server=f"127.0.0.1:{port}", read_timeout=2) as store:
            await store.set(b"key", b"value")
            assert await asyncio.gather(*(store.get(b"key") for _ in range(100))) == [b"value"] * 100
        with pytest.raises(RedisOpenError, match=r"no answer in time .*redis_read_timeout 0.1 s"):
            async with open_with(server=f"127.0.0.1:{port}", read_timeout=0.1):
                raise AssertionError("it opened")


async def test_a_hung_server_behind_tls_fails_calls_within_their_limits(files: Path, open_with: OpenRedis) -> None:
    with RedisServer(tls_options(files, "server.pem", clients="no"), tls=True) as server:
        limits = {"connect_timeout": 0.5, "read_timeout": 0.3, "write_timeout": 0.3}
        ca_file = str(files / "ca.pem")
        async with open_with(server=server.address, tls=True, tls_ca_file=ca_file, **limits) as store:
            await store.set(b"key", b"value")
            server.pause()
            began_s = time.monotonic()
            for _ in range(2):  # on the connection that is open, and on a new one
                with pytest.raises(KVError, match=r"^the store did not answer in time$"):
                    await store.get(b"key")
            assert time.monotonic() - began_s < 2
            server.resume()
            assert await store.get(b"key") == b"value"


async def test_a_value_that_a_hung_server_does_not_take_fails_within_the_write_limit(
    server: RedisServer, open_with: OpenRedis
) -> None:
    async with open_with(server=server.address, write_timeout=0.3, read_timeout=30) as store:
        server.pause()
        began_s = time.monotonic()
        try:
            with pytest.raises(KVError, match="did not answer in time"):
                await store.set(b"large", bytes(64 << 20))
        finally:
            server.resume()
        assert time.monotonic() - began_s < 2
        await store.health()


async def test_a_hung_server_does_not_hold_up_the_close(server: RedisServer, open_with: OpenRedis) -> None:
    async with open_with(server=server.address) as store:
        call = asyncio.create_task(store.get(b"key"))
        await asyncio.sleep(0.05)
        server.pause()
        hanging = asyncio.create_task(store.get(b"key"))
        await asyncio.sleep(0.05)
        await call
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 2
    server.resume()
    with pytest.raises(KVError, match="closed"):
        await hanging


async def test_a_cancelled_call_never_gives_its_answer_to_another(server: RedisServer, open_with: OpenRedis) -> None:
    async with open_with(server=server.address, max_active=3) as store:
        for number in range(50):
            await store.set(b"%d" % number, b"value %d" % number)
        for round_ in range(30):
            calls = [asyncio.create_task(store.get(b"%d" % number)) for number in range(50)]
            await asyncio.sleep(0.0002 * (round_ % 7))
            for call in calls[::3]:
                call.cancel()
            answers = await asyncio.gather(*calls, return_exceptions=True)
            for number, answer in enumerate(answers):
                assert answer == b"value %d" % number or isinstance(answer, asyncio.CancelledError)
        assert server.ask("CLIENT LIST").count("id=") <= 4


async def test_no_more_connections_than_allowed_are_made(server: RedisServer, open_with: OpenRedis) -> None:
    async with open_with(server=server.address, max_active=5) as store:
        await asyncio.gather(*(store.set(b"%d" % number, b"") for number in range(500)))
        assert server.ask("CLIENT LIST").count("id=") == 6


async def test_a_full_server_refuses_writes_in_its_own_words(server: RedisServer, open_with: OpenRedis) -> None:
    async with open_with(server=server.address) as store:
        server.ask("CONFIG SET maxmemory 1")
        with pytest.raises(KVError, match=r"the store refused: .*maxmemory"):
            await store.set(b"key", b"value")
        assert await store.get(b"key") is None
        server.ask("CONFIG SET maxmemory 0")
        await store.set(b"key", b"value")


async def test_a_value_of_another_kind_is_an_error_of_that_call(server: RedisServer, open_with: OpenRedis) -> None:
    async with open_with(server=server.address) as store:
        server.ask("LPUSH list one")
        with pytest.raises(KVError, match=r"the store refused: .*wrong kind"):
            await store.get(b"list")
        with pytest.raises(KVError, match=r"the store refused: .*wrong kind"):
            await store.cas(b"list", expected=b"one", value=b"two")
        assert await store.get(b"other") is None


async def test_compare_and_set_works_after_the_server_forgot_its_scripts(
    server: RedisServer, open_with: OpenRedis
) -> None:
    async with open_with(server=server.address) as store:
        await store.set(b"key", b"0")
        for turn in range(4):
            server.ask("SCRIPT FLUSH")
            assert await store.cas(b"key", expected=b"%d" % turn, value=b"%d" % (turn + 1), ttl_ms=60_000)
            assert "60" in server.ask("TTL key") or "59" in server.ask("TTL key")

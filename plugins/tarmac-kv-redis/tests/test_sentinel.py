"""The primary is the one that the sentinels name, also after another took its place."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tarmac_kv import KVError
from tarmac_kv_redis.faults import RedisOpenError
from tarmac_kv_redis.store import RedisKV

from tests.services.process import free_port
from tests.services.redis import RedisSentinel, RedisServer, tls_options

OpenRedis = Callable[..., AbstractAsyncContextManager[RedisKV]]
SECRET = "s3cret-word"


@dataclass(frozen=True, slots=True)
class Watched:
    primary: RedisServer
    replica: RedisServer
    sentinel: RedisSentinel


@pytest.fixture
def watched() -> Iterator[Watched]:
    """A primary, its replica in step, and a sentinel that asks for a password."""
    with ExitStack() as stack:
        primary = stack.enter_context(RedisServer())
        replica = stack.enter_context(RedisServer({"replicaof": f"127.0.0.1 {primary.port}"}))
        until(lambda: "master_link_status:up" in replica.ask("INFO replication"))
        sentinel = stack.enter_context(RedisSentinel(primary, {"user": f"default on >{SECRET} ~* &* +@all"}))
        until(lambda: "+slave" in sentinel.output())
        yield Watched(primary, replica, sentinel)


def until(is_so: Callable[[], bool], limit_s: float = 20) -> None:
    end = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def settings_of(watched: Watched, *more: str) -> dict[str, str]:
    servers = " ".join([*more, watched.sentinel.address])
    return {"sentinel_servers": servers, "sentinel_master": "main", "sentinel_password": SECRET}


async def test_another_primary_is_used_once_the_first_died(watched: Watched, open_with: OpenRedis) -> None:
    async with open_with(**settings_of(watched), connect_timeout=1, read_timeout=1) as store:
        await store.set(b"before", b"value")
        assert "master" in watched.primary.ask("ROLE")
        # Redis acknowledges before its replicas have a write: what they lack when the primary dies is gone.
        until(lambda: "value" in watched.replica.ask("GET before"))
        watched.primary.kill()
        began_s = time.monotonic()
        failures: set[str] = set()
        while True:
            try:
                await store.set(b"after", b"value")
                break
            except KVError as error:
                failures.add(str(error))
                assert time.monotonic() - began_s < 30
                await asyncio.sleep(0.05)
        assert failures <= {"the store cannot be reached", "the store did not answer in time"}
        assert "master" in watched.replica.ask("ROLE")
        assert await store.get(b"before") == b"value"
        assert await store.get(b"after") == b"value"


async def test_an_ordered_change_of_the_primary_loses_no_later_write(watched: Watched, open_with: OpenRedis) -> None:
    async with open_with(**settings_of(watched)) as store:
        await store.set(b"key", b"first")
        until(lambda: "+OK" in watched.sentinel.ask("SENTINEL FAILOVER main", password=SECRET))
        until(lambda: "+switch-master" in watched.sentinel.output())
        until(lambda: "slave" in watched.primary.ask("ROLE"))
        for _ in range(100):
            try:
                await store.set(b"key", b"second")
                break
            except KVError:
                await asyncio.sleep(0.05)
        assert "second" in watched.replica.ask("GET key")


async def test_a_sentinel_that_is_down_is_passed_over(watched: Watched, open_with: OpenRedis) -> None:
    async with open_with(**settings_of(watched, f"127.0.0.1:{free_port()}")) as store:
        await store.set(b"key", b"value")
        assert await store.get(b"key") == b"value"


async def test_sentinel_and_primary_speak_tls(files: Path, open_with: OpenRedis) -> None:
    encrypted = tls_options(files, "server.pem")
    with RedisServer(encrypted, tls=True) as primary:
        port = free_port()
        options = {**encrypted, "port": "0", "tls-port": str(port), "tls-replication": "yes"}
        with RedisSentinel(primary, options):
            certificates = {"tls_ca_file": str(files / "ca.pem"), "tls_cert_file": str(files / "client.pem")}
            servers = {"sentinel_servers": f"127.0.0.1:{port}", "sentinel_master": "main"}
            async with open_with(**servers, **certificates, tls=True, sentinel_tls=True) as store:
                await store.set(b"key", b"value")
                assert await store.get(b"key") == b"value"
            with pytest.raises(RedisOpenError, match="redis_sentinel_servers"):
                async with open_with(**servers, **certificates, tls=True, connect_timeout=1):
                    raise AssertionError("it opened")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"sentinel_master": "other"}, "No master found for 'other'"),
        ({"sentinel_password": SECRET + "x"}, "redis_sentinel_password"),
        ({"sentinel_servers": "127.0.0.1:1"}, "127.0.0.1:1"),
    ],
    ids=["name", "password", "server"],
)
async def test_what_is_wrong_with_the_sentinels_ends_the_start(
    watched: Watched, open_with: OpenRedis, wrong: dict[str, str], named: str
) -> None:
    began_s = time.monotonic()
    with pytest.raises(RedisOpenError) as raised:
        async with open_with(**(settings_of(watched) | wrong)):
            raise AssertionError("it opened")
    text = str(raised.value)
    assert named in text
    assert "redis_sentinel_servers" in text
    assert SECRET not in text
    assert "object at" not in text
    assert "ConnectionPool" not in text
    assert time.monotonic() - began_s < 3


async def test_no_connection_is_left_at_server_or_sentinel(watched: Watched, open_with: OpenRedis) -> None:
    async with open_with(**settings_of(watched)) as store:
        await asyncio.gather(*(store.set(b"%d" % number, b"") for number in range(50)))
        before = watched.primary.ask("CLIENT LIST TYPE normal").count("id=")
    until(lambda: watched.primary.ask("CLIENT LIST TYPE normal").count("id=") < before)
    until(lambda: "cmd=sentinel" not in watched.sentinel.ask("CLIENT LIST", password=SECRET))
    assert watched.primary.ask("CLIENT LIST TYPE normal").count("cmd=set") == 0

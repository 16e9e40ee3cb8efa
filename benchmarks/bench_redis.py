"""The Redis store beside the bare asyncio driver, on a server of the benchmark's own: one host call, and 500 calls at once."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator

from redis.asyncio import BlockingConnectionPool, Redis
from tarmac_kv.kvstore_pb2 import KVStoreGet, KVStoreSet
from tarmac_kv.operations import kv_operations
from tarmac_kv_redis.plugin import open_redis
from tarmac_kv_redis.settings import RedisSettings

from benchmarks.figure import Figure
from benchmarks.host_calls import AT_ONCE, HOST_CALLS, Script, context, cpu_us, dispatching, invoke
from tarmac_core.dispatch import Capability
from tests.services.redis import RedisServer

ROUNDS = 9
VALUE = bytes(100)
CONNECTIONS = RedisSettings(server="127.0.0.1").max_active
GET, SET = (
    ("get", KVStoreGet(key=b"key").SerializeToString()),
    ("set", KVStoreSet(key=b"key", data=VALUE).SerializeToString()),
)


def figures() -> Iterator[Figure]:
    """Medians of rounds; both sides of a round follow each other, with as many connections each."""
    with RedisServer() as server:
        calls, together = asyncio.run(_measured(server))
    bare_us, host_us = (statistics.median(column) for column in zip(*calls, strict=True))
    more_us = statistics.median(host - bare for bare, host in calls)
    yield Figure("CPU of one get, bare driver", bare_us, "us")
    yield Figure(f"CPU of one kvstore/get host call, {HOST_CALLS} in an invocation", host_us, "us")
    yield Figure("CPU more than the bare driver", more_us, "us", 40)
    bare_ms, tarmac_ms = (statistics.median(column) for column in zip(*together, strict=True))
    yield Figure(f"{AT_ONCE} times set and get at once, bare driver", bare_ms, "ms")
    yield Figure(f"{AT_ONCE} invocations at once, each set and get", tarmac_ms, "ms")
    ratio = statistics.median(tarmac / bare for bare, tarmac in together)
    yield Figure("times the bare driver", ratio, "times", 1.3)


async def _measured(server: RedisServer) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    pool = BlockingConnectionPool(host="127.0.0.1", port=server.port, max_connections=CONNECTIONS)
    bare = Redis(connection_pool=pool)
    await bare.set("key", VALUE)
    functions = {"gets": Script([GET], HOST_CALLS), "both": Script([SET, GET], 1)}
    async with open_redis(RedisSettings(server=server.address), context()) as store:
        operations = kv_operations({"default": store})
        capability = Capability("kvstore", "kvstore", operations, stores=frozenset(("default",)))
        async with dispatching(capability, functions) as dispatcher:
            calls = [
                (await cpu_us(lambda: _bare_gets(bare)), await cpu_us(lambda: invoke(dispatcher, "gets")))
                for _ in range(ROUNDS + 1)
            ]
            together = [
                (await _wall_ms(lambda: _bare_both(bare)), await _wall_ms(lambda: invoke(dispatcher, "both")))
                for _ in range(ROUNDS + 1)
            ]
    await bare.aclose()
    await pool.aclose()
    return calls[1:], together[1:]


async def _bare_gets(bare: Redis) -> None:
    for _ in range(HOST_CALLS):
        await bare.get(b"key")


async def _bare_both(bare: Redis) -> None:
    await bare.set(b"key", VALUE)
    await bare.get(b"key")


async def _wall_ms(job: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await asyncio.gather(*(job() for _ in range(AT_ONCE)))
    return (time.perf_counter() - began) * 1e3

"""The NATS store beside the bare driver's `KeyValue`, on a server of the benchmark's own: one get and one set as host calls."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import nats
from tarmac_kv.kvstore_pb2 import KVStoreGet, KVStoreSet
from tarmac_kv.operations import kv_operations
from tarmac_kv_nats.plugin import open_nats
from tarmac_kv_nats.settings import NatsSettings

from benchmarks.figure import Figure
from benchmarks.host_calls import HOST_CALLS, again, context, cpu_us, dispatching, invoke
from tarmac_core.dispatch import Capability
from tests.services.nats import NatsServer

ROUNDS = 9
KEY = "key"
VALUE = bytes(100)
CALLS = {
    "get": KVStoreGet(key=KEY.encode()).SerializeToString(),
    "set": KVStoreSet(key=KEY.encode(), data=VALUE).SerializeToString(),
}


def figures() -> Iterator[Figure]:
    """Medians of rounds; both sides of a round follow each other."""
    with NatsServer() as server:
        measured = asyncio.run(_measured(server))
    for operation, rounds in measured.items():
        bare_us, host_us = (statistics.median(column) for column in zip(*rounds, strict=True))
        more_us = statistics.median(host - bare for bare, host in rounds)
        yield Figure(f"CPU of one {operation}, bare driver", bare_us, "us")
        yield Figure(f"CPU of one kvstore/{operation} host call, {HOST_CALLS} in an invocation", host_us, "us")
        yield Figure("CPU more than the bare driver", more_us, "us", 40)


async def _measured(server: NatsServer) -> dict[str, list[tuple[float, float]]]:
    settings = NatsSettings(url=server.url)
    async with open_nats(settings, context()) as store, await nats.connect(server.url) as client:
        bucket = await client.jetstream().key_value(settings.bucket)
        bare = {"get": _again(lambda: bucket.get(KEY)), "set": _again(lambda: bucket.put(KEY, VALUE))}
        await bare["set"]()
        capability = Capability("kvstore", "kvstore", kv_operations({"default": store}), stores=frozenset(("default",)))
        async with dispatching(capability, again(CALLS)) as dispatcher:
            rounds = {
                operation: [
                    (await cpu_us(bare[operation]), await cpu_us(partial(invoke, dispatcher, operation)))
                    for _ in range(ROUNDS + 1)
                ]
                for operation in CALLS
            }
    return {operation: measured[1:] for operation, measured in rounds.items()}


def _again(call: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
    async def calls() -> None:
        for _ in range(HOST_CALLS):
            await call()

    return calls

"""The Redis store beside the bare asyncio driver, on a server of the benchmark's own: one host call, and 500 calls at once."""

import asyncio
import logging
import os
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import BlockingConnectionPool, Redis
from tarmac_kv.kvstore_pb2 import KVStoreGet, KVStoreSet
from tarmac_kv.operations import kv_operations
from tarmac_kv_redis.plugin import open_redis
from tarmac_kv_redis.settings import RedisSettings
from wasmtime import wat2wasm

from benchmarks.figure import Figure
from tarmac_core.dispatch import CallContext, Capability, Dispatcher, FieldLog, Function, Observers
from tarmac_core.plugin import Context
from tarmac_core.testing import Records
from tarmac_core.wapc import Engine, GuestLimits
from tests.services.redis import RedisServer

ROUNDS = 9
TOGETHER = 500
HOST_CALLS = 100
VALUE = bytes(100)
CONNECTIONS = RedisSettings(server="127.0.0.1").max_active


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
    yield Figure(f"{TOGETHER} times set and get at once, bare driver", bare_ms, "ms")
    yield Figure(f"{TOGETHER} invocations at once, each set and get", tarmac_ms, "ms")
    ratio = statistics.median(tarmac / bare for bare, tarmac in together)
    yield Figure("times the bare driver", ratio, "times", 1.3)


async def _measured(server: RedisServer) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    pool = BlockingConnectionPool(host="127.0.0.1", port=server.port, max_connections=CONNECTIONS)
    bare = Redis(connection_pool=pool)
    await bare.set("key", VALUE)
    async with _dispatcher(server) as dispatcher:
        calls = [
            (await _cpu_us(lambda: _bare_gets(bare)), await _cpu_us(lambda: _invoke(dispatcher, "gets")))
            for _ in range(ROUNDS + 1)
        ]
        together = [
            (await _wall_ms(lambda: _bare_both(bare)), await _wall_ms(lambda: _invoke(dispatcher, "both")))
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


async def _invoke(dispatcher: Dispatcher, function: str) -> None:
    await dispatcher.invoke(function, b"", context=CallContext("http"))


async def _cpu_us(job: Callable[[], Awaitable[None]]) -> float:
    """CPU time of this process for one of the calls in the job; the server's is its own process's."""
    began = time.process_time()
    for _ in range(10):
        await job()
    return (time.process_time() - began) / 10 / HOST_CALLS * 1e6


async def _wall_ms(job: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await asyncio.gather(*(job() for _ in range(TOGETHER)))
    return (time.perf_counter() - began) * 1e3


@asynccontextmanager
async def _dispatcher(server: RedisServer) -> AsyncIterator[Dispatcher]:
    log = FieldLog(logging.Logger("benchmark"), {})
    clock = asyncio.get_running_loop().time
    records = Records()
    context = Context(
        log=log, invoke=records.invoke, observe=records.events.append, data_dir=Path(os.devnull), clock=clock
    )
    dispatcher = Dispatcher(log=log, observers=Observers(log), clock=clock)
    async with open_redis(RedisSettings(server=server.address), context) as store:
        operations = kv_operations({"default": store})
        dispatcher.offer([Capability("kvstore", "kvstore", operations, stores=frozenset(("default",)))])
        with Engine() as engine:
            modules = {"gets": _guest(HOST_CALLS, with_set=False), "both": _guest(1, with_set=True)}
            guests = {name: engine.load(name, wasm, GuestLimits(pool_size=TOGETHER)) for name, wasm in modules.items()}
            dispatcher.serve(Function(name, "benchmark", one, http_timeout_s=60.0) for name, one in guests.items())
            yield dispatcher
            for guest in guests.values():
                await guest.close()


def _guest(turns: int, *, with_set: bool) -> bytes:
    """A guest that makes `turns` host calls `kvstore/get`, or a set before each."""
    get, put = KVStoreGet(key=b"key").SerializeToString(), KVStoreSet(key=b"key", data=VALUE).SerializeToString()
    names = b"defaultkvstoregetset"
    data = names + get + put
    text = "".join(f"\\{byte:02x}" for byte in data)
    at = {"get": len(names), "put": len(names) + len(get)}

    def call(operation: int, start: int, length: int) -> str:
        return (
            "(if (i32.eqz (call $call (i32.const 0) (i32.const 7) (i32.const 7) (i32.const 7)"
            f" (i32.const {operation}) (i32.const 3) (i32.const {start}) (i32.const {length}))) (then unreachable))"
        )

    body = (call(17, at["put"], len(put)) if with_set else "") + call(14, at["get"], len(get))
    module = f"""(module
 (import "wapc" "__guest_request" (func $request (param i32 i32)))
 (import "wapc" "__guest_response" (func $response (param i32 i32)))
 (import "wapc" "__host_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
 (memory (export "memory") 1) (data (i32.const 0) "{text}")
 (func (export "__guest_call") (param i32 i32) (result i32) (local $turn i32)
  (loop $again {body}
   (local.set $turn (i32.add (local.get $turn) (i32.const 1)))
   (br_if $again (i32.lt_u (local.get $turn) (i32.const {turns}))))
  (call $response (i32.const 0) (i32.const 7)) (i32.const 1)))"""
    return bytes(wat2wasm(module))

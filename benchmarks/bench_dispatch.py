"""A call through the dispatcher, warm, nobody observing: the Go echo guest, and one host call into the memory store."""

import asyncio
import logging
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from tarmac_kv.operations import kv_operations
from tarmac_kv_memory.store import MemoryKV
from wasmtime import wat2wasm

from benchmarks.figure import Figure, median_of, resident_mib
from benchmarks.plain_wasmtime import PlainHost
from tarmac_core.dispatch import CallContext, Capability, Dispatcher, FieldLog, Function, Observers
from tarmac_core.plugin import Call, HostCallError, Observer, Operation, Operations
from tarmac_core.wapc import Engine, GuestLimits

GUESTS = Path(__file__).parent.parent / "tests" / "guests" / "wasm"
PAYLOAD = bytes(100)
WAITS = """(module (import "wapc" "__guest_request" (func $request (param i32 i32)))
 (import "wapc" "__guest_response" (func $response (param i32 i32)))
 (import "wapc" "__host_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
 (memory (export "memory") 1) (data (i32.const 1) "bc")
 (func (export "__guest_call") (param i32 i32) (result i32)
  (drop (call $call (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 2) (i32.const 1)
   (i32.const 1) (i32.const 1))) (call $response (i32.const 1) (i32.const 1)) (i32.const 1)))"""
CALLS = 20_000
RUNS = 9


class _Listener(Observer):
    def call_finished(self, event: object) -> None:
        """Hear of it."""

    def host_call_finished(self, event: object) -> None:
        """Hear of it."""


def figures() -> Iterator[Figure]:
    """Microseconds a call by the clock on the wall, medians of runs."""
    echo, get, watched = asyncio.run(_measured())
    yield Figure("invoke, Go echo guest, 100 bytes", echo, "us", 5)
    yield Figure("invoke, Go guest with one in-memory kvstore/get", get, "us", 10)
    yield Figure("the same with an observer of calls and host calls", watched, "us")
    waits, more_mib = asyncio.run(_waiting())
    yield Figure("1,000 calls, each waiting 20 ms in a host call", waits, "ms", 120)
    yield Figure("the same, more memory", more_mib, "MiB", 150)
    host = PlainHost(GUESTS / "go-echo.wasm")
    plain = median_of(lambda: _plain_us(host), RUNS)
    yield Figure("plain wasmtime-py imports, Go echo guest, 100 bytes", plain, "us")
    yield Figure("faster than plain wasmtime-py", plain / echo, "times", 10, at_least=True)


async def _measured() -> tuple[float, float, float]:
    async with _dispatcher() as (dispatcher, observers):
        echo = await _median_us(lambda: dispatcher.invoke("echo", PAYLOAD, context=CallContext("http")))
        get = await _median_us(lambda: dispatcher.invoke("get", b"get key", context=CallContext("http")))
        observers.add("listener", _Listener())
        watched = await _median_us(lambda: dispatcher.invoke("get", b"get key", context=CallContext("http")))
        return echo, get, watched


async def _waiting() -> tuple[float, float]:
    async with _dispatcher() as (dispatcher, _observers):
        before = resident_mib()
        runs = [await _waits_ms(dispatcher) for _ in range(6)][1:]
        return statistics.median(runs), resident_mib() - before


async def _waits_ms(dispatcher: Dispatcher) -> float:
    began = time.perf_counter()
    await asyncio.gather(*(dispatcher.invoke("wait", b"x", context=CallContext("http")) for _ in range(1000)))
    return (time.perf_counter() - began) * 1e3


async def _wait(_call: Call, payload: bytes) -> bytes:
    await asyncio.sleep(0.02)
    return payload


def _as_it_is(reply: bytes | HostCallError) -> bytes:
    return reply if isinstance(reply, bytes) else b""


@asynccontextmanager
async def _dispatcher() -> AsyncIterator[tuple[Dispatcher, Observers]]:
    log = FieldLog(logging.Logger("benchmark"), {})
    observers = Observers(log)
    dispatcher = Dispatcher(log=log, observers=observers, clock=asyncio.get_running_loop().time)
    store = MemoryKV()
    store.set(b"key", PAYLOAD)
    wait: Operations = {"c": Operation(decode=lambda payload: (payload, _as_it_is), handler=_wait)}
    kvstore = Capability("kvstore", "kvstore", kv_operations({"default": store}), stores=frozenset(("default",)))
    dispatcher.offer([kvstore, Capability("b", "benchmark", wait)])
    with Engine() as engine:
        modules = {"echo": (GUESTS / "go-echo.wasm").read_bytes(), "get": (GUESTS / "go-misc.wasm").read_bytes()}
        modules["wait"] = bytes(wat2wasm(WAITS))
        guests = {name: engine.load(name, wasm, GuestLimits(pool_size=1000)) for name, wasm in modules.items()}
        dispatcher.serve(Function(name, "benchmark", guest, http_timeout_s=60.0) for name, guest in guests.items())
        yield dispatcher, observers
        for guest in guests.values():
            await guest.close()


async def _median_us(call: Callable[[], Awaitable[bytes]]) -> float:
    runs = sorted([await _run_us(call) for _ in range(RUNS + 1)][1:])
    return runs[RUNS // 2]


async def _run_us(call: Callable[[], Awaitable[bytes]]) -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        await call()
    return (time.perf_counter() - began) / CALLS * 1e6


def _plain_us(host: PlainHost) -> float:
    began = time.perf_counter()
    for _ in range(CALLS // 20):
        host.call(b"handler", PAYLOAD)
    return (time.perf_counter() - began) / (CALLS // 20) * 1e6

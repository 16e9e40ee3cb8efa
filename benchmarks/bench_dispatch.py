"""A call through the dispatcher, warm, nobody observing: the Go echo guest, and one host call into the memory store."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from tarmac_kv.operations import kv_operations
from tarmac_kv_memory.store import MemoryKV

from benchmarks.figure import Figure, median_of
from benchmarks.plain_wasmtime import PlainHost
from tarmac_core.dispatch import CallContext, Capability, Dispatcher, FieldLog, Function, Observers
from tarmac_core.plugin import Observer
from tarmac_core.wapc import Engine, GuestLimits

GUESTS = Path(__file__).parent.parent / "tests" / "guests" / "wasm"
PAYLOAD = bytes(100)
CALLS = 20_000
RUNS = 9


class _Listener(Observer):
    def call_finished(self, event: object) -> None:
        """Hear of it."""

    def host_call_finished(self, event: object) -> None:
        """Hear of it."""


def figures() -> Iterator[Figure]:
    """Microseconds a call, medians of runs."""
    echo, get, watched = asyncio.run(_measured())
    yield Figure("invoke, Go echo guest, 100 bytes", echo, "us", 5)
    yield Figure("invoke, Go guest with one in-memory kvstore/get", get, "us", 10)
    yield Figure("the same with an observer of calls and host calls", watched, "us")
    host = PlainHost(GUESTS / "go-echo.wasm")
    plain = median_of(lambda: _plain_us(host), RUNS)
    yield Figure("plain wasmtime-py imports, Go echo guest, 100 bytes", plain, "us")
    yield Figure("faster than plain wasmtime-py", plain / echo, "times", 10, at_least=True)


async def _measured() -> tuple[float, float, float]:
    async with _dispatcher() as (dispatcher, observers):
        echo = await _median_us(lambda: dispatcher.invoke("echo", PAYLOAD, context=CallContext("http")))
        get = await _median_us(lambda: dispatcher.invoke("get", b"get key", context=CallContext("http")))
        observers.add("listener", _Listener())
        return echo, get, await _median_us(lambda: dispatcher.invoke("get", b"get key", context=CallContext("http")))


@asynccontextmanager
async def _dispatcher() -> AsyncIterator[tuple[Dispatcher, Observers]]:
    log = FieldLog(logging.Logger("benchmark"), {})
    observers = Observers(log)
    dispatcher = Dispatcher(log=log, observers=observers, clock=asyncio.get_running_loop().time)
    store = MemoryKV()
    store.set(b"key", PAYLOAD)
    dispatcher.offer(
        [Capability("kvstore", "kvstore", kv_operations({"default": store}), stores=frozenset(("default",)))]
    )
    with Engine() as engine:
        files = {"echo": "go-echo.wasm", "get": "go-misc.wasm"}
        guests = {n: engine.load(n, (GUESTS / file).read_bytes(), GuestLimits()) for n, file in files.items()}
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

"""Guests that make the same host calls again and again, behind a dispatcher: what a host call costs, apart from HTTP."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from wasmtime import wat2wasm

from tarmac_core.dispatch import CallContext, Capability, Dispatcher, FieldLog, Function, Observers
from tarmac_core.plugin import Context
from tarmac_core.testing import Records
from tarmac_core.wapc import Engine, GuestLimits

HOST_CALLS = 100
AT_ONCE = 500
_JOBS = 10


def context() -> Context:
    """What a backend is opened with."""
    records = Records()
    return Context(
        log=FieldLog(logging.Logger("benchmark"), {}),
        invoke=records.invoke,
        observe=records.events.append,
        data_dir=Path(os.devnull),
        clock=asyncio.get_running_loop().time,
    )


class Script(NamedTuple):
    """What a function does: these host calls, operations and requests, in each turn."""

    calls: Sequence[tuple[str, bytes]]
    turns: int


def again(calls: Mapping[str, bytes]) -> dict[str, Script]:
    """A function for each operation that makes its call `HOST_CALLS` times."""
    return {operation: Script([(operation, request)], HOST_CALLS) for operation, request in calls.items()}


@asynccontextmanager
async def dispatching(capability: Capability, functions: Mapping[str, Script]) -> AsyncIterator[Dispatcher]:
    """A dispatcher with these functions, which may all be called at once."""
    log = FieldLog(logging.Logger("benchmark"), {})
    dispatcher = Dispatcher(log=log, observers=Observers(log), clock=asyncio.get_running_loop().time)
    dispatcher.offer([capability])
    with Engine() as engine:
        limits = GuestLimits(pool_size=AT_ONCE)
        guests = {
            name: engine.load(name, _guest(capability.name, script), limits) for name, script in functions.items()
        }
        dispatcher.serve(Function(name, "benchmark", guest, http_timeout_s=60.0) for name, guest in guests.items())
        yield dispatcher
        for guest in guests.values():
            await guest.close()


async def cpu_us(job: Callable[[], Awaitable[object]]) -> float:
    """CPU time of this process, its threads included, for one of the `HOST_CALLS` calls in the job; a server's is its own."""
    began_s = time.process_time()
    for _ in range(_JOBS):
        await job()
    return (time.process_time() - began_s) / _JOBS / HOST_CALLS * 1e6


async def invoke(dispatcher: Dispatcher, function: str) -> None:
    """One invocation, with all of its host calls."""
    await dispatcher.invoke(function, b"", context=CallContext("http"))


def _guest(capability: str, script: Script) -> bytes:
    """A module that makes the calls and traps where one fails."""
    data = b"default" + capability.encode()
    bodies = []
    for operation, request in script.calls:
        parts = [(0, 7), (7, len(capability)), (len(data), len(operation)), (len(data) + len(operation), len(request))]
        places = " ".join(f"(i32.const {at}) (i32.const {length})" for at, length in parts)
        bodies.append(f"(if (i32.eqz (call $call {places})) (then unreachable))")
        data += operation.encode() + request
    text = "".join(f"\\{byte:02x}" for byte in data)
    module = f"""(module
 (import "wapc" "__guest_request" (func $request (param i32 i32)))
 (import "wapc" "__guest_response" (func $response (param i32 i32)))
 (import "wapc" "__host_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
 (memory (export "memory") 1) (data (i32.const 0) "{text}")
 (func (export "__guest_call") (param i32 i32) (result i32) (local $turn i32)
  (loop $again
   {" ".join(bodies)}
   (local.set $turn (i32.add (local.get $turn) (i32.const 1)))
   (br_if $again (i32.lt_u (local.get $turn) (i32.const {script.turns}))))
  (call $response (i32.const 0) (i32.const 7)) (i32.const 1)))"""
    return bytes(wat2wasm(module))

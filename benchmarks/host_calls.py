"""Guests that make one host call again and again, behind a dispatcher: what a host call costs, apart from HTTP."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from wasmtime import wat2wasm

from tarmac_core.dispatch import CallContext, Capability, Dispatcher, FieldLog, Function, Observers
from tarmac_core.plugin import Context
from tarmac_core.testing import Records
from tarmac_core.wapc import Engine, GuestLimits

HOST_CALLS = 100
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


@asynccontextmanager
async def dispatching(capability: Capability, calls: Mapping[str, bytes]) -> AsyncIterator[Dispatcher]:
    """A dispatcher with one function for each of `calls`, an operation's name and a request: it asks `HOST_CALLS` times."""
    log = FieldLog(logging.Logger("benchmark"), {})
    dispatcher = Dispatcher(log=log, observers=Observers(log), clock=asyncio.get_running_loop().time)
    dispatcher.offer([capability])
    with Engine() as engine:
        modules = {operation: _guest(capability.name, operation, request) for operation, request in calls.items()}
        guests = [engine.load(operation, wasm, GuestLimits()) for operation, wasm in modules.items()]
        functions = zip(modules, guests, strict=True)
        dispatcher.serve(Function(name, "benchmark", guest, http_timeout_s=60.0) for name, guest in functions)
        yield dispatcher
        for guest in guests:
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


def _guest(capability: str, operation: str, request: bytes) -> bytes:
    """A module that makes the call `HOST_CALLS` times and traps where one fails."""
    parts = [b"default", capability.encode(), operation.encode(), request]
    places, at = [], 0
    for part in parts:
        places.append(f"(i32.const {at}) (i32.const {len(part)})")
        at += len(part)
    text = "".join(f"\\{byte:02x}" for byte in b"".join(parts))
    module = f"""(module
 (import "wapc" "__guest_request" (func $request (param i32 i32)))
 (import "wapc" "__guest_response" (func $response (param i32 i32)))
 (import "wapc" "__host_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
 (memory (export "memory") 1) (data (i32.const 0) "{text}")
 (func (export "__guest_call") (param i32 i32) (result i32) (local $turn i32)
  (loop $again
   (if (i32.eqz (call $call {" ".join(places)})) (then unreachable))
   (local.set $turn (i32.add (local.get $turn) (i32.const 1)))
   (br_if $again (i32.lt_u (local.get $turn) (i32.const {HOST_CALLS}))))
  (call $response (i32.const 0) (i32.const 7)) (i32.const 1)))"""
    return bytes(wat2wasm(module))

"""A function that computes beside others, how late its limits end it, and what 100 warm instances weigh."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from benchmarks.figure import Figure, percentile, resident_mib
from tarmac_core.wapc import Engine, Guest, GuestError, GuestLimits

GUESTS = Path(__file__).parent.parent / "tests" / "guests" / "wasm"
PAYLOAD = bytes(100)
SPIN_S, LIMIT_MS = 2.0, 200


def figures() -> Iterator[Figure]:
    """Milliseconds and MiB; each part on one event loop of its own."""
    alone, beside = asyncio.run(_beside_a_spinner())
    yield Figure("Go echo alone, p99", percentile(alone, 0.99), "ms")
    yield Figure("Go echo beside a function that computes for 2 s, p99", percentile(beside, 0.99), "ms", 30)
    late = asyncio.run(_ends_late_ms())
    yield Figure("a function that never ends: after its cpu_ms of 200", late["cpu"], "ms", 50)
    yield Figure("a function that never ends: after its timeout_ms of 200", late["timeout"], "ms", 50)
    yield Figure("100 warm instances of the Go echo guest, more memory", asyncio.run(_instances_mib(100)), "MiB", 250)


def _answer_at_once(*_names_and_payload: bytes) -> bytes:
    return b""


@contextlib.asynccontextmanager
async def _guest(engine: Engine, wasm: bytes, limits: GuestLimits) -> AsyncIterator[Guest]:
    guest = engine.load("benchmark", wasm, limits)
    try:
        yield guest
    finally:
        await guest.close()


async def _echo_until(guest: Guest, stop_at: float) -> list[float]:
    took = []
    while (began := time.perf_counter()) < stop_at:
        await guest.call(b"handler", PAYLOAD, _answer_at_once)
        took.append((time.perf_counter() - began) * 1e3)
        await asyncio.sleep(0.001)
        took[-1] = max(took[-1], (time.perf_counter() - began) * 1e3 - 1)
    return took


async def _beside_a_spinner() -> tuple[list[float], list[float]]:
    with Engine() as engine:
        echo, misc = ((GUESTS / name).read_bytes() for name in ("go-echo.wasm", "go-misc.wasm"))
        async with _guest(engine, echo, GuestLimits()) as guest, _guest(engine, misc, GuestLimits()) as spinner:
            await guest.call(b"handler", PAYLOAD, _answer_at_once)
            alone = await _echo_until(guest, time.perf_counter() + SPIN_S)
            ends = asyncio.get_running_loop().time() + SPIN_S
            spin = asyncio.create_task(spinner.call(b"handler", b"loop", _answer_at_once, deadline_s=ends))
            beside = await _echo_until(guest, time.perf_counter() + SPIN_S)
            with contextlib.suppress(GuestError):
                await spin
            return alone, beside


async def _ends_late_ms() -> dict[str, float]:
    late = {}
    misc = (GUESTS / "go-misc.wasm").read_bytes()
    with Engine() as engine:
        for kind, cpu_ms in (("cpu", LIMIT_MS), ("timeout", None)):
            async with _guest(engine, misc, GuestLimits(cpu_ms=cpu_ms)) as guest:
                await guest.call(b"handler", b"answer 1", _answer_at_once)
                began = asyncio.get_running_loop().time()
                deadline_s = began + LIMIT_MS / 1e3 if cpu_ms is None else None
                try:
                    await guest.call(b"handler", b"loop", _answer_at_once, deadline_s=deadline_s)
                except GuestError as error:
                    if error.kind != kind:
                        raise
                late[kind] = (asyncio.get_running_loop().time() - began) * 1e3 - LIMIT_MS
    return late


async def _instances_mib(count: int) -> float:
    echo = (GUESTS / "go-echo.wasm").read_bytes()
    with Engine() as engine:
        async with _guest(engine, echo, GuestLimits(pool_size=count, min_instances=count)) as guest:
            before = resident_mib()
            await guest.warm(_answer_at_once)
            await asyncio.gather(*(guest.call(b"handler", PAYLOAD, _answer_at_once) for _ in range(count)))
            return resident_mib() - before

"""Handlers that block the event loop are named."""

import asyncio
import time
from collections.abc import Awaitable

import pytest

from tarmac_core.dispatch import watch
from tarmac_core.plugin import Call
from tests.unit.dispatch.conftest import Bench, names, raw

BLOCKED = "Handler blocked the event loop"


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "BLOCKING_S", 0.05)
    monkeypatch.setattr("tarmac_core.dispatch.call.BLOCKING_S", 0.05)


async def test_a_handler_that_blocks_is_logged_by_plugin_and_operation(bench: Bench) -> None:
    def block(call: Call, payload: bytes) -> bytes:
        time.sleep(0.1)
        return b""

    bench.offer("x", {"y": raw(block)})
    bench.load("f")
    await bench.host_call("f", "tarmac", "x", "y")
    line = bench.logged[-1]
    assert (line["msg"], line["plugin"], line["operation"], line["function"]) == (BLOCKED, "plugin-x", "x/y", "f")
    assert line["duration_ms"] >= 100


async def test_a_coroutine_that_blocks_between_two_waits_is_logged(bench: Bench) -> None:
    async def block(call: Call, payload: bytes) -> bytes:
        await asyncio.sleep(0)
        time.sleep(0.1)  # noqa: ASYNC251 - this is the fault under test
        await asyncio.sleep(0)
        return b""

    bench.offer("x", {"y": raw(block)})
    bench.load("f")
    await bench.host_call("f", "tarmac", "x", "y")
    assert names(bench.logged).count(BLOCKED) == 1


async def test_a_handler_that_only_waits_is_not_logged(bench: Bench) -> None:
    async def wait(call: Call, payload: bytes) -> bytes:
        await asyncio.sleep(0.1)
        return b""

    bench.offer("x", {"y": raw(wait)})
    bench.load("f")
    await bench.host_call("f", "tarmac", "x", "y")
    assert BLOCKED not in names(bench.logged)


async def test_a_watched_future_behaves_as_without() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, 7)
    assert await watch.watched(future, lambda took_s: pytest.fail(str(took_s))) == 7


async def test_an_error_thrown_in_reaches_the_handler() -> None:
    async def recovers() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "recovered"
        return "slept"

    task = asyncio.create_task(_awaited(recovers()))
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "recovered"


async def _awaited(coroutine: Awaitable[str]) -> str:
    return await watch.watched(coroutine, lambda took_s: pytest.fail(str(took_s)))

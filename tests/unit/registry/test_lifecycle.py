"""What is open is unwound in reverse, whatever each step does to prevent it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from tarmac_core.plugin import Log, OpenError
from tarmac_core.registry import Lifecycle, StepError
from tarmac_core.registry import lifecycle as module

Opener = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
def log() -> Log:
    return logging.LoggerAdapter(logging.getLogger("lifecycle"))


@asynccontextmanager
async def _noting(notes: list[str], name: str) -> AsyncIterator[str]:
    notes.append(f"open {name}")
    yield name
    notes.append(f"close {name}")


async def test_steps_open_in_order_and_close_in_reverse(log: Log) -> None:
    notes: list[str] = []
    async with Lifecycle(log) as lifecycle:
        assert await lifecycle.open("backend", "a", _noting, notes, "a") == "a"
        await lifecycle.open("trigger", "b", _noting, notes, "b")
        assert list(lifecycle.open_steps) == ["backend a", "trigger b"]
    assert notes == ["open a", "open b", "close b", "close a"]
    assert not lifecycle.open_steps


async def test_an_open_that_raises_is_a_typed_error_naming_the_step_and_the_rest_is_unwound(log: Log) -> None:
    @asynccontextmanager
    async def refused() -> AsyncIterator[None]:
        raise ConnectionRefusedError("port 6379")
        yield

    notes: list[str] = []
    async with Lifecycle(log) as lifecycle:
        await lifecycle.open("observer", "a", _noting, notes, "a")
        with pytest.raises(StepError, match=r"open raised ConnectionRefusedError: port 6379") as info:
            await lifecycle.open("backend", "kvstore.redis", refused)
    assert str(info.value).startswith("backend kvstore.redis: open")
    assert info.value.step == "backend kvstore.redis"
    assert isinstance(info.value.__cause__, ConnectionRefusedError)
    assert notes == ["open a", "close a"]


async def test_an_open_that_says_what_it_cannot_do_is_shown_in_its_own_words_alone(log: Log) -> None:
    @asynccontextmanager
    async def refused() -> AsyncIterator[None]:
        raise OpenError("host:6379: the login is refused\n(redis_password)")
        yield

    async with Lifecycle(log) as lifecycle:
        with pytest.raises(StepError) as info:
            await lifecycle.open("backend", "kvstore.redis", refused)
    assert str(info.value) == "backend kvstore.redis: open failed: host:6379: the login is refused (redis_password)"


async def test_closing_while_a_step_opens_ends_that_step(log: Log) -> None:
    @asynccontextmanager
    async def slow() -> AsyncIterator[None]:
        await asyncio.sleep(60)
        yield

    lifecycle = Lifecycle(log)
    opening = asyncio.create_task(lifecycle.open_within(None, "trigger", "init", slow))
    await asyncio.sleep(0)
    await lifecycle.close()
    with pytest.raises(StepError, match="trigger init: open"):
        await opening
    assert (lifecycle.open_steps, lifecycle.left_behind) == ((), [])


async def test_an_open_that_hangs_is_ended_by_its_limit(log: Log) -> None:
    ended = asyncio.Event()

    @asynccontextmanager
    async def hanging() -> AsyncIterator[None]:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        yield

    async with Lifecycle(log, open_limit_s=0.05) as lifecycle:
        with pytest.raises(StepError, match=r"backend slow: open did not finish within 0.05 s"):
            await lifecycle.open("backend", "slow", hanging)
    assert ended.is_set()
    assert lifecycle.left_behind == []


async def test_an_open_without_a_limit_may_take_longer(log: Log) -> None:
    @asynccontextmanager
    async def slow() -> AsyncIterator[str]:
        await asyncio.sleep(0.1)
        yield "done"

    async with Lifecycle(log, open_limit_s=0.01) as lifecycle:
        assert await lifecycle.open_within(None, "trigger", "init", slow) == "done"


async def test_a_close_that_raises_is_logged_and_the_others_close(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    @asynccontextmanager
    async def failing() -> AsyncIterator[None]:
        yield
        raise SystemExit("no")

    notes: list[str] = []
    async with Lifecycle(log) as lifecycle:
        await lifecycle.open("backend", "a", _noting, notes, "a")
        await lifecycle.open("capability", "b", failing)
    assert "close of capability b raised SystemExit: no" in caplog.text
    assert notes == ["open a", "close a"]


async def test_a_close_that_hangs_is_cancelled_and_named(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    @asynccontextmanager
    async def hanging() -> AsyncIterator[None]:
        yield
        await asyncio.sleep(60)

    notes: list[str] = []
    async with Lifecycle(log, close_limit_s=0.05) as lifecycle:
        await lifecycle.open("backend", "a", _noting, notes, "a")
        await lifecycle.open("trigger", "b", hanging)
    assert "close of trigger b did not finish within 0.05 s: cancelled" in caplog.text
    assert notes == ["open a", "close a"]
    assert lifecycle.left_behind == []


@pytest.mark.parametrize("hangs_in", ["open", "close"])
async def test_a_step_that_does_not_heed_its_cancellation_is_left_behind(
    log: Log, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, hangs_in: str
) -> None:
    monkeypatch.setattr(module, "CANCEL_LIMIT_S", 0.05)
    let_go = asyncio.Event()

    async def stubborn() -> None:
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    @asynccontextmanager
    async def step() -> AsyncIterator[None]:
        if hangs_in == "open":
            await stubborn()
        yield
        await stubborn()

    notes: list[str] = []
    async with Lifecycle(log, open_limit_s=0.05, close_limit_s=0.05) as lifecycle:
        await lifecycle.open("backend", "a", _noting, notes, "a")
        try:
            await lifecycle.open("trigger", "b", step)
        except StepError:
            assert hangs_in == "open"
    assert lifecycle.left_behind == ["trigger b"]
    assert "trigger b does not end when it is cancelled: left behind" in caplog.text
    assert notes == ["open a", "close a"]
    let_go.set()
    await asyncio.sleep(0.01)


async def test_a_step_may_hold_a_task_group_since_one_task_opens_and_closes_it(log: Log) -> None:
    ran = asyncio.Event()

    @asynccontextmanager
    async def grouped() -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group, asyncio.timeout(30):
            task = group.create_task(asyncio.sleep(60))
            yield
            task.cancel()
            ran.set()

    async with Lifecycle(log) as lifecycle:
        await lifecycle.open("trigger", "a", grouped)
    assert ran.is_set()


async def test_a_step_that_ends_by_itself_is_logged_by_name(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    async def crash() -> None:
        raise ValueError("lost the connection")

    @asynccontextmanager
    async def grouped() -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(crash())
            yield

    async with Lifecycle(log) as lifecycle:
        await lifecycle.open("trigger", "a", grouped)
        await asyncio.sleep(0.02)
        assert "trigger a ended by itself: it raised ExceptionGroup" in caplog.text


async def _coroutine() -> None:
    return None


async def _generator() -> AsyncIterator[None]:
    yield


@pytest.mark.parametrize(("opener", "gave"), [(_coroutine, "coroutine"), (_generator, "async_generator"), (str, "str")])
async def test_an_open_that_gives_no_context_manager_is_told_so(log: Log, opener: Opener, gave: str) -> None:
    async with Lifecycle(log) as lifecycle:
        with pytest.raises(StepError, match=rf"open gave {gave}, not an asynchronous context manager"):
            await lifecycle.open("backend", "a", opener)


async def test_an_open_that_is_called_wrongly_is_told_so(log: Log) -> None:
    async with Lifecycle(log) as lifecycle:
        with pytest.raises(StepError, match="TypeError"):
            await lifecycle.open("backend", "a", _noting)


async def test_cancelling_the_start_closes_what_was_opening(log: Log) -> None:
    entered, left = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def hanging() -> AsyncIterator[None]:
        entered.set()
        try:
            await asyncio.sleep(60)
        finally:
            left.set()
        yield

    async def start() -> None:
        async with Lifecycle(log) as lifecycle:
            await lifecycle.open("backend", "a", hanging)

    task = asyncio.create_task(start())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 2)
    assert left.is_set()


async def test_a_step_that_blocks_the_loop_is_named_while_it_does(
    log: Log, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCKED_AFTER_S", 0.05)

    @asynccontextmanager
    async def blocking() -> AsyncIterator[None]:
        yield
        time.sleep(0.3)  # noqa: ASYNC251 - the fault under test

    async with Lifecycle(log, close_limit_s=0.05) as lifecycle:
        await lifecycle.open("backend", "a", blocking)
    assert "close of backend a blocks the event loop, 0.1 s so far" in caplog.text

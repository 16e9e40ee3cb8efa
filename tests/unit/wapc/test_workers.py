"""Threads for guests that compute: all of them end, and a call never waits for one that is not there."""

import asyncio
import threading
import time
from pathlib import Path

import pytest

from tarmac_core.wapc import Engine, EngineError, EngineSettings, GuestError, GuestLimits, _fiber
from tests.unit.wapc.conftest import Load, never
from tests.unit.wapc.guests import zoo


async def test_close_ends_calls_on_their_way_between_workers_and_loop(cache_dir: Path) -> None:
    for _ in range(5):
        engine = Engine(EngineSettings(cache_dir=cache_dir, workers=1))
        guest = engine.load("zoo", zoo(), GuestLimits())
        tasks = [asyncio.create_task(guest.call(b"l", b"", never)) for _ in range(4)]
        await asyncio.sleep(0.03)
        time.sleep(0.02)  # noqa: ASYNC251 - a worker hands its guest back, and the loop does not know yet
        engine.close()
        done, waiting = await asyncio.wait(tasks, timeout=5)
        assert not waiting
        assert {getattr(task.exception(), "kind", None) for task in done} == {"closed"}


async def test_workers_that_are_closed_end_the_guest_at_once(engine: Engine, load: Load) -> None:
    instance = await load()._make(never, None)
    instance.call(b"l", b"")
    engine._host.workers.close()
    async with asyncio.timeout(1):
        assert await engine._host.workers.run(instance.fiber) == _fiber.CLOSED
    instance.close()


async def test_a_thread_that_cannot_be_started_is_an_error_only_while_there_is_none(
    engine: Engine, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = load(cpu_ms=30)
    start = threading.Thread.start

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    for _ in range(3):
        with pytest.raises(EngineError, match=r"no thread can be started .*: can't start new thread; allow more"):
            await guest.call(b"l", b"", never)
    monkeypatch.setattr(threading.Thread, "start", start)
    for _ in range(2):
        with pytest.raises(GuestError, match="CPU time"):
            await guest.call(b"l", b"", never)
        monkeypatch.setattr(threading.Thread, "start", refuse)
    await guest.close()
    engine.close()


async def test_a_thread_whose_start_was_interrupted_does_not_keep_the_engine_open(
    engine: Engine, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = load(cpu_ms=30)
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    before = set(threading.enumerate())
    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        await guest.call(b"l", b"", never)
    monkeypatch.setattr(threading.Thread, "start", start)
    (stray,) = set(threading.enumerate()) - before
    for _ in range(3):
        with pytest.raises(GuestError, match="CPU time"):
            await guest.call(b"l", b"", never)
    await guest.close()
    engine.close()
    stray.join(5)
    assert not stray.is_alive()

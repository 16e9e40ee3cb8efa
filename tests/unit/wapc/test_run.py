"""Calls beside each other: who computes, sleeps or floods leaves the loop to others; who is cancelled leaves nothing."""

import asyncio
import contextlib
import gc
import itertools
import random
import threading
import time
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tarmac_core.wapc import Engine, Guest, GuestError, GuestLimits, HostCall
from tarmac_core.wapc.instance import Instance
from tests.unit.wapc.conftest import Load, never, reverse, reverse_later
from tests.unit.wapc.guests import guest as build
from tests.unit.wapc.guests import starting, zoo

ROUNDS = (50_000_000).to_bytes(4, "little")


async def gaps_beside(work: Awaitable[object], other: Callable[[], Awaitable[object]] | None = None) -> list[float]:
    """How long the loop, or a call beside it, was kept from going on while `work` ran, in seconds, sorted."""
    task = asyncio.ensure_future(work)
    gaps: list[float] = []
    while not task.done():
        began = time.perf_counter()
        if other is not None:
            await other()
        await asyncio.sleep(0)
        gaps.append(time.perf_counter() - began)
    await asyncio.gather(task, return_exceptions=True)
    return sorted(gaps)


async def test_an_echo_beside_spinners_stays_quick(load: Load) -> None:
    echo, spinner = load(), load()
    loop = asyncio.get_running_loop()

    async def p99_s() -> float:
        deadline_s = loop.time() + 2
        calls = [spinner.call(b"l", b"", never, deadline_s=deadline_s) for _ in range(3)]
        spinning = asyncio.gather(*calls, return_exceptions=True)
        gaps = await gaps_beside(spinning, lambda: echo.call(b"e", b"hello", never))
        assert [type(result) for result in spinning.result()] == [GuestError] * 3
        return gaps[int(len(gaps) * 0.99)]

    best_s = await p99_s()
    for _ in range(2):  # other processes may have had the cores
        best_s = best_s if best_s < 0.03 else min(best_s, await p99_s())
    assert best_s < 0.03


@pytest.mark.parametrize("operation", [b"F", b"L", b"S"])
async def test_a_flood_leaves_the_loop_its_turns(load: Load, operation: bytes) -> None:
    guest = load()
    deadline_s = asyncio.get_running_loop().time() + 0.3
    gaps = await gaps_beside(guest.call(operation, b"", reverse, deadline_s=deadline_s))
    assert len(gaps) > 10
    assert gaps[len(gaps) // 2] < 0.03


async def test_slow_handlers_that_answer_at_once_leave_the_loop_its_turns(load: Load) -> None:
    guest = load()
    await guest.call(b"e", b"", never)
    asked, turns = 0, [0]

    def slow(*_: bytes) -> bytes:
        nonlocal asked
        asked += 1
        time.sleep(0.006)
        return b""

    deadline_s = asyncio.get_running_loop().time() + 0.2
    calling = asyncio.create_task(guest.call(b"F", b"", slow, deadline_s=deadline_s))
    while not calling.done():
        turns.append(asked)
        await asyncio.sleep(0)
    assert isinstance(calling.exception(), GuestError)
    assert max(after - before for before, after in itertools.pairwise(turns)) < 10


async def test_random_bytes_without_end_leave_the_loop_its_turns(load: Load) -> None:
    function = load(
        build(
            """(if (call $random (i32.const 1024) (i32.load (i32.const 1024))) (then (return (i32.const 0))))
            (call $response (i32.const 1024) (i32.const 300000)) (return (i32.const 1))""",
            memory='(import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))'
            '(memory (export "memory") 2049)',
        )
    )

    async def longest_gap_s() -> float:
        await function.call(b"x", bytes(4), never)
        function._program.busy.value = 0  # or it begins on a worker
        gaps = await gaps_beside(function.call(b"x", (60 << 20).to_bytes(4, "little"), never))
        return gaps[-1]

    assert min([await longest_gap_s() for _ in range(5)]) < 0.05
    answer = await function.call(b"x", (300_000).to_bytes(4, "little"), never)
    assert len({answer[at : at + 16] for at in range(0, 300_000 - 16, 16)}) == 300_000 // 16 - 1
    assert await function.call(b"x", (0).to_bytes(4, "little"), never)
    with pytest.raises(GuestError):
        await function.call(b"x", (0xFFFFFFFF).to_bytes(4, "little"), never)


async def test_a_guest_that_sleeps_does_not_hold_the_loop(load: Load) -> None:
    guest = load()
    began = time.perf_counter()
    await asyncio.gather(*(guest.call(b"p", (100).to_bytes(4, "little"), never) for _ in range(20)))
    assert 0.1 <= time.perf_counter() - began < 1.9  # one after the other they take 2


async def test_a_guest_that_computes_long_is_right_and_starts_on_a_worker_the_next_time(
    engine: Engine, load: Load
) -> None:
    guest = load(pool_size=1)
    assert await guest.call(b"P", ROUNDS, never) == ROUNDS
    assert guest._program.busy.value == 1
    instance = guest._idle[0]
    assert instance.call(b"e", b"x") == 0  # begun, not yet polled
    assert await engine._host.workers.run(instance.fiber) == b"x"
    for _ in range(20):  # a short slice on the worker brings it back
        if guest._program.busy.value == 0:
            break
        await guest.call(b"e", b"x", never)
    assert guest._program.busy.value == 0


async def test_more_spinners_than_workers_all_come_to_their_end(load: Load) -> None:
    guest = load()
    answers = await asyncio.gather(*(guest.call(b"P", ROUNDS, never) for _ in range(8)))
    assert answers == [ROUNDS] * 8


async def test_spinners_that_never_end_hand_the_workers_to_others(load: Load) -> None:
    guest = load()
    endless = [asyncio.create_task(guest.call(b"l", b"", never)) for _ in range(6)]
    await asyncio.sleep(0.05)
    try:
        async with asyncio.timeout(20):
            assert await asyncio.gather(*(guest.call(b"P", ROUNDS, never) for _ in range(2))) == [ROUNDS] * 2
    finally:
        for task in endless:
            task.cancel()
        await asyncio.gather(*endless, return_exceptions=True)


async def test_an_idle_instance_answers_in_its_first_slice(engine: Engine, load: Load) -> None:
    """Its epoch deadline has long passed; without a new one it would yield at once."""
    guest = load()
    idle = await guest._make(never, None)
    before = engine._host.runtime.ticks
    await guest.call(b"p", (60).to_bytes(4, "little"), never)  # keeps the ticker awake
    assert engine._host.runtime.ticks - before > 5
    assert idle.call(b"e", b"x") == b"x"
    idle.close()


async def test_a_host_call_from_a_worker_is_answered_on_the_loop(load: Load) -> None:
    function = load(
        build("""(call $spin (i32.const 50000000)) (drop (call $ask_and_read (local.get $n)))
          (call $spin (i32.const 50000000)) (call $response (i32.const 1024) (call $response_len)) (return (i32.const 1))""")
    )
    threads = []

    async def handler(*call: bytes) -> bytes:
        threads.append(threading.current_thread())
        return await reverse_later(*call)

    payload = bytes(range(256)) * 1000
    assert await function.call(b"x", payload, handler) == payload[::-1]
    assert threads == [threading.main_thread()]


POINTS: dict[str, tuple[bytes, object]] = {
    "before it began": (b"e", never),
    "in a handler": (b"h", "hang"),
    "on a worker": (b"l", never),
    "in a flood": (b"F", reverse),
    "asleep": (b"p", never),
}


@pytest.mark.parametrize("point", list(POINTS))
@pytest.mark.parametrize("warm", [False, True])
async def test_a_cancelled_call_leaves_nothing(engine: Engine, load: Load, point: str, warm: bool) -> None:
    operation, handler = POINTS[point]
    cancelled: list[bool] = []

    async def hang(*_: bytes) -> bytes:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        return b""

    guest = load(pool_size=1)
    if warm:
        await guest.call(b"e", b"", never)
    host_call = hang if handler == "hang" else handler
    call = guest.call(operation, b"\0\1\0\0", host_call)  # type: ignore[arg-type]
    task = asyncio.create_task(call)
    if point != "before it began":
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled == ([True] if handler == "hang" else [])
    await comes_true(lambda: engine._host.runtime.live == 0)
    assert await guest.call(b"e", b"next", never) == b"next"
    assert guest.stats().instances == 1


async def comes_true(condition: Callable[[], bool]) -> None:
    """A worker frees what it polls at its next tick."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - another thread makes it true
            await asyncio.sleep(0.002)


async def test_cancelled_in_the_queue_of_the_workers(engine: Engine, load: Load) -> None:
    guest = load()
    tasks = [asyncio.create_task(guest.call(b"l", b"", never)) for _ in range(10)]
    await asyncio.sleep(0.1)
    assert engine._host.runtime.waiting > 0
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(result) for result in results} == {asyncio.CancelledError}
    await comes_true(lambda: engine._host.runtime.live == 0 and engine._host.runtime.waiting == 0)
    assert guest.stats().instances == 0


async def test_cancelled_in_a_start_function(load: Load) -> None:
    for body in ("(loop $ever (br $ever))", "(call $sleep (i64.const 5000000000))"):
        guest = load(starting(body))
        task = asyncio.create_task(guest.call(b"e", b"", never))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert guest.stats().instances == 0


async def one_of_many(guest: Guest, chance: random.Random) -> None:
    payload = bytes([chance.randrange(256)]) * chance.choice([0, 5, 70_000])
    outcomes = {b"e": payload, b"h": payload[::-1], b"y": payload[::-1], b"l": None, b"u": None, b"x": None, b"g": None}
    operation = chance.choice(list(outcomes))
    after_s = chance.choice([0, 0.002, 0.02] if operation == b"l" else [0, 0.002, 0.02, 10])
    deadline_s = asyncio.get_running_loop().time() + after_s
    host_call: HostCall = reverse if chance.random() < 0.5 else reverse_later
    answer = await guest.call(operation, payload, host_call, deadline_s=deadline_s)
    assert answer == outcomes[operation]


@given(st.integers(0, 2**32), st.integers(1, 5), st.sampled_from(["reused", "fresh"]))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_mix_of_calls_cancels_and_deadlines_gives_right_answers_only(
    engine: Engine, seed: int, size: int, isolation: str
) -> None:
    chance = random.Random(seed)

    async def main() -> None:
        limits = GuestLimits(pool_size=size, queue_length=30, isolation=isolation)  # type: ignore[arg-type]
        guest = engine.load("zoo", zoo(), limits)
        tasks = []
        for _ in range(40):
            tasks.append(asyncio.create_task(one_of_many(guest, chance)))
            if chance.random() < 0.3:
                await asyncio.sleep(chance.choice([0, 0.001]))
            if chance.random() < 0.3:
                chance.choice(tasks).cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(result) for result in results} <= {type(None), GuestError, asyncio.CancelledError}, results
        assert guest.stats().waiting == 0
        assert guest.stats().instances == guest.stats().idle <= size
        assert await asyncio.gather(*(guest.call(b"h", b"abc", reverse_later) for _ in range(size))) == [b"cba"] * size
        await guest.close()
        await comes_true(lambda: engine._host.runtime.live == 0)

    asyncio.run(main())


@pytest.mark.parametrize("clock", [0, 1])
async def test_a_guest_sleeps_until_a_time_of_either_clock(load: Load, clock: int) -> None:
    function = load(
        build(
            f"""(drop (call $clock (i32.const {clock}) (i64.const 0) (i32.const 904)))
            (i32.store (i32.const 720) (i32.const {clock}))
            (i64.store (i32.const 728) (i64.add (i64.load (i32.const 904)) (i64.const 150000000)))
            (i32.store16 (i32.const 744) (i32.const 1))
            (if (call $poll (i32.const 704) (i32.const 768) (i32.const 1) (i32.const 800)) (then unreachable))
            (return (i32.const 1))"""
        )
    )
    for _ in range(2):
        began = time.perf_counter()
        await function.call(b"x", b"", never)
        assert 0.149 < time.perf_counter() - began < 10


async def test_a_linker_outlives_the_store_that_may_still_borrow_it(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    guest = load()
    api = guest._program.host.api
    adopt, close, delete = Instance._adopt, Instance.close, api.linker_delete

    async def interrupted(self: Instance, run: object, future: int) -> None:
        await adopt(self, run, future)  # type: ignore[arg-type]
        order.append("adopted")
        if len(order) == 2:
            raise InterruptedError

    def closed(instance: Instance) -> None:
        order.append("store")
        close(instance)

    def deleted(linker: int) -> None:
        order.append("linker")
        delete(linker)

    monkeypatch.setattr(Instance, "_adopt", interrupted)
    monkeypatch.setattr(Instance, "close", closed)
    monkeypatch.setattr(api, "linker_delete", deleted)
    with contextlib.suppress(InterruptedError):
        await guest.call(b"e", b"", never)
    gc.collect()
    assert order == ["adopted", "adopted", "store", "linker"]
    assert await guest.call(b"e", b"x", never) == b"x"
    assert order[4:] == ["adopted", "adopted", "linker", "adopted", "linker"]


async def test_a_thousand_calls_wait_at_the_same_time_on_one_thread(load: Load) -> None:
    async def wait(*_: bytes) -> bytes:
        await asyncio.sleep(0.02)
        return b"answer"

    guest = load(pool_size=1000)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        assert await asyncio.gather(*(guest.call(b"h", b"", wait) for _ in range(1000))) == [b"answer"] * 1000
        took.append(time.perf_counter() - began)
    assert min(took) < 0.12


async def test_nested_calls_through_host_calls(load: Load) -> None:
    guest = load(pool_size=30)
    depth = 0

    async def deeper(_b: bytes, _n: bytes, _o: bytes, payload: bytes) -> bytes:
        nonlocal depth
        depth += 1
        if depth == 25:
            return payload + b"!"
        return await asyncio.create_task(guest.call(b"h", payload, deeper))

    assert await guest.call(b"h", b"deep", deeper) == b"deep!"
    assert guest.stats().instances == 25

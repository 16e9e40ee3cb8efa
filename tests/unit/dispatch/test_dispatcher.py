"""Calls of functions: outcomes, deadlines, nesting, stopping."""

import asyncio

import pytest

from tarmac_core.plugin import Call, CallFinished, HostCallError, InvocationError
from tarmac_core.wapc import GuestLimits
from tests.unit.dispatch.conftest import Bench, raw
from tests.unit.dispatch.guests import ECHO, SAYS_NO, SPINS, TRAPS, host_call


async def failure(bench: Bench, name: str, payload: bytes = b"", **context: object) -> InvocationError:
    with pytest.raises(InvocationError) as caught:
        await bench.invoke(name, payload, **context)
    return caught.value


@pytest.mark.parametrize("payload", [b"", b"x", b"Tarmac Example" * 100])
async def test_a_call_gives_the_guests_bytes(bench: Bench, payload: bytes) -> None:
    bench.load("echo", ECHO)
    assert await bench.invoke("echo", payload) == payload


async def test_an_unknown_function_is_told_in_the_originals_words(bench: Bench) -> None:
    error = await failure(bench, "nobody")
    assert (error.kind, error.message) == ("not_found", "unable to load wasi environment - module not found")


async def test_a_guests_own_error_reaches_the_client(bench: Bench) -> None:
    bench.load("f", SAYS_NO)
    error = await failure(bench, "f")
    assert (error.kind, error.message) == ("guest", "failed to execute wasm module - out of coffee")


async def test_a_traps_details_stay_in_the_log(bench: Bench) -> None:
    bench.load("f", TRAPS)
    error = await failure(bench, "f", request_id="r-1")
    assert (error.kind, error.message) == ("abnormal", "failed to execute wasm module - the function ended abnormally")
    line = bench.logged[-1]
    assert (line["level"], line["msg"], line["reason"]) == ("ERROR", "Function ended abnormally", "trap")
    assert (line["function"], line["request_id"]) == ("f", "r-1")
    assert "unreachable" in line["error"] + line["detail"]


async def test_the_functions_own_time_limit_holds_for_every_origin(bench: Bench) -> None:
    bench.load("f", SPINS, timeout_s=0.05, http_timeout_s=0.05)
    for origin in ("http", "init"):
        assert (await failure(bench, "f", origin=origin)).kind == "timeout"


async def test_the_limit_for_http_does_not_hold_elsewhere(bench: Bench) -> None:
    seen: list[float | None] = []

    def look(call: Call, payload: bytes) -> bytes:
        seen.append(call.deadline_s)
        return b""

    bench.offer("x", {"y": raw(look)})
    bench.load("f", http_timeout_s=60.0)
    await bench.host_call("f", "tarmac", "x", "y", origin="init")
    await bench.host_call("f", "tarmac", "x", "y", origin="http")
    assert seen[0] is None
    assert seen[1] == pytest.approx(asyncio.get_running_loop().time() + 60, abs=5)


async def test_the_earlier_of_two_deadlines_counts(bench: Bench) -> None:
    bench.load("f", SPINS, timeout_s=60.0)
    began_s = asyncio.get_running_loop().time()
    assert (await failure(bench, "f", deadline_s=began_s + 0.05)).kind == "timeout"
    assert asyncio.get_running_loop().time() - began_s < 5


async def test_a_full_queue_is_busy(bench: Bench) -> None:
    gate = asyncio.Event()

    async def wait(call: Call, payload: bytes) -> bytes:
        await gate.wait()
        return b""

    bench.offer("x", {"y": raw(wait)})
    bench.load("f", limits=GuestLimits(pool_size=1, queue_length=0))
    running = asyncio.create_task(bench.host_call("f", "tarmac", "x", "y"))
    await asyncio.sleep(0.01)
    assert (await failure(bench, "f", host_call("tarmac", "x", "y"))).kind == "busy"
    gate.set()
    assert (await running)[0]


async def test_a_stopped_dispatcher_refuses_and_lets_running_calls_finish(bench: Bench) -> None:
    gate = asyncio.Event()

    async def wait(call: Call, payload: bytes) -> bytes:
        await gate.wait()
        return b""

    bench.offer("x", {"y": raw(wait)})
    bench.load("f")
    running = asyncio.create_task(bench.host_call("f", "tarmac", "x", "y"))
    await asyncio.sleep(0.01)
    bench.dispatcher.stop()
    assert (await failure(bench, "f")).kind == "stopping"
    gate.set()
    assert (await running)[0]


async def test_a_request_over_the_limit_is_too_large(bench: Bench) -> None:
    bench.load("echo", ECHO)
    bench.dispatcher.max_request_bytes = 10
    assert (await failure(bench, "echo", b"x" * 11)).kind == "too_large"
    assert await bench.invoke("echo", b"x" * 10) == b"x" * 10


def offer_calls(bench: Bench, **more: float) -> None:
    """A capability `function` as the plugin's: it calls the function that the payload names, and that one again."""

    async def call(call: Call, payload: bytes) -> bytes:
        name, _, rest = payload.partition(b"\n")
        inner = host_call("tarmac", "function", "call", rest) if rest else b""
        try:
            return await bench.dispatcher.call(name.decode(), inner, origin="function", parent=call, **more)
        except InvocationError as error:
            raise HostCallError(500, error.message) from error

    bench.offer("function", {"call": raw(call)})


async def test_functions_call_functions_up_to_the_depth_limit(bench: Bench) -> None:
    offer_calls(bench)
    bench.load("f", limits=GuestLimits(pool_size=30))
    bench.load("echo", ECHO)
    chain = b"\n".join([b"f"] * 15 + [b"echo"])
    answer = await bench.invoke("f", host_call("tarmac", "function", "call", chain))
    assert answer[:4] == b"\1\0\0\0"
    too_deep = b"\n".join([b"f"] * 16 + [b"echo"])
    answer = await bench.invoke("f", host_call("tarmac", "function", "call", too_deep))
    assert b"calls are nested deeper than 16" in answer


async def test_nesting_past_the_limit_is_an_error_of_its_own(bench: Bench) -> None:
    kinds: list[str] = []

    async def again(call: Call, payload: bytes) -> bytes:
        try:
            return await bench.dispatcher.call("f", host_call("tarmac", "x", "y"), origin="function", parent=call)
        except InvocationError as error:
            kinds.append(error.kind)
            raise HostCallError(500, error.message) from error

    bench.offer("x", {"y": raw(again)})
    bench.load("f", limits=GuestLimits(pool_size=30))
    await bench.host_call("f", "tarmac", "x", "y")
    assert kinds == ["depth"]


async def test_a_function_that_would_wait_for_its_own_instance_is_told_at_once(bench: Bench) -> None:
    offer_calls(bench)
    bench.load("f", limits=GuestLimits(pool_size=2), pool_size=2)
    fits = host_call("tarmac", "function", "call", b"f\nnobody")
    assert b"module not found" in await bench.invoke("f", fits)
    answer = await bench.invoke("f", host_call("tarmac", "function", "call", b"f\nf\nnobody"))
    assert b"f calls itself more often than its pool_size allows" in answer


async def test_a_nested_call_inherits_request_id_and_remaining_time(bench: Bench) -> None:
    seen: list[tuple[str, str, float | None]] = []

    async def call(call: Call, payload: bytes) -> bytes:
        return await bench.dispatcher.call(
            "inner", host_call("tarmac", "x", "look"), origin="function", parent=call, timeout_s=100
        )

    def look(call: Call, payload: bytes) -> bytes:
        seen.append((call.function, call.request_id, call.deadline_s))
        return b""

    bench.offer("x", {"call": raw(call), "look": raw(look)})
    bench.load("outer")
    bench.load("inner")
    deadline_s = asyncio.get_running_loop().time() + 30
    await bench.host_call("outer", "tarmac", "x", "call", request_id="r-9", deadline_s=deadline_s)
    assert seen == [("inner", "r-9", deadline_s)]


async def test_each_nested_call_runs_in_a_task_of_its_own(bench: Bench) -> None:
    tasks: list[object] = []

    async def call(call: Call, payload: bytes) -> bytes:
        tasks.append(asyncio.current_task())
        return await bench.dispatcher.call("inner", host_call("tarmac", "x", "look"), origin="function", parent=call)

    def look(call: Call, payload: bytes) -> bytes:
        tasks.append(asyncio.current_task())
        return b""

    bench.offer("x", {"call": raw(call), "look": raw(look)})
    bench.load("outer")
    bench.load("inner")
    await bench.host_call("outer", "tarmac", "x", "call")
    assert tasks[0] is asyncio.current_task()
    assert tasks[1] is not tasks[0]


async def test_cancelling_a_call_cancels_the_whole_chain(bench: Bench) -> None:
    ended = asyncio.Event()

    async def wait(call: Call, payload: bytes) -> bytes:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return b""

    async def call(call: Call, payload: bytes) -> bytes:
        return await bench.dispatcher.call("inner", host_call("tarmac", "x", "wait"), origin="function", parent=call)

    bench.offer("x", {"wait": raw(wait), "call": raw(call)})
    bench.load("outer")
    bench.load("inner")
    running = asyncio.create_task(bench.host_call("outer", "tarmac", "x", "call"))
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.wait_for(ended.wait(), 1)


async def test_two_dispatchers_share_nothing(engine: object, bench: Bench) -> None:
    other = Bench(bench.engine)
    bench.load("f", ECHO)
    assert await bench.invoke("f", b"x") == b"x"
    assert (await failure(other, "f")).kind == "not_found"


async def test_a_cancelled_call_is_told_as_such(bench: Bench) -> None:
    from tarmac_core.plugin import Observer  # noqa: PLC0415 - only here

    outcomes: list[str] = []

    class Listener(Observer):
        def call_finished(self, event: CallFinished) -> None:
            outcomes.append(event.outcome)

    bench.observers.add("listener", Listener())
    bench.load("f", SPINS)
    running = asyncio.create_task(bench.invoke("f"))
    await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert outcomes == ["cancelled"]

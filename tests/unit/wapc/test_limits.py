"""Every limit ends the one call that breaks it, with its own words, and the next call is served."""

import asyncio
import time

import pytest

from tarmac_core.wapc import Engine, EngineSettings, Guest, GuestError, GuestLimits, HostReply
from tarmac_core.wapc.failure import too_large
from tarmac_core.wapc.host import check_stacks
from tarmac_core.wapc.live import Live, max_mappings
from tests.unit.wapc.conftest import MIB, Load, never, reverse
from tests.unit.wapc.guests import guest as build
from tests.unit.wapc.guests import starting, zoo

SMALL = EngineSettings(max_request_bytes=1000, max_response_bytes=2000, max_host_call_bytes=3000)


def now() -> float:
    return asyncio.get_running_loop().time()


async def fails(
    guest: Guest, operation: bytes, payload: bytes = b"", handler: object = never, **more: float
) -> GuestError:
    """The call's error; afterwards the function works."""
    with pytest.raises(GuestError) as caught:
        await guest.call(operation, payload, handler, **more)  # type: ignore[arg-type]
    assert await guest.call(b"e", b"still here", never) == b"still here"
    return caught.value


# How soon a limit takes hold is a benchmark's figure; here it must only come to the guest at all, long before it ends.
A_BUSY_MACHINE_S = 10


def size(n: int) -> bytes:
    return n.to_bytes(4, "little")


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("operation", [b"l", b"F", b"L", b"S", b"p"])
async def test_the_deadline_ends_whatever_a_guest_does(load: Load, operation: bytes, warm: bool) -> None:
    guest = load()

    if warm:
        await guest.call(b"e", b"", never)
    began = now()
    with pytest.raises(GuestError) as caught:
        await guest.call(operation, size(20_000), reverse, deadline_s=began + 0.1)
    assert caught.value.kind == "timeout"
    assert 0.1 <= now() - began < A_BUSY_MACHINE_S
    assert guest.stats().instances == 0
    assert await guest.call(b"e", b"still here", never) == b"still here"


async def test_the_deadline_ends_a_handler_that_waits_and_cancels_it(load: Load) -> None:
    cancelled = asyncio.Event()

    async def hang(*_: bytes) -> bytes:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return b""

    guest = load()
    for _ in range(2):
        cancelled.clear()
        error = await fails(guest, b"h", b"", hang, deadline_s=now() + 0.03)
        assert error.kind == "timeout"
        assert cancelled.is_set()


async def test_a_handler_that_swallows_its_cancellation_gains_nothing(load: Load) -> None:
    async def stubborn(*_: bytes) -> bytes:
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            asyncio.current_task().uncancel()  # type: ignore[union-attr]
        return b""

    assert (await fails(load(), b"F", b"", stubborn, deadline_s=now() + 0.02)).kind == "timeout"


async def test_a_handlers_own_timeout_error_is_not_the_calls_deadline(load: Load) -> None:
    async def late(*_: bytes) -> bytes:
        raise TimeoutError("store")

    with pytest.raises(TimeoutError, match="store"):
        await load().call(b"h", b"", late, deadline_s=now() + 5)


async def test_waiting_for_an_instance_ends_at_the_deadline(load: Load) -> None:
    guest = load(pool_size=1)
    slow = asyncio.create_task(guest.call(b"p", size(150), never))
    await asyncio.sleep(0.01)
    with pytest.raises(GuestError) as caught:
        await guest.call(b"e", b"", never, deadline_s=now() + 0.03)
    assert caught.value.kind == "timeout"
    assert guest.stats().waiting == 0
    assert await slow == size(150)


@pytest.mark.parametrize(
    "body",
    [
        "(loop $ever (br $ever))",
        "(call $sleep (i64.const 5000000000))",
        "(loop $ever (drop (call $ask (i32.const 0) (i32.const 4))) (br $ever))",
    ],
)
async def test_the_deadline_holds_in_start_functions(load: Load, body: str) -> None:
    guest = load(starting(body))

    began = now()
    with pytest.raises(GuestError) as caught:
        await guest.call(b"e", b"", reverse, deadline_s=began + 0.08)
    assert caught.value.kind == "timeout"
    assert guest.stats().instances == 0
    assert 0.08 <= now() - began < A_BUSY_MACHINE_S


async def test_the_cpu_limit_ends_a_guest(load: Load) -> None:
    guest = load(cpu_ms=100)
    began = time.perf_counter()
    error = await fails(guest, b"l")
    assert (error.kind, error.message) == ("cpu", "CPU time limit of 100 ms reached (cpu_ms)")
    assert 0.09 < time.perf_counter() - began < A_BUSY_MACHINE_S


async def test_the_cpu_limit_ends_a_flood_of_host_calls(load: Load) -> None:
    assert (await fails(load(cpu_ms=20), b"F", b"", reverse)).kind == "cpu"


async def test_the_cpu_limit_counts_each_call_alone_and_no_waiting(load: Load) -> None:
    guest = load(cpu_ms=20, pool_size=1)
    for _ in range(3):
        await guest.call(b"p", size(30), never)
        await guest.call(b"P", size(2_000_000), never)
    assert guest.stats().instances == 1


async def test_the_cpu_limit_holds_in_start_functions(load: Load) -> None:
    guest = load(starting("(loop $ever (br $ever))"), cpu_ms=30)
    with pytest.raises(GuestError, match="CPU time limit of 30 ms"):
        await guest.call(b"e", b"", never)


@pytest.mark.parametrize("operation", [b"m", b"M"])
async def test_a_memory_eater_is_told_about_its_memory(load: Load, operation: bytes) -> None:
    error = await fails(load(memory_bytes=8 * MIB), operation)
    assert error.kind == "memory"
    assert error.message.endswith(f"with {7471104} of {8 * MIB} bytes of memory in use (memory_bytes)")


async def test_a_memory_eater_in_a_start_function_is_told_too(load: Load) -> None:
    with pytest.raises(GuestError) as caught:
        await load(starting("(call $eat) unreachable"), memory_bytes=8 * MIB).call(b"e", b"", never)
    assert caught.value.kind == "init"
    assert "bytes of memory in use (memory_bytes)" in caught.value.message


async def test_each_guest_has_its_own_memory_limit(load: Load) -> None:
    small, large = load(memory_bytes=2 * MIB), load(memory_bytes=32 * MIB)
    assert (await fails(small, b"R", size(3 * MIB))).kind in ("trap", "memory")
    assert len(await large.call(b"R", size(30 * MIB), never)) == 30 * MIB


@pytest.mark.parametrize(
    ("operation", "payload", "text"),
    [
        (b"e", bytes(1001), "request of 1001 bytes is larger than 1000 bytes (max_request_bytes)"),
        (b"e" * 65537, b"", "operation of 65537 bytes is longer than 65536 bytes"),
        (b"R", size(2001), "answer or error text is larger than 2000 bytes (max_response_bytes)"),
        (b"Q", size(2001), "answer or error text is larger than 2000 bytes (max_response_bytes)"),
        (b"R", size(0xFFFFFFFF), None),
        (b"H", size(3001), "host call's payload is larger than 3000 bytes (max_host_call_bytes)"),
        (b"N", size(65537), "names of a host call are longer than 65536 bytes"),
    ],
)
async def test_each_size_limit_has_its_own_words(operation: bytes, payload: bytes, text: str | None) -> None:
    with Engine(SMALL) as engine:
        guest = engine.load("zoo", zoo(), GuestLimits())
        error = await fails(guest, operation, payload)
        assert error.kind == ("limit" if text else "trap")
        if text:
            assert error.message == text
        await guest.close()


async def test_exactly_the_limit_passes() -> None:
    with Engine(SMALL) as engine:
        guest = engine.load("zoo", zoo(), GuestLimits())
        assert await guest.call(b"e", bytes(1000), never) == bytes(1000)
        assert len(await guest.call(b"R", size(2000), never)) == 2000
        asked: list[int] = []

        def handler(*call: bytes) -> bytes:
            asked.append(len(call[3]))
            return b"x" * 3000

        await guest.call(b"H", size(3000), handler)
        await guest.call(b"N", size(65520), lambda *_: b"")
        assert asked == [3000]
        await guest.close()


async def test_a_host_answer_that_is_too_large_becomes_an_error_for_the_guest() -> None:
    with Engine(SMALL) as engine:
        guest = engine.load("zoo", zoo(), GuestLimits())
        for handler in (lambda *_: bytes(3001), lambda *_: HostReply(True, bytes(3001), "x" * 70000)):
            answer = await guest.call(b"f", b"", handler)
            assert answer[0] == 0
            assert answer[2:] == b"host answer of 3001 bytes is larger than 3000 bytes"
        await guest.close()


@pytest.mark.parametrize(("text", "length"), [("x" * 70_000, 65536), ("\u20ac" * 30_000, 65535)])
async def test_a_host_error_text_that_is_too_long_is_cut_between_two_characters(
    load: Load, text: str, length: int
) -> None:
    answer = await load().call(b"f", b"", lambda *_: HostReply(True, b"payload", text))
    assert (answer[0], answer[-7:]) == (1, b"payload")
    assert answer[2:-7] == text.encode()[:length]


def test_a_request_that_only_lacks_memory_does_not_blame_its_limit() -> None:
    settings = EngineSettings(max_request_bytes=1000)
    assert "finds no memory" in too_large(b"e", bytes(1000), settings).message
    assert "max_request_bytes" in too_large(b"e", bytes(1001), settings).message


async def test_more_answers_than_fit_are_refused() -> None:
    longer_and_longer = """(loop $ever
      (call $response (i32.const 0) (local.get $n))
      (local.set $n (i32.add (local.get $n) (i32.const 999)))
      (call $error (i32.const 0) (local.get $n))
      (br $ever))"""
    limits = EngineSettings(max_request_bytes=MIB, max_response_bytes=MIB, max_host_call_bytes=MIB)
    with Engine(limits) as engine:
        guest = engine.load("greedy", build(longer_and_longer), GuestLimits())
        with pytest.raises(GuestError, match="together are too large") as caught:
            await guest.call(b"x", bytes(1000), never)
        assert caught.value.kind == "limit"
        await guest.close()


async def test_a_full_queue_is_told_at_once(load: Load) -> None:
    guest = load(pool_size=1, queue_length=2)
    tasks = [asyncio.create_task(guest.call(b"p", size(30), never)) for _ in range(3)]
    await asyncio.sleep(0.005)
    with pytest.raises(GuestError, match="1 instances are busy and 2 calls wait") as caught:
        await guest.call(b"e", b"", never)
    assert caught.value.kind == "queue_full"
    assert await asyncio.gather(*tasks) == [size(30)] * 3


async def test_more_instances_than_the_machine_maps_are_refused(engine: Engine, load: Load) -> None:
    engine._host.live.most = 2
    guest = load()
    results = await asyncio.gather(*(guest.call(b"p", size(20), never) for _ in range(3)), return_exceptions=True)
    errors = [error for error in results if isinstance(error, GuestError)]
    assert [error.kind for error in errors] == ["limit"]
    assert "vm.max_map_count" in errors[0].message
    assert guest.stats().instances == 2


def test_the_number_of_instances_follows_the_machines_limit() -> None:
    assert Live(65530).most == 7941
    assert Live(10).most == 1
    assert max_mappings() > 0


def test_a_fiber_that_is_too_small_for_recursion_is_refused() -> None:
    check_stacks(512 << 10, 768 << 10)
    with pytest.raises(Exception, match="too small"):
        check_stacks(512 << 10, 767 << 10)
